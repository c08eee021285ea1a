//! The texts that found spans have, read from columns.

use std::ops::Range;

use formats::raw::RawValue;
use hashbrown::HashMap;
use model::{KeyValue, Resource, StatusCode, UNKNOWN_SERVICE, Value};
use query::{Intrinsic, Scope, Subject};
use segment::{Holder, Rows, Scan, SegmentError, SpanSegment};

use super::{Noted, Texts, leaf, texts::Numbers};

/// Visits the scans that a subject reads.
pub(crate) fn visit_scans(subject: &Subject, visit: &mut impl FnMut(&Scan<'_>)) {
    // Of anything anywhere nothing is noted.
    if *subject != Subject::Anywhere {
        leaf::visit_scans_of(subject, visit);
    }
}

/// Whether it is something that a span has for being the root.
pub(super) fn is_of_root(subject: &Subject) -> bool {
    matches!(subject, Subject::Attribute { scope: Scope::Root, .. })
}

/// What rows of a segment have, by subject and row.
pub(super) struct Noting(Vec<OfSubject>);

struct OfSubject {
    is_of_root: bool,
    noted: Vec<(u32, u32)>,
}

impl Noting {
    /// Of the rows that are found, and of those of roots whether they are found or not.
    pub(super) fn new(
        subjects: &[Subject],
        spans: &SpanSegment,
        (found, roots): (&Rows, Option<&Rows>),
        texts: &mut Texts,
    ) -> Result<Self, SegmentError> {
        let all = subjects.iter().zip(texts.of_subjects()).map(|(subject, of)| {
            let is_of_root = is_of_root(subject);
            let noted = match roots {
                _ if of.is_over() => Vec::new(),
                Some(roots) if is_of_root => noted(subject, spans, roots, of)?,
                _ => noted(subject, spans, found, of)?,
            };
            Ok(OfSubject { is_of_root, noted })
        });
        Ok(Self(all.collect::<Result<_, SegmentError>>()?))
    }

    /// What those of a run of rows have, each once; where none of these is found, only what is of the root.
    pub(super) fn of(&self, rows: &Range<usize>, is_found: bool) -> Vec<Noted> {
        let mut noted = Vec::new();
        for (subject, OfSubject { noted: all, .. }) in (0..).zip(&self.0).filter(|(_, of)| is_found || of.is_of_root) {
            let before = |row: usize| all.partition_point(|(other, _)| (*other as usize) < row);
            let of_rows = all.get(before(rows.start)..before(rows.end)).unwrap_or_default();
            noted.extend(of_rows.iter().map(|(_, text)| (subject, *text)));
        }
        noted.sort_unstable();
        noted.dedup();
        noted
    }
}

/// Those of these rows that have something of a subject, with the numbers of its texts; sorted, each once.
pub(crate) fn noted(
    subject: &Subject,
    spans: &SpanSegment,
    found: &Rows,
    of: &mut impl Numbers,
) -> Result<Vec<(u32, u32)>, SegmentError> {
    let mut known = Known { of, numbers: HashMap::new(), last: None, noted: Vec::new() };
    note(subject, spans, found, &mut known)?;
    let mut noted = known.noted;
    noted.sort_unstable();
    noted.dedup();
    Ok(noted)
}

/// The numbers of texts of one segment, which lie where they lie.
struct Known<'t, N> {
    of: &'t mut N,
    numbers: HashMap<(usize, usize), Option<u32>>,
    /// The one that was asked for last.
    last: Option<((usize, usize), Option<u32>)>,
    noted: Vec<(u32, u32)>,
}

impl<N: Numbers> Known<'_, N> {
    /// A text as it came, in the columns.
    fn note_bytes(&mut self, row: usize, text: &[u8]) {
        let Self { of, numbers, last, noted } = self;
        let place = (text.as_ptr() as usize, text.len());
        let number = match *last {
            Some((known, number)) if known == place => number,
            _ => *numbers.entry(place).or_insert_with(|| match std::str::from_utf8(text) {
                Ok(text) => of.number(text),
                Err(_) => of.number(&formats::decode_text(text)),
            }),
        };
        *last = Some((place, number));
        noted.extend(number.map(|number| (row as u32, number)));
    }

    /// A text that is always there.
    fn note_text(&mut self, row: usize, text: &'static str) {
        self.note_bytes(row, text.as_bytes());
    }

    /// A text that is gone afterwards.
    fn note_shown(&mut self, row: usize, text: &str) {
        let number = self.of.number(text);
        self.noted.extend(number.map(|number| (row as u32, number)));
    }

    fn note_value(&mut self, row: usize, value: RawValue<'_>) -> Result<(), SegmentError> {
        let value = match value {
            RawValue::String(text) => {
                self.note_bytes(row, text);
                return Ok(());
            }
            RawValue::Bool(bool) => Value::Bool(bool),
            RawValue::Int(int) => Value::Int(int),
            RawValue::Double(double) => Value::Double(double),
            RawValue::Other(message) => formats::decode_value(&message)?,
            RawValue::Empty | RawValue::Bytes(_) => return Ok(()),
        };
        query::shown(&value, &mut |text| self.note_shown(row, text));
        Ok(())
    }

    /// Numbers of the texts that attributes have under these keys.
    fn numbers_of(&mut self, attributes: Option<&[KeyValue]>, keys: &[&str]) -> Vec<u32> {
        let mut numbers = Vec::new();
        for attribute in attributes.unwrap_or_default().iter().filter(|one| keys.contains(&one.key.as_str())) {
            query::shown(&attribute.value, &mut |text| numbers.extend(self.of.number(text)));
        }
        numbers
    }
}

fn note<N: Numbers>(
    subject: &Subject,
    spans: &SpanSegment,
    found: &Rows,
    known: &mut Known<'_, N>,
) -> Result<(), SegmentError> {
    match subject {
        Subject::Intrinsic(Intrinsic::Service) => {
            let service =
                |resource: Option<&Resource>| resource.map_or(UNKNOWN_SERVICE, Resource::service_name).to_owned();
            let services = spans.resources()?;
            let numbers: Vec<_> = services.iter().map(|one| known.of.number(&service(one.resource.as_ref()))).collect();
            spans.visit_origins(found, |row, resource, _| {
                let number = numbers.get(resource as usize).copied().flatten();
                known.noted.extend(number.map(|number| (row as u32, number)));
            })?;
        }
        Subject::Intrinsic(intrinsic @ (Intrinsic::ScopeName | Intrinsic::ScopeVersion)) => {
            let text = |scope: &model::Scope| match intrinsic {
                Intrinsic::ScopeName => scope.name.clone(),
                _ => scope.version.clone(),
            };
            let scopes = spans.scopes()?;
            let texts = scopes.iter().map(|one| one.scope.as_ref().map(text).filter(|text| !text.is_empty()));
            let numbers: Vec<_> = texts.map(|text| known.of.number(&text?)).collect();
            spans.visit_origins(found, |row, _, scope| {
                let number = numbers.get(scope as usize).copied().flatten();
                known.noted.extend(number.map(|number| (row as u32, number)));
            })?;
        }
        Subject::Intrinsic(Intrinsic::Name) => spans.visit_names(found, |row, name| known.note_bytes(row, name))?,
        Subject::Intrinsic(Intrinsic::EventName) => spans.visit_event_names(found, |row, name| {
            if !name.is_empty() {
                known.note_bytes(row, name);
            }
        })?,
        Subject::Intrinsic(Intrinsic::Kind) => {
            spans.visit_kinds(found, |row, kind| known.note_text(row, kind.name()))?;
        }
        Subject::Intrinsic(Intrinsic::Status) => {
            spans.visit_status(found, |row, status| known.note_text(row, status.name()))?;
        }
        Subject::Intrinsic(Intrinsic::Error) => spans.visit_status(found, |row, status| {
            known.note_text(row, if status == StatusCode::ERROR { "true" } else { "false" });
        })?,
        Subject::Intrinsic(_) | Subject::Anywhere => {}
        Subject::Attribute { scope, keys } => {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let holder = match scope {
                Scope::Any | Scope::Span | Scope::Root => Some(Holder::Span),
                Scope::Event => Some(Holder::Event),
                Scope::Link => Some(Holder::Link),
                Scope::Resource | Scope::InstrumentationScope => None,
            };
            let mut without = found.clone();
            if let Some(holder) = holder {
                let mut failed = None;
                spans.visit_attributes(holder, &keys, found, |row, value| {
                    if let Err(error) = known.note_value(row, value) {
                        failed = Some(error);
                    }
                })?;
                failed.map_or(Ok(()), Err)?;
                if *scope != Scope::Any {
                    return Ok(());
                }
                without.and_not(&spans.rows_with_key(holder, &keys)?);
            }
            let (of_resources, of_scopes) = (*scope != Scope::InstrumentationScope, *scope != Scope::Resource);
            let (resources, scopes) = (spans.resources()?, spans.scopes()?);
            let resources = resources.iter().map(|one| one.resource.as_ref().map(|one| &one.attributes[..]));
            let resources: Vec<_> =
                resources.map(|one| known.numbers_of(one.filter(|_| of_resources), &keys)).collect();
            let scopes = scopes.iter().map(|one| one.scope.as_ref().map(|one| &one.attributes[..]));
            let scopes: Vec<_> = scopes.map(|one| known.numbers_of(one.filter(|_| of_scopes), &keys)).collect();
            spans.visit_origins(&without, |row, resource, scope| {
                let numbers = resources.get(resource as usize).into_iter().chain(scopes.get(scope as usize)).flatten();
                known.noted.extend(numbers.map(|number| (row as u32, *number)));
            })?;
        }
    }
    Ok(())
}
