//! Of which rows of a segment a condition on spans holds.

use model::{Resource, Scope as InstrumentationScope, StatusCode, UNKNOWN_SERVICE, Value};
use query::{Condition, Intrinsic, Reach, Scope, Subject, Test};
use segment::{Holder, Rows, Scan, SegmentError, SpanSegment, Substring, TrigramFilter, ValueFilter, ValueTest};

/// A test as segments ask it.
struct Asked<'t>(&'t Test);

impl ValueTest for Asked<'_> {
    fn text(&self, text: &str) -> bool {
        self.0.text(text)
    }

    fn int(&self, int: i64) -> bool {
        self.0.int(int)
    }

    fn double(&self, double: f64) -> bool {
        self.0.double(double)
    }

    fn bool(&self, bool: bool) -> bool {
        self.0.bool(bool)
    }

    fn other(&self, value: &Value) -> bool {
        self.0.value(value)
    }
}

/// What the resources and scopes of a segment have of something, each asked once.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    has_value: bool,
    has_passing: bool,
}

impl Around {
    fn add(&mut self, passes: bool) {
        self.has_value = true;
        self.has_passing |= passes;
    }

    fn joined(self, other: Self) -> Self {
        Self { has_value: self.has_value || other.has_value, has_passing: self.has_passing || other.has_passing }
    }
}

/// Visits the scans that a condition reads.
pub(super) fn visit_scans(condition: &Condition, visit: &mut impl FnMut(&Scan<'_>)) {
    if condition.reach() == Reach::Span {
        visit_scans_of(&condition.subject, visit);
    }
}

/// Visits the scans that tell what spans have of a subject.
pub(super) fn visit_scans_of(subject: &Subject, visit: &mut impl FnMut(&Scan<'_>)) {
    match subject {
        Subject::Intrinsic(intrinsic) => match intrinsic {
            Intrinsic::Service | Intrinsic::ScopeName | Intrinsic::ScopeVersion => visit(&Scan::Origins),
            Intrinsic::Name => visit(&Scan::Name),
            Intrinsic::Kind => visit(&Scan::Kind),
            Intrinsic::Status | Intrinsic::Error => visit(&Scan::Status),
            Intrinsic::Duration => visit(&Scan::Duration),
            Intrinsic::Start => visit(&Scan::Start),
            Intrinsic::Id => visit(&Scan::Id),
            Intrinsic::EventName => visit(&Scan::EventName),
            _ => {}
        },
        Subject::Attribute { scope, keys } => {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            match scope {
                Scope::Any => {
                    visit(&Scan::Attribute(Holder::Span, &keys));
                    visit(&Scan::Origins);
                }
                Scope::Span | Scope::Root => visit(&Scan::Attribute(Holder::Span, &keys)),
                Scope::Event => visit(&Scan::Attribute(Holder::Event, &keys)),
                Scope::Link => visit(&Scan::Attribute(Holder::Link, &keys)),
                Scope::Resource | Scope::InstrumentationScope => visit(&Scan::Origins),
            }
        }
        Subject::Anywhere => {
            visit(&Scan::Text);
            visit(&Scan::Origins);
        }
    }
}

/// How much it takes to ask a condition, and of how many spans it is likely to hold: what is asked first may save the rest.
pub(super) fn cost(condition: &Condition) -> u8 {
    let Condition { subject, test, holds } = condition;
    match subject {
        Subject::Attribute { .. } | Subject::Intrinsic(Intrinsic::Name | Intrinsic::EventName)
            if test.texts().is_some() && holds.of(true, true) =>
        {
            0
        }
        Subject::Intrinsic(Intrinsic::Service | Intrinsic::ScopeName | Intrinsic::ScopeVersion) => 1,
        Subject::Intrinsic(Intrinsic::Status | Intrinsic::Error | Intrinsic::Kind) => 2,
        Subject::Intrinsic(Intrinsic::Duration | Intrinsic::Start) => 3,
        Subject::Intrinsic(_) => 4,
        Subject::Attribute { .. } => 5,
        Subject::Anywhere => 6,
    }
}

/// Whether a segment with such trigrams in its texts may have a span of which the condition holds.
pub(super) fn may_hold_part(condition: &Condition, filter: &TrigramFilter) -> bool {
    let Condition { subject, test, holds } = condition;
    let Some(part) = test.part().filter(|_| holds.of(true, true)) else { return true };
    match subject {
        Subject::Anywhere => filter.may_hold(part),
        Subject::Attribute { scope, .. } => *scope == Scope::Root || filter.may_hold(part),
        Subject::Intrinsic(Intrinsic::Name | Intrinsic::EventName) => filter.may_hold(part),
        Subject::Intrinsic(Intrinsic::Service) => filter.may_hold(part) || test.text(UNKNOWN_SERVICE),
        Subject::Intrinsic(_) => true,
    }
}

/// Whether a segment with such values may have a span of which the condition holds.
pub(super) fn may_hold(condition: &Condition, filter: &ValueFilter) -> bool {
    let Condition { subject, test, holds } = condition;
    let key = |key: &String| -> bool {
        if !filter.may_hold_key(key) {
            return false;
        }
        // What is not to be is no help.
        if !holds.of(true, true) {
            return true;
        }
        let Some(texts) = test.texts() else { return true };
        filter.may_hold_other(key)
            || texts.into_iter().any(|text| {
                filter.may_hold_text(key, text) || text.parse().is_ok_and(|int| filter.may_hold_int(key, int))
            })
    };
    match (subject, test.texts()) {
        (Subject::Attribute { scope: Scope::Root, .. } | Subject::Anywhere, _) => true,
        (Subject::Attribute { keys, .. }, _) => keys.iter().any(key),
        (_, None) => true,
        (Subject::Intrinsic(_), _) if !holds.of(true, true) => true,
        (Subject::Intrinsic(Intrinsic::Service), Some(texts)) => {
            texts.into_iter().any(|text| text == UNKNOWN_SERVICE || filter.may_hold_text("service.name", text))
        }
        (Subject::Intrinsic(Intrinsic::Name), Some(texts)) => texts.into_iter().any(|text| filter.may_hold_name(text)),
        (Subject::Intrinsic(Intrinsic::EventName), Some(texts)) => {
            texts.into_iter().any(|text| filter.may_hold_event_name(text))
        }
        (Subject::Intrinsic(_), Some(_)) => true,
    }
}

/// The rows of which a condition holds; `None` where it looks further than at the span itself.
pub(super) fn rows(condition: &Condition, spans: &SpanSegment) -> Result<Option<Rows>, SegmentError> {
    let Condition { subject, test, holds } = condition;
    let asked = Asked(test);
    // Of what every span has.
    let each = |passes: bool| holds.of(true, passes);
    let rows = match subject {
        Subject::Intrinsic(intrinsic) => match intrinsic {
            Intrinsic::Service => {
                let resources = spans.resources()?;
                let held = resources.iter().map(|one| {
                    let service = one.resource.as_ref().map_or(UNKNOWN_SERVICE, Resource::service_name);
                    each(test.text(service))
                });
                let held: Vec<bool> = held.collect();
                spans.rows_of_origins(|resource, _| held.get(resource as usize).copied().unwrap_or_default())?
            }
            Intrinsic::Name => spans.rows_with_name(|name| each(test.text(name)))?,
            Intrinsic::Kind => spans.rows_of_kinds(|kind| each(test.text(kind.name())))?,
            Intrinsic::Status => spans.rows_of_status(|status| each(test.text(status.name())))?,
            Intrinsic::Error => spans.rows_of_status(|status| each(test.bool(status == StatusCode::ERROR)))?,
            Intrinsic::Duration => {
                let mut rows = Rows::none(spans.len());
                spans.visit_durations(|row, nanos| {
                    if each(test.unsigned(nanos)) {
                        rows.insert(row);
                    }
                })?;
                rows
            }
            Intrinsic::Start => {
                let mut rows = Rows::none(spans.len());
                spans.visit_starts(|row, start| {
                    if each(test.unsigned(start)) {
                        rows.insert(row);
                    }
                })?;
                rows
            }
            Intrinsic::Id => {
                let mut passing = spans.rows_with_id(|id| test.text(&id.to_string()))?;
                for (trace_id, rows) in spans.traces()? {
                    if test.text(&trace_id.to_string()) {
                        passing.insert_all(rows);
                    }
                }
                if !each(true) {
                    passing.invert();
                }
                passing
            }
            Intrinsic::EventName => {
                let passing = spans.rows_with_event_name(|name| test.text(name))?;
                joined(condition, passing, || spans.rows_with_event_name(|_| true))?
            }
            Intrinsic::ScopeName => of_scopes(condition, spans, |scope| &scope.name)?,
            Intrinsic::ScopeVersion => of_scopes(condition, spans, |scope| &scope.version)?,
            Intrinsic::SelfTime
            | Intrinsic::TraceStart
            | Intrinsic::TraceDuration
            | Intrinsic::TraceSpans
            | Intrinsic::TraceServices
            | Intrinsic::RootService
            | Intrinsic::RootName => return Ok(None),
        },
        Subject::Attribute { scope, keys } => {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let of = |holder: Holder| -> Result<Rows, SegmentError> {
                let passing = spans.rows_with_attribute(holder, &keys, &asked)?;
                joined(condition, passing, || spans.rows_with_key(holder, &keys))
            };
            match scope {
                Scope::Span => of(Holder::Span)?,
                Scope::Event => of(Holder::Event)?,
                Scope::Link => of(Holder::Link)?,
                Scope::Resource => around(condition, spans, &keys, true, false)?,
                Scope::InstrumentationScope => around(condition, spans, &keys, false, true)?,
                Scope::Any => {
                    let mut held = around(condition, spans, &keys, true, true)?;
                    let passing = spans.rows_with_attribute(Holder::Span, &keys, &asked)?;
                    if held.is_empty() && each(true) {
                        return Ok(Some(passing));
                    }
                    let has = spans.rows_with_key(Holder::Span, &keys)?;
                    held.and_not(&has);
                    held.or(&joined(condition, passing, || Ok(has))?);
                    held
                }
                Scope::Root => return Ok(None),
            }
        }
        Subject::Anywhere => {
            let Some(part) = test.part() else { return Ok(None) };
            let mut passing = spans.rows_with_text(&Substring::new(part), &asked)?;
            let (resources, scopes) = (spans.resources()?, spans.scopes()?);
            let of_resource = |resource: &Resource| resource.attributes.iter().any(|one| test.value(&one.value));
            let of_scope = |scope: &InstrumentationScope| scope.attributes.iter().any(|one| test.value(&one.value));
            let resources: Vec<bool> =
                resources.iter().map(|one| one.resource.as_ref().is_some_and(of_resource)).collect();
            let scopes: Vec<bool> = scopes.iter().map(|one| one.scope.as_ref().is_some_and(of_scope)).collect();
            let is = |all: &[bool], at: u32| all.get(at as usize).copied().unwrap_or_default();
            passing.or(&spans.rows_of_origins(|resource, scope| is(&resources, resource) || is(&scopes, scope))?);
            passing
        }
    };
    Ok(Some(rows))
}

/// The rows of which the condition holds, of those that pass, and those that have something at all.
fn joined(
    condition: &Condition,
    passing: Rows,
    has: impl FnOnce() -> Result<Rows, SegmentError>,
) -> Result<Rows, SegmentError> {
    if condition.holds.of(true, true) {
        return Ok(passing);
    }
    let mut held = has()?;
    held.and_not(&passing);
    Ok(held)
}

/// By attributes of resources and scopes.
fn around(
    condition: &Condition,
    spans: &SpanSegment,
    keys: &[&str],
    of_resources: bool,
    of_scopes: bool,
) -> Result<Rows, SegmentError> {
    let seen = |attributes: Option<&[model::KeyValue]>| {
        let mut around = Around::default();
        let of_keys = attributes.unwrap_or_default().iter().filter(|attribute| keys.contains(&attribute.key.as_str()));
        of_keys.for_each(|attribute| around.add(condition.test.value(&attribute.value)));
        around
    };
    let (mut resources, mut scopes) = (Vec::new(), Vec::new());
    if of_resources {
        let all = spans.resources()?;
        resources.extend(all.iter().map(|one| seen(one.resource.as_ref().map(|resource| &resource.attributes[..]))));
    }
    if of_scopes {
        let all = spans.scopes()?;
        scopes.extend(all.iter().map(|one| seen(one.scope.as_ref().map(|scope| &scope.attributes[..]))));
    }
    spans.rows_of_origins(|resource, scope| {
        let of = |all: &[Around], at: u32| all.get(at as usize).copied().unwrap_or_default();
        let around = of(&resources, resource).joined(of(&scopes, scope));
        condition.holds.of(around.has_value, around.has_passing)
    })
}

/// By a text of the scope, which is absent where it is empty.
fn of_scopes(
    condition: &Condition,
    spans: &SpanSegment,
    text: impl Fn(&InstrumentationScope) -> &String,
) -> Result<Rows, SegmentError> {
    let scopes = spans.scopes()?;
    let held = scopes.iter().map(|one| {
        let text = one.scope.as_ref().map(&text).filter(|text| !text.is_empty());
        condition.holds.of(text.is_some(), text.is_some_and(|text| condition.test.text(text)))
    });
    let held: Vec<bool> = held.collect();
    spans.rows_of_origins(|_, scope| held.get(scope as usize).copied().unwrap_or_default())
}
