//! Keys by which what was found is counted.

use api::{ApiError, ErrorCode};
use model::Value;
use query::{Field, Query, Subject, Term};

/// A key as the search language writes it.
#[derive(Debug, Clone)]
pub(super) struct Key {
    text: String,
    field: Field,
}

impl Key {
    pub(super) fn new(text: &str) -> Result<Self, ApiError> {
        let field = match Field::of_word(text) {
            field @ Field::Intrinsic(_) => Some(field),
            Field::Attribute { .. } => match query::parse(&format!("has({text})")).query {
                Some(Query::Term(Term::Has(field))) => Some(field),
                _ => None,
            },
        };
        match field {
            Some(field) => Ok(Self { text: text.to_owned(), field }),
            None => Err(ApiError::new(ErrorCode::Malformed, format!("{text} is no key in the search language"))),
        }
    }

    pub(super) fn of(field: Field) -> Self {
        Self { text: field.to_string(), field }
    }

    pub(super) fn field(&self) -> &Field {
        &self.field
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::of(&self.field)
    }

    /// The search that finds the spans that have this value.
    pub(super) fn is(&self, value: &str) -> String {
        let literal = query::written(&Value::String(value.to_owned())).unwrap_or_default();
        format!("{} = {literal}", self.text)
    }
}
