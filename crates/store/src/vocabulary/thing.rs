//! What is counted: a subject, of all spans or of those without a parent.

use query::{Intrinsic, Scope, Subject};
use segment::{Rows, Scan, SegmentError, SpanSegment};

use super::{keys::Keys, part::PartId, values::Values};
use crate::search::{noted, visit_scans};

/// What values are of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Thing {
    subject: Subject,
    of_roots: bool,
}

impl Thing {
    /// What is meant by a subject; what is asked of the root is counted of spans without a parent.
    pub(super) fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Intrinsic(Intrinsic::RootService) => Self::of_roots(Subject::Intrinsic(Intrinsic::Service)),
            Subject::Intrinsic(Intrinsic::RootName) => Self::of_roots(Subject::Intrinsic(Intrinsic::Name)),
            Subject::Attribute { scope: Scope::Root, keys } => {
                Self::of_roots(Subject::Attribute { scope: Scope::Span, keys: keys.clone() })
            }
            subject => Self { subject: subject.clone(), of_roots: false },
        }
    }

    fn of_roots(subject: Subject) -> Self {
        Self { subject, of_roots: true }
    }

    /// Whether a part may have something of it.
    pub(super) fn may_be_in(&self, part: PartId, keys: &Keys) -> bool {
        match &self.subject {
            Subject::Attribute { scope, keys: wanted } => keys.may_carry(part, super::bearer(*scope), wanted),
            _ => true,
        }
    }

    /// The numbers of the blobs that are read to count it, and that a segment has not been given.
    pub(super) fn blobs(&self, spans: &SpanSegment) -> Vec<u16> {
        let mut numbers = Vec::new();
        let mut add = |scan: &Scan<'_>| numbers.extend(spans.blobs_of_scan(scan));
        visit_scans(&self.subject, &mut add);
        if self.of_roots {
            add(&Scan::Parents);
        }
        numbers
    }

    /// Counts what spans have of it.
    pub(super) fn count(&self, spans: &SpanSegment, values: &mut Values, is_fresh: bool) -> Result<(), SegmentError> {
        let rows = if self.of_roots { spans.rows_without_parent()? } else { Rows::all(spans.len()) };
        let noted = noted(&self.subject, spans, &rows, values)?;
        values.add(&noted, is_fresh);
        Ok(())
    }
}
