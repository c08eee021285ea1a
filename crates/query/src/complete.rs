//! What may stand at a place in a text that is being written.

use std::ops::Range;

use crate::{
    Class, Field, Intrinsic, Measure, Scope,
    context::{Call, Context, Place},
    field::Kind,
    literal::{BYTES, TIMES},
    token::{Located, Token, tokens_until_wrong, unquoted},
};

/// What may stand where somebody is writing.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The characters (Unicode scalar values, counted from 0) of what is being written, quotes included: what is
    /// chosen takes their place.
    pub replaces: Range<usize>,
    /// What of the key or value has been written so far, without its scope and quotes.
    pub typed: String,
    /// What is the same for every query, as far as it begins with what has been written.
    pub offers: Vec<Offer>,
    /// What may be offered besides, of what is stored.
    pub stored: Option<Stored>,
}

/// Something that may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// As it is written.
    pub text: String,
    /// What it is.
    pub class: Class,
    /// What it does, in a few words; empty where that is plain.
    pub note: &'static str,
    /// The characters whose place it takes.
    pub replaces: Range<usize>,
}

/// What of that which is stored may stand somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// Keys of attributes in this scope; [`Field::Attribute`] writes itself as text.
    Keys(Scope),
    /// Values of this field; [`crate::written`] makes text of them.
    Values(Field),
}

/// What may stand at a place in a text, which need not parse yet: `at` characters (Unicode scalar values) behind its
/// beginning. What a key or an operator is followed by is offered once there is a space behind it.
#[must_use]
pub fn complete(text: &str, at: usize) -> Completion {
    let characters: Vec<char> = text.chars().collect();
    let at = at.min(characters.len());
    let (mut tokens, wrong) = tokens_until_wrong(&characters);
    let nothing = Completion { replaces: at..at, typed: String::new(), offers: Vec::new(), stored: None };
    if let Some(wrong) = wrong.filter(|wrong| wrong.at.start < at) {
        let open = characters.get(wrong.at.start..at).unwrap_or_default();
        if open.first() == Some(&'/') {
            return nothing;
        }
        tokens.push(Located { token: Token::Quoted(unquoted(open).0), at: wrong.at.start..at });
    }
    let is_written = |located: &Located| match located.token {
        Token::Word(_) => located.at.start < at && at <= located.at.end,
        // Behind the closing quote it is done.
        Token::Quoted(_) | Token::Regex(_) => {
            let is_open = unquoted(characters.get(located.at.clone()).unwrap_or_default()).1.is_none();
            located.at.start < at && (at < located.at.end || is_open)
        }
        _ => false,
    };
    let current = tokens.iter().position(is_written);
    let before = current.unwrap_or_else(|| tokens.iter().take_while(|located| located.at.end <= at).count());
    let mut context = Context::new();
    for number in 0..before {
        if let Some(located) = tokens.get(number) {
            context.pass(located, tokens.get(number + 1));
        }
    }
    let mut writing = match current.and_then(|current| tokens.get(current)) {
        None => Writing { replaces: at..at, typed: String::new(), is_quoted: false, offers: Vec::new() },
        Some(Located { token: Token::Regex(_), .. }) => return nothing,
        Some(Located { token, at: of }) => {
            let so_far = characters.get(of.start..at).unwrap_or_default();
            let is_quoted = matches!(token, Token::Quoted(_));
            let typed = if is_quoted { unquoted(so_far).0 } else { so_far.iter().collect() };
            Writing { replaces: of.clone(), typed, is_quoted, offers: Vec::new() }
        }
    };
    if let (Some(_), Some(scope)) = (context.scope, before.checked_sub(1).and_then(|before| tokens.get(before))) {
        writing.replaces.start = scope.at.start;
    }
    writing.no_errors(tokens.get(..before + usize::from(current.is_some())).unwrap_or_default(), &context);
    let stored = writing.stand(&context);
    let typed = match (&stored, context.scope) {
        (Some(Stored::Keys(_)), None) if !writing.is_quoted => Scope::split(&writing.typed).1.to_owned(),
        _ => writing.typed,
    };
    Completion { replaces: writing.replaces, typed, offers: writing.offers, stored }
}

/// What is being written.
struct Writing {
    replaces: Range<usize>,
    typed: String,
    is_quoted: bool,
    offers: Vec<Offer>,
}

const COMPARE: [&str; 6] = ["=", "!=", ">", ">=", "<", "<="];

impl Writing {
    /// Offers what may stand here.
    fn stand(&mut self, context: &Context) -> Option<Stored> {
        match &context.place {
            Place::Operand { is_related } => self.operand(context, *is_related),
            Place::Key(field) => {
                self.operators(field);
                let is_error = *field == Field::Intrinsic(Intrinsic::Error);
                // Any other intrinsic has to be compared.
                if is_error || matches!(field, Field::Attribute { .. }) { self.behind(context, is_error) } else { None }
            }
            Place::Value(field) | Place::Item(field) => self.value(field),
            Place::Match(field) => stored_values(field),
            Place::In(_) | Place::Call(_) => {
                self.offer("(", Class::Operator, "");
                None
            }
            Place::Listed => {
                self.offer(",", Class::Operator, "");
                self.offer(")", Class::Operator, "");
                None
            }
            Place::Argument(call) => self.argument(context, *call),
            Place::Argued => {
                self.offer(")", Class::Operator, "");
                None
            }
            Place::Aggregate(_) => {
                COMPARE.iter().for_each(|sign| self.offer(sign, Class::Operator, ""));
                None
            }
            Place::Number(field) => {
                if let Some(field) = field {
                    self.units(field);
                }
                None
            }
            Place::Condition { may_relate } => self.behind(context, *may_relate),
        }
    }

    fn offer(&mut self, text: &str, class: Class, note: &'static str) {
        let begins = text.get(..self.typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(&self.typed));
        let is_new = text != self.typed && self.offers.iter().all(|offer| offer.text != text);
        if begins && is_new {
            self.offers.push(Offer { text: text.to_owned(), class, note, replaces: self.replaces.clone() });
        }
    }

    fn operand(&mut self, context: &Context, is_related: bool) -> Option<Stored> {
        if !self.is_quoted {
            for intrinsic in Intrinsic::all() {
                self.offer(intrinsic.name(), Class::Key, "");
            }
            self.offer("has(", Class::Keyword, "there is such an attribute");
            if !is_related {
                self.offer("not", Class::Keyword, "");
            }
            if !is_related && !context.is_counted() {
                self.offer("count(", Class::Keyword, "how many spans of the trace");
                for measure in Measure::ALL {
                    self.offer(&format!("{}(", measure.name()), Class::Keyword, "over the spans of the trace");
                }
            }
            self.scopes();
        }
        Some(Stored::Keys(self.scope(context)))
    }

    fn argument(&mut self, context: &Context, call: Call) -> Option<Stored> {
        if !self.is_quoted {
            match call {
                Call::Has => self.offer("exception", Class::Key, "an event of this name, too"),
                Call::Measure => {
                    self.offer(Intrinsic::Duration.name(), Class::Key, "");
                    self.offer(Intrinsic::SelfTime.name(), Class::Key, "");
                }
                Call::Count => {}
            }
            self.scopes();
        }
        Some(Stored::Keys(self.scope(context)))
    }

    /// Prefixes of keys.
    fn scopes(&mut self) {
        for scope in Scope::written() {
            self.offer(scope.prefix(), Class::Key, "");
        }
    }

    /// Where the key is looked for that is being written.
    fn scope(&self, context: &Context) -> Scope {
        match context.scope {
            Some(scope) => scope,
            None if self.is_quoted => Scope::Any,
            None => Scope::split(&self.typed).0,
        }
    }

    fn operators(&mut self, field: &Field) {
        let signs: &[&str] = match field {
            Field::Attribute { .. } => &["=", "!=", ">", ">=", "<", "<=", "~", "!~", "in"],
            Field::Intrinsic(intrinsic) => match intrinsic.kind() {
                Kind::Text => &["=", "!=", "~", "!~", "in"],
                Kind::OneOf(_) => &["=", "!=", "in"],
                Kind::Yes => &["=", "!="],
                Kind::Duration | Kind::Time | Kind::Count => &COMPARE,
            },
        };
        for sign in signs {
            match *sign {
                "in" => self.offer("in (", Class::Keyword, "one of these"),
                "~" => self.offer("~", Class::Operator, "a part of the text"),
                "!~" => self.offer("!~", Class::Operator, "no part of the text"),
                sign => self.offer(sign, Class::Operator, ""),
            }
        }
    }

    /// Behind a condition: what joins it with another, or another right away once it is begun.
    fn behind(&mut self, context: &Context, may_relate: bool) -> Option<Stored> {
        if !self.is_quoted {
            self.offer("and", Class::Keyword, "");
            self.offer("or", Class::Keyword, "");
            if may_relate {
                self.offer(">>", Class::Operator, "what is anywhere below it");
                self.offer(">", Class::Operator, "its children");
                self.offer("<>", Class::Operator, "its siblings");
            }
            if context.is_open() {
                self.offer(")", Class::Operator, "");
            }
        }
        // What begins so can only be an operator.
        let is_begun = !self.replaces.is_empty() && !self.typed.starts_with('!');
        if is_begun { self.operand(context, false) } else { None }
    }

    fn value(&mut self, field: &Field) -> Option<Stored> {
        if let Field::Intrinsic(intrinsic) = field {
            match intrinsic.kind() {
                Kind::OneOf(names) => names.iter().for_each(|name| self.offer(name, Class::Text, "")),
                Kind::Yes => ["true", "false"].iter().for_each(|bool| self.offer(bool, Class::Number, "")),
                Kind::Time => {
                    ["-5m", "-15m", "-1h", "-1d", "now"].iter().for_each(|time| self.offer(time, Class::Number, ""));
                }
                Kind::Text | Kind::Duration | Kind::Count => {}
            }
        }
        self.units(field);
        stored_values(field)
    }

    /// A number that has been written, with the units that it may have here.
    fn units(&mut self, field: &Field) {
        let kind = match field {
            Field::Intrinsic(intrinsic) => Some(intrinsic.kind()),
            Field::Attribute { .. } => None,
        };
        let (times, bytes): (&[_], &[_]) = match kind {
            None => (&TIMES, &BYTES),
            Some(Kind::Duration | Kind::Time) => (&TIMES, &[]),
            Some(_) => return,
        };
        let sign = if kind == Some(Kind::Time) { "-" } else { "" };
        let Some(unsigned) = self.typed.strip_prefix(sign) else { return };
        let digits = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        if self.is_quoted || !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
            return;
        }
        let number = self.typed.get(..sign.len() + digits).unwrap_or_default().to_owned();
        // What has a second spelling is offered once.
        let units = times.iter().chain(bytes).filter(|(unit, _)| !matches!(*unit, "µs" | "kB"));
        for (unit, _) in units {
            self.offer(&format!("{number}{unit}"), Class::Number, "");
        }
    }

    /// Behind `not error`, which finds spans: what finds traces.
    fn no_errors(&mut self, tokens: &[Located], context: &Context) {
        let [.., not, error] = tokens else { return };
        let is =
            |located: &Located, word: &str| matches!(&located.token, Token::Word(of) if of.eq_ignore_ascii_case(word));
        if is(not, "not") && is(error, Intrinsic::Error.name()) && !context.is_counted() {
            self.offers.push(Offer {
                text: "count(error) = 0".to_owned(),
                class: Class::Keyword,
                note: "a trace without errors",
                replaces: not.at.start..error.at.end,
            });
        }
    }
}

fn stored_values(field: &Field) -> Option<Stored> {
    match field {
        Field::Intrinsic(Intrinsic::Id) => None,
        Field::Intrinsic(intrinsic) if intrinsic.kind() != Kind::Text => None,
        field => Some(Stored::Values(field.clone())),
    }
}
