//! What may be written at a place of a search: what is the same for every search, and what is stored.

use std::{
    cmp::Reverse,
    collections::HashSet,
    ops::Range,
    time::{Duration, Instant},
};

use api::{ApiError, CompleteRequest, Completion, CompletionKind, Completions};
use model::Value;
use query::{Class, Field, Intrinsic, Offer, Scope, Stored, Subject, names_of};
use store::{StoredKey, StoredValue, ValueKind, Vocabulary};

use super::{gist::gist, numbers};
use crate::error;

/// How long one call looks up what is stored.
const TURN: Duration = Duration::from_millis(60);
/// Most items in an answer.
const MOST: usize = 1_000;
/// Keys in an answer of whose values something is said.
const MOST_GISTS: usize = 16;

/// What may be written at a place.
pub(super) async fn complete(vocabulary: &mut Vocabulary, request: &CompleteRequest) -> Result<Completions, ApiError> {
    let deadline = Some(Instant::now() + TURN);
    let most = (request.most as usize).min(MOST);
    let query::Completion { replaces, typed, offers, stored } = query::complete(&request.text, request.at as usize);
    let mut is_partial = false;
    let mut found = Vec::new();
    match &stored {
        None => {}
        Some(Stored::Keys(scope)) => {
            is_partial |= !vocabulary.read_keys(deadline).await.map_err(|err| error::of_read(&err))?;
            let keys = keys(vocabulary, *scope, &typed, room(most, offers.len()));
            let subjects: Vec<Subject> = keys.iter().take(MOST_GISTS).map(|key| Subject::of(&key.field)).collect();
            is_partial |= !vocabulary.read_gists(&subjects, deadline).await.map_err(|err| error::of_read(&err))?;
            found.extend(keys.into_iter().map(|key| key.completion(vocabulary)));
        }
        Some(Stored::Values(field)) => {
            let subject = Subject::of(field);
            is_partial |= !vocabulary.read_values(&subject, deadline).await.map_err(|err| error::of_read(&err))?;
            found.extend(vocabulary.values(&subject, &typed, most).into_iter().map(of_value));
        }
    }
    let is_of_values = matches!(stored, Some(Stored::Values(_)));
    let (first, last): (Vec<Offer>, Vec<Offer>) =
        offers.into_iter().partition(|offer| !is_of_values && offer.class == Class::Key && !is_scope(&offer.text));
    // Where both do not fit, what is stored has its half.
    let room_for_first = most.saturating_sub(found.len());
    let offers = first.into_iter().take(room_for_first).map(Item::Offered);
    let items = offers.chain(found.into_iter().map(Item::Found)).chain(last.into_iter().map(Item::Offered));
    Ok(answer(&request.text, replaces, items.take(most).collect(), is_partial))
}

/// How many keys that are stored are wanted beside so many offers.
fn room(most: usize, offers: usize) -> usize {
    most.saturating_sub(offers).max(most.div_ceil(2))
}

enum Item {
    Offered(Offer),
    Found(Completion),
}

/// All items take the place of the same characters: what one of them leaves as it is it begins with.
fn answer(text: &str, replaces: Range<usize>, items: Vec<Item>, is_partial: bool) -> Completions {
    let of = |item: &Item| match item {
        Item::Offered(offer) => offer.replaces.clone(),
        Item::Found(_) => replaces.clone(),
    };
    let start = items.iter().map(|item| of(item).start).min().unwrap_or(replaces.start);
    let end = items.iter().map(|item| of(item).end).max().unwrap_or(replaces.end);
    let characters: Vec<char> = text.chars().collect();
    let part = |from: usize, to: usize| characters.get(from..to).unwrap_or_default().iter().collect::<String>();
    let completion = |item: Item| {
        let own = of(&item);
        let completion = match item {
            Item::Offered(offer) => of_offer(offer),
            Item::Found(completion) => completion,
        };
        let text = part(start, own.start) + &completion.text + &part(own.end, end);
        Completion { text, ..completion }
    };
    let count = |characters: usize| u32::try_from(characters).unwrap_or(u32::MAX);
    let items = items.into_iter().map(completion).collect();
    Completions { replaces: (count(start), count(end)), items, is_partial }
}

fn of_offer(Offer { text, class, note, .. }: Offer) -> Completion {
    let kind = match class {
        Class::Key => kind_of_key(&text),
        Class::Operator => CompletionKind::Operator,
        Class::Text | Class::Number | Class::Regex | Class::Wrong => CompletionKind::Value,
        // `count(error) = 0` is more than a word.
        Class::Keyword if text.ends_with(|c: char| c.is_ascii_digit()) => CompletionKind::Condition,
        Class::Keyword => CompletionKind::Keyword,
    };
    Completion { text, kind, detail: note.to_owned(), spans: None }
}

fn kind_of_key(text: &str) -> CompletionKind {
    if is_scope(text) {
        return CompletionKind::Keyword;
    }
    match Field::of_word(text) {
        Field::Intrinsic(Intrinsic::Error) => CompletionKind::BoolKey,
        Field::Intrinsic(
            Intrinsic::Duration
            | Intrinsic::SelfTime
            | Intrinsic::Start
            | Intrinsic::TraceStart
            | Intrinsic::TraceDuration
            | Intrinsic::TraceSpans
            | Intrinsic::TraceServices,
        ) => CompletionKind::NumberKey,
        _ => CompletionKind::TextKey,
    }
}

/// Whether it is the beginning of keys, and none itself.
fn is_scope(text: &str) -> bool {
    text.ends_with('.')
}

fn of_value(StoredValue { text, spans }: StoredValue) -> Completion {
    // Without quotes a number finds texts that say so too.
    let is_plain = matches!(text.as_str(), "true" | "false") || numbers::is_plain(&text);
    let text = if is_plain { text } else { query::written(&Value::String(text.clone())).unwrap_or(text) };
    Completion { text, kind: CompletionKind::Value, detail: String::new(), spans: Some(spans) }
}

/// A key that is stored, and how well it fits what was typed.
struct Fitting<'v> {
    fit: Fit,
    /// Whether its own name has it, and not only another name of it.
    is_own: bool,
    stored: StoredKey<'v>,
}

/// The best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Begins,
    /// Another name of it does.
    OtherBegins,
    Has,
    OtherHas,
}

/// The keys of a scope that fit; where any will do, those of events and links too, with their scope.
fn keys(vocabulary: &Vocabulary, scope: Scope, typed: &str, most: usize) -> Vec<Key> {
    let typed = typed.to_lowercase();
    let scopes = match scope {
        Scope::Any => vec![Scope::Any, Scope::Event, Scope::Link],
        scope => vec![scope],
    };
    let mut found = Vec::new();
    for scope in scopes {
        let fitting = vocabulary.keys(scope).filter_map(|stored| Fitting::new(stored, &typed));
        let (own, other): (Vec<_>, Vec<_>) = fitting.partition(|one| one.is_own);
        // What fits by another name only is left out where that other one is there.
        let there: HashSet<&str> = own.iter().map(|one| one.stored.key).collect();
        let is_new = |one: &Fitting<'_>| !names_of(one.stored.key).any(|name| there.contains(name));
        found.extend(other.into_iter().filter(is_new));
        found.extend(own);
    }
    let order = |one: &Fitting<'_>| (one.fit, Reverse(one.stored.spans));
    found.sort_unstable_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.stored.key.cmp(b.stored.key)));
    found.into_iter().take(most).map(|one| Key::new(&one.stored)).collect()
}

impl<'v> Fitting<'v> {
    /// `None`: what was typed is not in it.
    fn new(stored: StoredKey<'v>, typed: &str) -> Option<Self> {
        let key = stored.key.to_lowercase();
        let begins = key.starts_with(typed) || (stored.scope.prefix().to_owned() + &key).starts_with(typed);
        let own = if begins { Some(Fit::Begins) } else { key.contains(typed).then_some(Fit::Has) };
        let others = names_of(stored.key).skip(1).filter_map(|other| match other.starts_with(typed) {
            true => Some(Fit::OtherBegins),
            false => other.contains(typed).then_some(Fit::OtherHas),
        });
        let fit = own.into_iter().chain(others).min()?;
        Some(Self { fit, is_own: own.is_some(), stored })
    }
}

/// A key that is offered.
struct Key {
    field: Field,
    kind: CompletionKind,
    spans: u64,
}

impl Key {
    fn new(StoredKey { scope, key, spans, kind }: &StoredKey<'_>) -> Self {
        let kind = match kind {
            ValueKind::Text => CompletionKind::TextKey,
            ValueKind::Number => CompletionKind::NumberKey,
            ValueKind::Bool => CompletionKind::BoolKey,
        };
        Self { field: Field::Attribute { scope: *scope, key: (*key).to_owned() }, kind, spans: *spans }
    }

    fn completion(self, vocabulary: &Vocabulary) -> Completion {
        let Self { field, kind, spans } = self;
        Completion { detail: gist(vocabulary, &field), text: field.to_string(), kind, spans: Some(spans) }
    }
}
