//! What a text has said up to a token, and so what the next one is: right for what parses, and a good guess for what
//! does not parse yet.

use crate::{
    Field, Intrinsic, Scope, Value,
    literal::Literal,
    parse::{is_call_name, is_reserved},
    token::{Located, Token},
};

/// What stands at a place in a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Place {
    /// The beginning of a condition; behind a sign of structure fewer may begin there.
    Operand { is_related: bool },
    /// Behind a key, or behind a word alone.
    Key(Field),
    /// Behind an operator: a value.
    Value(Field),
    /// Behind `~` or `!~`: a text.
    Match(Field),
    /// Behind `in`: a parenthesis.
    In(Field),
    /// In the list behind `in`: a value.
    Item(Field),
    /// Behind a value of that list.
    Listed,
    /// Behind `has`, `count` or the like: a parenthesis.
    Call(Call),
    /// In that parenthesis: a key.
    Argument(Call),
    /// Behind that key.
    Argued,
    /// Behind `count(…)` or the like: an operator. The field is what is measured.
    Aggregate(Option<Field>),
    /// Behind that operator: a number.
    Number(Option<Field>),
    /// Behind a condition; whether a sign of structure may follow it.
    Condition { may_relate: bool },
}

/// What is asked for with a parenthesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Has,
    Count,
    Measure,
}

/// What a parenthesis belongs to.
#[derive(Debug, Clone, PartialEq)]
enum Open {
    Group,
    List(Field),
    Has,
    Count,
    Measure(Option<Field>),
}

/// What a part of a text is, for whoever colours it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A key.
    Key,
    /// An operator, a parenthesis or a comma.
    Operator,
    /// `and`, `or`, `not`, `in`, `has`, `count` and its like.
    Keyword,
    /// A text to compare with or to look for.
    Text,
    /// A number with its unit, a time, `true` or `false`.
    Number,
    /// A regular expression.
    Regex,
    /// Where something is wrong.
    Wrong,
}

/// Goes through the tokens of a text.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) place: Place,
    /// The scope right before a key in quotes.
    pub(crate) scope: Option<Scope>,
    open: Vec<Open>,
}

impl Context {
    pub(crate) fn new() -> Self {
        Self { place: Place::Operand { is_related: false }, scope: None, open: Vec::new() }
    }

    /// Whether a parenthesis is open.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether what stands here is counted.
    pub(crate) fn is_counted(&self) -> bool {
        self.open.contains(&Open::Count)
    }

    /// Goes past a token, and says what it is; `next` is the one behind it.
    pub(crate) fn pass(&mut self, located: &Located, next: Option<&Located>) -> Class {
        match &located.token {
            Token::Open => self.open(),
            Token::Close => self.close(),
            Token::Comma => {
                if let (Place::Listed, Some(Open::List(field))) = (&self.place, self.open.last()) {
                    self.place = Place::Item(field.clone());
                }
                Class::Operator
            }
            Token::Sign(sign) => {
                self.sign(sign);
                Class::Operator
            }
            Token::Regex(_) => {
                self.place = Place::Condition { may_relate: true };
                Class::Regex
            }
            Token::Word(word) => self.word(word, located, next),
            Token::Quoted(text) => self.quoted(text, next),
        }
    }

    fn open(&mut self) -> Class {
        let (open, place) = match &self.place {
            Place::In(field) => (Open::List(field.clone()), Place::Item(field.clone())),
            Place::Call(Call::Count) => (Open::Count, Place::Operand { is_related: false }),
            Place::Call(Call::Has) => (Open::Has, Place::Argument(Call::Has)),
            Place::Call(Call::Measure) => (Open::Measure(None), Place::Argument(Call::Measure)),
            _ => (Open::Group, Place::Operand { is_related: false }),
        };
        self.open.push(open);
        self.place = place;
        Class::Operator
    }

    fn close(&mut self) -> Class {
        self.place = match self.open.pop() {
            Some(Open::Count) => Place::Aggregate(None),
            Some(Open::Measure(field)) => Place::Aggregate(field),
            Some(Open::Group | Open::List(_) | Open::Has) | None => Place::Condition { may_relate: true },
        };
        Class::Operator
    }

    fn sign(&mut self, sign: &str) {
        let is_error = self.place == Place::Key(Field::Intrinsic(Intrinsic::Error));
        self.place = match (&self.place, sign) {
            (Place::Key(field), "~" | "!~") => Place::Match(field.clone()),
            (Place::Key(field), "=" | "!=" | ">=" | "<" | "<=") => Place::Value(field.clone()),
            (Place::Key(field), ">") if !is_error => Place::Value(field.clone()),
            (Place::Aggregate(field), _) => Place::Number(field.clone()),
            _ => Place::Operand { is_related: true },
        };
    }

    fn word(&mut self, word: &str, located: &Located, next: Option<&Located>) -> Class {
        let next_token = next.map(|next| &next.token);
        if is_reserved(word) {
            self.place = match &self.place {
                Place::Key(field) if word.eq_ignore_ascii_case("in") => Place::In(field.clone()),
                _ => Place::Operand { is_related: false },
            };
            return Class::Keyword;
        }
        match &self.place {
            // `a > b = 1` relates two conditions.
            Place::Value(_) if matches!(next_token, Some(Token::Sign("=" | "!=" | ">=" | "<" | "<=" | "~" | "!~"))) => {
            }
            Place::Value(_) | Place::Match(_) | Place::Item(_) | Place::Number(_) => {
                self.value();
                return match Literal::of_word(word).value {
                    Value::Text => Class::Text,
                    _ => Class::Number,
                };
            }
            _ => {}
        }
        if is_call_name(word) && next_token == Some(&Token::Open) && !matches!(self.place, Place::Argument(_)) {
            self.place = Place::Call(match word {
                "has" => Call::Has,
                "count" => Call::Count,
                _ => Call::Measure,
            });
            return Class::Keyword;
        }
        if let Some(scope) = Field::scope_of_word(word)
            && let Some(Located { token: Token::Quoted(_), at }) = next
            && at.start == located.at.end
        {
            self.begin_operand();
            self.scope = Some(scope);
            return Class::Key;
        }
        let field = Field::of_word(word);
        let is_intrinsic = matches!(field, Field::Intrinsic(_));
        self.key(field, is_intrinsic, next)
    }

    fn quoted(&mut self, text: &str, next: Option<&Located>) -> Class {
        if matches!(self.place, Place::Value(_) | Place::Match(_) | Place::Item(_) | Place::Number(_)) {
            self.value();
            return Class::Text;
        }
        let scope = self.scope.take();
        let field = Field::Attribute { scope: scope.unwrap_or(Scope::Any), key: text.to_owned() };
        self.key(field, scope.is_some(), next)
    }

    /// Conditions may follow each other without a word between them.
    fn begin_operand(&mut self) {
        if !matches!(self.place, Place::Argument(_)) {
            self.place = Place::Operand { is_related: false };
        }
    }

    /// A key, or else a word alone: where it is not known to be one, what follows it says.
    fn key(&mut self, field: Field, is_known: bool, next: Option<&Located>) -> Class {
        let is_compared = match next.map(|next| &next.token) {
            Some(Token::Sign(sign)) => !matches!(*sign, ">>" | "<>"),
            Some(Token::Word(word)) => word.eq_ignore_ascii_case("in"),
            _ => false,
        };
        let is_key = is_known || is_compared || matches!(self.place, Place::Argument(_));
        self.place = match &self.place {
            Place::Argument(call) => {
                if let (Call::Measure, Some(Open::Measure(of))) = (call, self.open.last_mut()) {
                    *of = Some(field);
                }
                Place::Argued
            }
            _ => Place::Key(field),
        };
        if is_key { Class::Key } else { Class::Text }
    }

    fn value(&mut self) {
        self.place = match &self.place {
            Place::Item(_) => Place::Listed,
            Place::Number(_) => Place::Condition { may_relate: false },
            _ => Place::Condition { may_relate: true },
        };
    }
}
