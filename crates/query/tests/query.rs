//! Texts and what they mean: as the query is written out again, or where it is wrong.
#![allow(clippy::unwrap_used)]

use expect_test::{Expect, expect};
use proptest::prelude::*;
use query::{
    Aggregate, Comparison, Count, Field, Intrinsic, Literal, Measure, Operator, Query, Relation, Scope, Term, Text,
    Value, parse,
};

/// The text of a query; where there is none the text with what is wrong below it.
fn said(text: &str) -> String {
    let parsed = parse(text);
    match parsed.query {
        Some(query) => query.to_string(),
        None => parsed
            .diagnostics
            .iter()
            .map(|wrong| {
                let marks = "^".repeat(wrong.at.len().max(1));
                format!("{text}\n{}{marks} {}", " ".repeat(wrong.at.start), wrong.sentence)
            })
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn check(texts: &[&str], expected: Expect) {
    expected.assert_eq(&texts.iter().map(|text| said(text) + "\n").collect::<String>());
}

#[test]
fn what_is_understood() {
    check(
        &[
            "",
            "service = checkout and duration > 200ms and http.response.status_code >= 500",
            "name ~ \"GET /cart\"",
            r"name ~ /GET \/cart.*/ or name !~ /^db/",
            "checkout timeout",
            "\"two words\"",
            "error",
            "NOT error AND service in (a, 'b c', 3)",
            "root.name = \"POST /pay\" root.service=shop resource.host.name = a span.duration = 3",
            "kind = SERVER and status != ok",
            "span.\"odd key\" = 1 and \"another one\" > 2.5",
            "start > -15m and start < 2026-11-25T10:00:00Z and start >= now",
            "http.request.body.size > 4KB and timeout = 5s",
            "has(exception) and not has(resource.k8s.pod.name)",
            "name = 200 and code = \"200\" and code = 200",
        ],
        expect![[r#"

            service = checkout and duration > 200ms and http.response.status_code >= 500
            name ~ "GET /cart"
            name ~ /GET \/cart.*/ or name !~ /^db/
            checkout and timeout
            "two words"
            error
            not error and service in (a, "b c", "3")
            root.name = "POST /pay" and root.service = shop and resource.host.name = a and span.duration = 3
            kind = server and status != ok
            span."odd key" = 1 and "another one" > 2.5
            start > -15m and start < 2026-11-25T10:00:00Z and start >= now
            http.request.body.size > 4KB and timeout = 5s
            has(exception) and not has(resource.k8s.pod.name)
            name = "200" and code = "200" and code = 200
        "#]],
    );
}

#[test]
fn structure_and_numbers_of_the_trace() {
    check(
        &[
            "service = a >> error",
            "service = a > service = b",
            "service = a > name = b <> has(x)",
            "error > service = b",
            "service = a >> (error or duration > 1s) >> has(db.system)",
            "not service = a >> error and x = 1 or y = 2",
            "(a = 1 or b = 2) and not (c = 3 and d = 4)",
            "count(error) > 3 and count(name = \"SELECT x\") >= 10",
            "sum(duration) > 2s and max(gen_ai.usage.input_tokens) > 8000",
            "count(service = a >> error) = 0",
        ],
        expect![[r#"
            service = a >> error
            service = a > service = b
            service = a > name = b <> has(x)
            error > service = b
            service = a >> (error or duration > 1s) >> has(db.system)
            not service = a >> error and x = 1 or y = 2
            (a = 1 or b = 2) and not (c = 3 and d = 4)
            count(error) > 3 and count(name = "SELECT x") >= 10
            sum(duration) > 2s and max(gen_ai.usage.input_tokens) > 8000
            count(service = a >> error) = 0
        "#]],
    );
}

#[test]
fn what_is_wrong_and_where() {
    check(
        &[
            "duration > 200",
            "duration >",
            "duration > and error",
            "service > 3",
            "status = bad",
            "start > 15m",
            "name ~ /a",
            "name ~ /a/b",
            "error or name ~ /a(b/",
            "name = \"open",
            "(a = 1 or b = 2",
            "a = 1)",
            "and a = 1",
            "checkout >> error",
            "count(error) >> error",
            "count(error)",
            "count() > 3",
            "count(count(error) > 1) > 2",
            "sum(name) > 2",
            "has(duration)",
            "a > b >",
            "version > beta",
            "x in a",
            "x in (a b)",
            "duration ~ 2",
            "error = 3",
            "größe = 1 and duration > 7",
        ],
        expect![[r#"
            duration > 200
                       ^^^ 200 of what? write a unit: 200ms, 200s
            duration >
                      ^ write a value after >
            duration > and error
                       ^^^ write a value after >, or "and" for the word
            service > 3
                      ^ service is a text: compare it with =, != or ~
            status = bad
                     ^^^ status is one of unset, ok, error
            start > 15m
                    ^^^ for 15m ago write -15m
            name ~ /a
                   ^ this regular expression is not closed: write / at its end, or the text in quotes
            name ~ /a/b
                   ^^^^ a regular expression ends at its second slash: to find a text with slashes in it, write it in quotes
            error or name ~ /a(b/
                            ^^^^^ this is no regular expression: found open group without closing ')'
            name = "open
                   ^ this quote is not closed: write " at the end of the text
            (a = 1 or b = 2
            ^ this parenthesis is not closed
            a = 1)
                 ^ no parenthesis is open here: take this one out
            and a = 1
            ^^^ write a condition before and, or "and" to find the word
            checkout >> error
            ^^^^^^^^ a word alone cannot stand here: write name ~ checkout
            count(error) >> error
                         ^^ compare count(…) with a number: count(…) > 3
            count(error)
                        ^ compare count(…) with a number: count(…) > 3
            count() > 3
                  ^ write what is counted; all spans are trace.spans
            count(count(error) > 1) > 2
                  ^^^^^^^^^^^^^^^^ what is counted is a span: it has no count of its own
            sum(name) > 2
                ^^^^ name is no number of a span: write duration, self_time or an attribute
            has(duration)
                ^^^^^^^^ every span has duration: has(…) asks for an attribute
            a > b >
                   ^ write a condition here
            version > beta
                      ^^^^ > compares numbers: write a number, a duration (200ms) or a size (4KB) after it
            x in a
                 ^ write a list after in: in (a, b)
            x in (a b)
                    ^ write ) before this
            duration ~ 2
                     ^ duration is no text: compare it with =, > or <
            error = 3
                    ^ error is true or false: write error or error = false
            größe = 1 and duration > 7
                                     ^ 7 of what? write a unit: 7ms, 7s
        "#]],
    );
    assert!(parse(&"(".repeat(100_000)).query.is_none());
    assert!(parse(&"not ".repeat(100_000)).query.is_none());
    assert!(parse(&"a = 1 > ".repeat(100_000)).query.is_none());
}

fn field() -> impl Strategy<Value = Field> {
    let scopes = [Scope::Any, Scope::Span, Scope::Resource, Scope::Event, Scope::Link, Scope::Root];
    prop_oneof![
        prop::sample::select(Intrinsic::all().collect::<Vec<_>>()).prop_map(Field::Intrinsic),
        (prop::sample::select(scopes.to_vec()), "[a-z.]{1,8}|.{1,5}")
            .prop_map(|(scope, key)| Field::Attribute { scope, key }),
    ]
}

fn number() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<i64>().prop_map(|int| Literal { written: int.to_string(), value: Value::Int(int) }),
        (0..1_000_000_u64)
            .prop_map(|millis| Literal { written: format!("{millis}ms"), value: Value::Duration(millis * 1_000_000) }),
        (0..1_000_000_u64)
            .prop_map(|kilos| Literal { written: format!("{kilos}KB"), value: Value::Bytes(kilos * 1_000) }),
    ]
}

fn term() -> impl Strategy<Value = Query> {
    let attribute = || field().prop_filter("an attribute", |field| matches!(field, Field::Attribute { .. }));
    let text = || ".{1,9}".prop_map(|written| Literal { written, value: Value::Text });
    let orders = [Operator::Greater, Operator::GreaterOrEqual, Operator::Less, Operator::LessOrEqual];
    let compare = |field, with| Query::Term(Term::Compare(Comparison { field, with }));
    prop_oneof![
        (attribute(), prop::sample::select(orders.to_vec()), number())
            .prop_map(move |(field, operator, number)| compare(field, Text::Is(operator, number))),
        (attribute(), text()).prop_map(move |(field, text)| compare(field, Text::Is(Operator::Equal, text))),
        (attribute(), ".{1,9}", any::<bool>())
            .prop_map(move |(field, part, is_not)| compare(field, Text::Contains(part, is_not))),
        (attribute(), "([a-z/.][*]?){1,5}", any::<bool>())
            .prop_map(move |(field, regex, is_not)| compare(field, Text::Matches(regex, is_not))),
        (attribute(), prop::collection::vec(text(), 1..4)).prop_map(move |(field, all)| compare(field, Text::In(all))),
        attribute().prop_map(|field| Query::Term(Term::Has(field))),
    ]
}

fn tree() -> impl Strategy<Value = Query> {
    let word = ".{1,9}".prop_map(|word| Query::Term(Term::Word(word)));
    let sum = (prop::sample::select(vec![Measure::Sum, Measure::Avg]), number()).prop_map(|(measure, with)| {
        let of = Count::Of(measure, Field::Attribute { scope: Scope::Any, key: "tokens".to_owned() });
        Query::Term(Term::Aggregate(Aggregate { of, operator: Operator::Greater, with }))
    });
    prop_oneof![8 => term(), 1 => word, 1 => sum].prop_recursive(4, 24, 3, |inner| {
        let relations = prop::sample::select(vec![Relation::Descendant, Relation::Child, Relation::Sibling]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Query::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Query::Or),
            inner.prop_map(|query| Query::Not(Box::new(query))),
            (term(), relations, term()).prop_map(|(left, relation, right)| Query::Related(
                Box::new(left),
                relation,
                Box::new(right)
            )),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_parsed(query in tree()) {
        let text = query.to_string();
        let parsed = parse(&text);
        prop_assert_eq!(parsed.query, Some(query), "{} {:?}", text, parsed.diagnostics);
    }

    #[test]
    fn any_text_is_a_query_or_wrong_somewhere(text in "([a-z]{1,5}|[=<>~!/()\"',.]|and|or|not| |-?[0-9]{1,3}(ms|KB)?|\\PC){0,24}") {
        let parsed = parse(&text);
        prop_assert_eq!(parsed.query.is_none(), !parsed.diagnostics.is_empty());
        for wrong in &parsed.diagnostics {
            prop_assert!(wrong.at.start <= wrong.at.end && wrong.at.end <= text.chars().count() + 1);
        }
        if let Some(query) = parsed.query {
            prop_assert_eq!(parse(&query.to_string()).query, Some(query));
        }
    }
}
