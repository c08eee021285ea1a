//! Tokens becoming a tree.

use std::ops::Range;

use crate::{
    Aggregate, Comparison, Count, Diagnostic, Field, Intrinsic, Literal, Measure, Operator, Query, Relation, Term,
    Text, check,
    regex::Pattern,
    token::{Located, Token, tokens},
};

/// Deeper than anyone nests; beyond it a text is refused.
const MOST_DEPTH: usize = 64;

/// What a text is.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The query; `None` where a diagnostic says why there is none.
    pub query: Option<Query>,
    /// What is wrong, by position.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a text; one without anything in it is [`Query::Everything`].
#[must_use]
pub fn parse(text: &str) -> Parsed {
    let parsed = tokens(text).and_then(|(tokens, end)| {
        let mut parser = Parser { tokens: &tokens, at: 0, end, depth: 0, diagnostics: Vec::new() };
        let query = parser.all()?;
        Ok((query, parser.diagnostics))
    });
    match parsed {
        Ok((query, diagnostics)) => Parsed { query: diagnostics.is_empty().then_some(query), diagnostics },
        Err(diagnostic) => Parsed { query: None, diagnostics: vec![diagnostic] },
    }
}

/// What is wrong ends the parsing where nothing sensible follows from it; else it is collected.
type Found<T> = Result<T, Diagnostic>;

struct Parser<'a> {
    tokens: &'a [Located],
    at: usize,
    /// How many characters the text has.
    end: usize,
    depth: usize,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    fn all(&mut self) -> Found<Query> {
        if self.tokens.is_empty() {
            return Ok(Query::Everything);
        }
        let query = self.or()?;
        match self.peek() {
            None => Ok(query),
            Some(Token::Close) => self.wrong("no parenthesis is open here: take this one out"),
            Some(_) => self.wrong("this does not follow from what stands before it"),
        }
    }

    fn or(&mut self) -> Found<Query> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return self.wrong("this is nested too deeply");
        }
        let mut any = vec![self.and()?];
        while self.take_word("or") {
            any.push(self.and()?);
        }
        self.depth -= 1;
        Ok(several(any, Query::Or))
    }

    fn and(&mut self) -> Found<Query> {
        let mut all = vec![self.not()?];
        // Conditions that follow each other without a word between them are meant together.
        while self.take_word("and") || self.begins_operand() {
            all.push(self.not()?);
        }
        Ok(several(all, Query::And))
    }

    fn not(&mut self) -> Found<Query> {
        let mut nots = 0;
        while self.take_word("not") {
            nots += 1;
        }
        if nots > MOST_DEPTH {
            return self.wrong("this is nested too deeply");
        }
        let mut query = self.structure()?;
        for _ in 0..nots {
            query = Query::Not(Box::new(query));
        }
        Ok(query)
    }

    fn structure(&mut self) -> Found<Query> {
        let from = self.here();
        let mut left = self.operand()?;
        let mut links = 0;
        loop {
            let relation = match self.peek() {
                Some(Token::Sign(">>")) => Relation::Descendant,
                Some(Token::Sign(">")) => Relation::Child,
                Some(Token::Sign("<>")) => Relation::Sibling,
                _ => return Ok(left),
            };
            links += 1;
            if links > MOST_DEPTH {
                return self.wrong("this is nested too deeply");
            }
            self.side(&left, from.start..self.before());
            self.at += 1;
            let from = self.here();
            let right = self.operand()?;
            self.side(&right, from.start..self.before());
            left = Query::Related(Box::new(left), relation, Box::new(right));
        }
    }

    /// Whether this may stand beside a sign of structure.
    fn side(&mut self, query: &Query, at: Range<usize>) {
        let sentence = match query {
            Query::Term(Term::Word(word)) => format!("a word alone cannot stand here: write name ~ {word}"),
            Query::Term(Term::Aggregate(_)) => {
                "this is a number of the whole trace: join it with and, outside of >>, > and <>".to_owned()
            }
            _ => return,
        };
        self.diagnostics.push(Diagnostic { at, sentence });
    }

    fn operand(&mut self) -> Found<Query> {
        match self.peek() {
            Some(Token::Open) => {
                let open = self.here();
                self.at += 1;
                if self.peek() == Some(&Token::Close) {
                    return self.wrong("write something between the parentheses");
                }
                let query = self.or()?;
                self.close(&open)?;
                Ok(query)
            }
            Some(Token::Word(word)) if is_reserved(word) => {
                let sentence = format!("write a condition before {word}, or \"{word}\" to find the word");
                self.wrong(&sentence)
            }
            Some(Token::Word(word)) if self.is_call(self.at) => self.call(word),
            Some(Token::Word(_) | Token::Quoted(_)) => self.condition(),
            Some(Token::Regex(_)) => self.wrong("a regular expression stands behind ~: name ~ /…/"),
            Some(Token::Sign(sign)) => {
                let sentence = format!("write what is compared before {sign}");
                self.wrong(&sentence)
            }
            Some(Token::Close) => self.wrong("write something before this parenthesis"),
            Some(Token::Comma) => self.wrong("a comma stands only in in (…)"),
            None => self.wrong("write a condition here"),
        }
    }

    /// `has(…)`, `count(…) > 3` and its like.
    fn call(&mut self, name: &str) -> Found<Query> {
        self.at += 1;
        let open = self.here();
        self.at += 1;
        if name == "has" {
            let from = self.here();
            let field = self.field()?;
            if let Field::Intrinsic(intrinsic) = field {
                self.diagnostics.push(Diagnostic {
                    at: from.start..self.before(),
                    sentence: format!("every span has {}: has(…) asks for an attribute", intrinsic.name()),
                });
            }
            self.close(&open)?;
            return Ok(Query::Term(Term::Has(field)));
        }
        let measure = Measure::ALL.into_iter().find(|measure| measure.name() == name);
        let (of, field) = match measure {
            None => {
                if self.peek() == Some(&Token::Close) {
                    return self.wrong("write what is counted; all spans are trace.spans");
                }
                let from = self.here();
                let query = self.or()?;
                if has_aggregate(&query) {
                    let sentence = "what is counted is a span: it has no count of its own".to_owned();
                    self.diagnostics.push(Diagnostic { at: from.start..self.before(), sentence });
                }
                (Count::Count(Box::new(query)), None)
            }
            Some(measure) => {
                let from = self.here();
                let field = self.field()?;
                self.note(check::has_number(&field), from.start..self.before());
                (Count::Of(measure, field.clone()), Some(field))
            }
        };
        self.close(&open)?;
        let Some(operator) = self.operator() else {
            let sentence = format!("compare {name}(…) with a number: {name}(…) > 3");
            return self.wrong(&sentence);
        };
        let at = self.here();
        let literal = self.literal(operator.text())?;
        let with = self.fitting(check::fit_aggregate(field.as_ref(), literal), at);
        Ok(Query::Term(Term::Aggregate(Aggregate { of, operator, with })))
    }

    /// A comparison, or a word alone.
    fn condition(&mut self) -> Found<Query> {
        let from = self.at;
        let field = self.field()?;
        if self.take_word("in") {
            return self.list(field);
        }
        if let Some(Token::Sign(sign @ ("~" | "!~"))) = self.peek() {
            self.at += 1;
            return self.text(field, sign, *sign == "!~");
        }
        // `error` is never more than anything: what follows it is a child.
        let is_error = field == Field::Intrinsic(Intrinsic::Error);
        let is_structure = self.peek() == Some(&Token::Sign(">")) && (is_error || !self.is_literal(self.at + 1));
        if !is_structure && let Some(operator) = self.operator() {
            let at = self.here();
            let literal = self.literal(operator.text())?;
            let with = self.fitting(check::fit(&field, operator, literal), at);
            return Ok(compare(field, Text::Is(operator, with)));
        }
        match self.tokens.get(from).map(|located| &located.token) {
            Some(Token::Word(word)) if word == Intrinsic::Error.name() => {
                Ok(Query::Term(Term::Compare(Comparison::error())))
            }
            Some(Token::Word(word) | Token::Quoted(word)) if self.at == from + 1 => {
                Ok(Query::Term(Term::Word(word.clone())))
            }
            _ => self.wrong("compare it with something: = 1, ~ text"),
        }
    }

    /// Behind `in`.
    fn list(&mut self, field: Field) -> Found<Query> {
        let open = self.here();
        if self.peek() != Some(&Token::Open) {
            return self.wrong("write a list after in: in (a, b)");
        }
        self.at += 1;
        let mut literals = Vec::new();
        loop {
            let at = self.here();
            let literal = self.literal("in (")?;
            literals.push(self.fitting(check::fit(&field, Operator::Equal, literal), at));
            if self.peek() != Some(&Token::Comma) {
                break;
            }
            self.at += 1;
        }
        self.close(&open)?;
        Ok(compare(field, Text::In(literals)))
    }

    /// Behind `~` or `!~`.
    fn text(&mut self, field: Field, sign: &str, is_not: bool) -> Found<Query> {
        let before = self.before();
        self.note(check::has_text(&field), before - sign.len()..before);
        let text = match self.peek() {
            Some(Token::Regex(regex)) => {
                self.note(Pattern::new(regex).map(drop), self.here());
                Text::Matches(regex.clone(), is_not)
            }
            Some(Token::Quoted(text)) => Text::Contains(text.clone(), is_not),
            Some(Token::Word(word)) if !is_reserved(word) => Text::Contains(word.clone(), is_not),
            _ => {
                let sentence = format!("write a text after {sign}, or a regular expression: {sign} /…/");
                return self.wrong(&sentence);
            }
        };
        self.at += 1;
        Ok(compare(field, text))
    }

    /// A key: a word, a quoted text, or a scope with a quoted text right behind it.
    fn field(&mut self) -> Found<Field> {
        let located = self.tokens.get(self.at);
        match located.map(|located| &located.token) {
            Some(Token::Word(word)) if !is_reserved(word) => {
                self.at += 1;
                let behind = located.map_or(0, |located| located.at.end);
                if let Some(scope) = Field::scope_of_word(word)
                    && let Some(Located { token: Token::Quoted(key), at }) = self.tokens.get(self.at)
                    && at.start == behind
                {
                    self.at += 1;
                    return Ok(Field::Attribute { scope, key: key.clone() });
                }
                Ok(Field::of_word(word))
            }
            Some(Token::Quoted(key)) => {
                self.at += 1;
                Ok(Field::Attribute { scope: crate::Scope::Any, key: key.clone() })
            }
            _ => self.wrong("write a key here, for example duration or http.route"),
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        let operator = match self.peek()? {
            Token::Sign("=") => Operator::Equal,
            Token::Sign("!=") => Operator::NotEqual,
            Token::Sign(">") => Operator::Greater,
            Token::Sign(">=") => Operator::GreaterOrEqual,
            Token::Sign("<") => Operator::Less,
            Token::Sign("<=") => Operator::LessOrEqual,
            _ => return None,
        };
        self.at += 1;
        Some(operator)
    }

    fn literal(&mut self, behind: &str) -> Found<Literal> {
        let literal = match self.peek() {
            Some(Token::Word(word)) if !is_reserved(word) => Literal::of_word(word),
            Some(Token::Quoted(text)) => Literal::of_text(text),
            Some(Token::Word(word)) => {
                let sentence = format!("write a value after {behind}, or \"{word}\" for the word");
                return self.wrong(&sentence);
            }
            _ => {
                let sentence = format!("write a value after {behind}");
                return self.wrong(&sentence);
            }
        };
        self.at += 1;
        Ok(literal)
    }

    /// Whether the token here is a value rather than the beginning of another condition.
    fn is_literal(&self, at: usize) -> bool {
        let is_compared = matches!(
            self.tokens.get(at + 1).map(|located| &located.token),
            Some(Token::Sign("=" | "!=" | ">=" | "<" | "<=" | "~" | "!~"))
        );
        let is_value = match self.tokens.get(at).map(|located| &located.token) {
            // Something is missing, and that is said.
            None => return true,
            Some(Token::Word(word)) if is_reserved(word) => return true,
            Some(Token::Word(_)) => !self.is_call(at),
            Some(Token::Quoted(_)) => true,
            _ => false,
        };
        is_value && !is_compared
    }

    fn is_call(&self, at: usize) -> bool {
        let mut two = self.tokens.iter().skip(at).map(|located| &located.token);
        matches!((two.next(), two.next()), (Some(Token::Word(word)), Some(Token::Open)) if is_call_name(word))
    }

    fn begins_operand(&self) -> bool {
        match self.peek() {
            Some(Token::Word(word)) => word.eq_ignore_ascii_case("not") || !is_reserved(word),
            Some(Token::Open | Token::Quoted(_) | Token::Regex(_)) => true,
            _ => false,
        }
    }

    fn close(&mut self, open: &Range<usize>) -> Found<()> {
        match self.peek() {
            Some(Token::Close) => {
                self.at += 1;
                Ok(())
            }
            None => Err(Diagnostic { at: open.clone(), sentence: "this parenthesis is not closed".to_owned() }),
            Some(_) => self.wrong("write ) before this"),
        }
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(is_it);
        is_it
    }

    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|located| &located.token)
    }

    /// The characters of the token here; at the end of the text none.
    fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |located| located.at.clone())
    }

    /// Where the token before this one ends.
    fn before(&self) -> usize {
        let before = self.at.checked_sub(1).and_then(|before| self.tokens.get(before));
        before.map_or(0, |located| located.at.end)
    }

    fn wrong<T>(&self, sentence: &str) -> Found<T> {
        Err(Diagnostic { at: self.here(), sentence: sentence.to_owned() })
    }

    fn note(&mut self, checked: Result<(), String>, at: Range<usize>) {
        if let Err(sentence) = checked {
            self.diagnostics.push(Diagnostic { at, sentence });
        }
    }

    /// What fits, or a stand-in where a diagnostic says why it does not.
    fn fitting(&mut self, fit: Result<Literal, String>, at: Range<usize>) -> Literal {
        fit.unwrap_or_else(|sentence| {
            self.diagnostics.push(Diagnostic { at, sentence });
            Literal::of_text("")
        })
    }
}

/// Words that stand for themselves only in quotes.
pub(crate) fn is_reserved(word: &str) -> bool {
    ["and", "or", "not", "in"].iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

/// Words that ask for something when a parenthesis follows.
pub(crate) fn is_call_name(word: &str) -> bool {
    matches!(word, "has" | "count") || Measure::ALL.iter().any(|measure| measure.name() == word)
}

fn compare(field: Field, with: Text) -> Query {
    Query::Term(Term::Compare(Comparison { field, with }))
}

fn several(mut queries: Vec<Query>, join: fn(Vec<Query>) -> Query) -> Query {
    match queries.len() {
        1 => queries.remove(0),
        _ => join(queries),
    }
}

fn has_aggregate(query: &Query) -> bool {
    match query {
        Query::Term(term) => matches!(term, Term::Aggregate(_)),
        Query::And(all) | Query::Or(all) => all.iter().any(has_aggregate),
        Query::Not(query) => has_aggregate(query),
        Query::Related(left, _, right) => has_aggregate(left) || has_aggregate(right),
        Query::Everything => false,
    }
}
