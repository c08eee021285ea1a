//! What may stand at the cursor, drawn as `|`.

use expect_test::{Expect, expect};
use model::Value;
use proptest::prelude::*;
use query::{Class, Completion, Field, Query, Scope, Stored, Term, Text, complete, parse, written};

fn drawn(text: &str) -> String {
    let at = text.chars().position(|c| c == '|').unwrap();
    let text = text.replace('|', "");
    let Completion { replaces, typed, offers, stored } = complete(&text, at);
    let of = |range: &std::ops::Range<usize>| text.chars().skip(range.start).take(range.len()).collect::<String>();
    let mut parts: Vec<String> = offers
        .iter()
        .map(|offer| {
            if offer.replaces == replaces {
                offer.text.clone()
            } else {
                format!("{} for {}", offer.text, of(&offer.replaces))
            }
        })
        .collect();
    parts.extend(stored.map(|stored| match stored {
        Stored::Keys(Scope::Any) => format!("keys with <{typed}>"),
        Stored::Keys(scope) => format!("keys of {} with <{typed}>", scope.prefix()),
        Stored::Values(field) => format!("values of {field} with <{typed}>"),
    }));
    format!("<{}> {}", of(&replaces), parts.join(", "))
}

fn check(texts: &[&str], expected: Expect) {
    expected.assert_eq(&texts.iter().map(|text| format!("{text}\n    {}\n", drawn(text))).collect::<String>());
}

#[test]
fn the_beginning_of_a_condition() {
    check(
        &[
            "|",
            "du|",
            "duration > 1s and D|ur",
            "error ro|",
            "resource.ho|",
            "resource.|",
            "\"odd k|",
            "span.\"odd k|ey\" = 1",
            "a = 1 or (se|",
            "count(se|",
            "a = 1 >> s|",
            "tra|",
        ],
        expect![[r#"
            |
                <> service, name, kind, status, error, duration, self_time, start, id, trace.start, trace.duration, trace.spans, trace.services, root.service, root.name, event.name, scope.name, scope.version, has(, not, count(, sum(, min(, max(, avg(, span., resource., event., link., scope., root., keys with <>
            du|
                <du> duration, keys with <du>
            duration > 1s and D|ur
                <Dur> duration, keys with <D>
            error ro|
                <ro> root.service, root.name, root., keys with <ro>
            resource.ho|
                <resource.ho> keys of resource. with <ho>
            resource.|
                <resource.> keys of resource. with <>
            "odd k|
                <"odd k> keys with <odd k>
            span."odd k|ey" = 1
                <span."odd key"> keys of span. with <odd k>
            a = 1 or (se|
                <se> service, self_time, keys with <se>
            count(se|
                <se> service, self_time, keys with <se>
            a = 1 >> s|
                <s> service, status, self_time, start, scope.name, scope.version, span., scope., keys with <s>
            tra|
                <tra> trace.start, trace.duration, trace.spans, trace.services, keys with <tra>
        "#]],
    );
}

#[test]
fn behind_a_key() {
    check(
        &[
            "service |",
            "kind |",
            "error |",
            "duration |",
            "start >|",
            "trace.spans <|",
            "http.route |",
            "checkout ti|",
            "http.route i|",
            "a !|",
            "span.\"odd key\" !|",
        ],
        expect![[r#"
            service |
                <> =, !=, ~, !~, in (
            kind |
                <> =, !=, in (
            error |
                <> =, !=, and, or, >>, >, <>
            duration |
                <> =, !=, >, >=, <, <=
            start >|
                <> -5m, -15m, -1h, -1d, now
            trace.spans <|
                <> 
            http.route |
                <> =, !=, >, >=, <, <=, ~, !~, in (, and, or
            checkout ti|
                <ti> keys with <ti>
            http.route i|
                <i> in (, id, keys with <i>
            a !|
                <!> !=, !~
            span."odd key" !|
                <!> !=, !~
        "#]],
    );
}

#[test]
fn values() {
    check(
        &[
            "service = |",
            "service = che|",
            "service = \"che|",
            "service = \"che|ckout\" and error",
            "kind = s|",
            "status in (ok, |",
            "error = |",
            "duration > 200|",
            "duration > 1.5m|",
            "start > |",
            "start > -15|",
            "timeout = 5|",
            "http.status_code = 5|00",
            "name ~ GET|",
            "name ~ /GE|",
            "name ~ /GE|T/",
            "id = |",
            "a in |",
            "a in (x|",
            "a in (x |",
        ],
        expect![[r#"
            service = |
                <> values of service with <>
            service = che|
                <che> values of service with <che>
            service = "che|
                <"che> values of service with <che>
            service = "che|ckout" and error
                <"checkout"> values of service with <che>
            kind = s|
                <s> server
            status in (ok, |
                <> unset, ok, error
            error = |
                <> true, false
            duration > 200|
                <200> 200ns, 200us, 200ms, 200s, 200m, 200h, 200d
            duration > 1.5m|
                <1.5m> 1.5ms
            start > |
                <> -5m, -15m, -1h, -1d, now
            start > -15|
                <-15> -15m, -15ns, -15us, -15ms, -15s, -15h, -15d
            timeout = 5|
                <5> 5ns, 5us, 5ms, 5s, 5m, 5h, 5d, 5B, 5KB, 5KiB, 5MB, 5MiB, 5GB, 5GiB, 5TB, values of timeout with <5>
            http.status_code = 5|00
                <500> 5ns, 5us, 5ms, 5s, 5m, 5h, 5d, 5B, 5KB, 5KiB, 5MB, 5MiB, 5GB, 5GiB, 5TB, values of http.status_code with <5>
            name ~ GET|
                <GET> values of name with <GET>
            name ~ /GE|
                <> 
            name ~ /GE|T/
                <> 
            id = |
                <> 
            a in |
                <> (
            a in (x|
                <x> values of a with <x>
            a in (x |
                <> ,, )
        "#]],
    );
}

#[test]
fn behind_a_condition() {
    check(
        &[
            "error |",
            "a = 1 |",
            "a = 1 o|",
            "(a = 1 |",
            "a = \"x\"|",
            "count(error) |",
            "count(error) > 3 |",
            "a = 1) |",
            "not error|",
            "not error |",
            "count(not error|",
        ],
        expect![[r#"
            error |
                <> =, !=, and, or, >>, >, <>
            a = 1 |
                <> and, or, >>, >, <>
            a = 1 o|
                <o> or, keys with <o>
            (a = 1 |
                <> and, or, >>, >, <>, )
            a = "x"|
                <> and, or, >>, >, <>
            count(error) |
                <> =, !=, >, >=, <, <=
            count(error) > 3 |
                <> and, or
            a = 1) |
                <> and, or, >>, >, <>
            not error|
                <error> count(error) = 0 for not error, keys with <error>
            not error |
                <> count(error) = 0 for not error, =, !=, and, or, >>, >, <>
            count(not error|
                <error> keys with <error>
        "#]],
    );
}

#[test]
fn in_parentheses() {
    check(
        &[
            "has|",
            "has(|",
            "has(exc|",
            "has(a|",
            "has(a |",
            "max(|",
            "max(du|",
            "max(duration|",
            "max(duration) > 3|",
            "sum(a) > 4|",
            "count(a = 1) > 3|",
        ],
        expect![[r#"
            has|
                <has> has(, keys with <has>
            has(|
                <> exception, span., resource., event., link., scope., root., keys with <>
            has(exc|
                <exc> exception, keys with <exc>
            has(a|
                <a> keys with <a>
            has(a |
                <> )
            max(|
                <> duration, self_time, span., resource., event., link., scope., root., keys with <>
            max(du|
                <du> duration, keys with <du>
            max(duration|
                <duration> keys with <duration>
            max(duration) > 3|
                <3> 3ns, 3us, 3ms, 3s, 3m, 3h, 3d
            sum(a) > 4|
                <4> 4ns, 4us, 4ms, 4s, 4m, 4h, 4d, 4B, 4KB, 4KiB, 4MB, 4MiB, 4GB, 4GiB, 4TB
            count(a = 1) > 3|
                <3> 
        "#]],
    );
}

#[test]
fn values_find_themselves() {
    for value in [
        Value::from("checkout"),
        Value::from("two words"),
        Value::from("200"),
        Value::from("or"),
        Value::from("a\"b\\c\n"),
        Value::from(""),
        Value::from("-15m"),
        Value::Int(-5),
        Value::Double(0.1),
        Value::Double(1e300),
        Value::Bool(true),
        Value::Bytes(vec![0, 255]),
    ] {
        let text = format!("a = {}", written(&value).unwrap());
        let query = parse(&text).query.unwrap_or_else(|| panic!("{text}"));
        let compiled = query::Compiled::new(&query, 0).unwrap();
        assert!(compiled.conditions()[0].test.value(&value), "{text} finds {value:?}");
    }
    assert_eq!(written(&Value::Array(vec![])), None);
    let key = Field::Attribute { scope: Scope::Any, key: "name".to_owned() };
    let parsed = parse(&format!("{key} = x")).query.unwrap();
    assert!(matches!(parsed, Query::Term(Term::Compare(of)) if of.field == key && matches!(of.with, Text::Is(..))));
}

proptest! {
    #[test]
    fn anywhere_in_any_text(text in "([a-z]{1,5}|[=<>~!/()\"',.\\\\]|and|or|not|has\\(|in \\(| |-?[0-9]{1,3}(ms|KB)?|span\\.|\\PC){0,16}", at in 0..40_usize) {
        let count = text.chars().count();
        let completion = complete(&text, at);
        for range in completion.offers.iter().map(|offer| &offer.replaces).chain([&completion.replaces]) {
            prop_assert!(range.start <= range.end && range.end <= count, "{:?}", completion);
        }
        prop_assert!(completion.replaces.contains(&at.min(count)) || completion.replaces.end == at.min(count));
        prop_assert!(completion.offers.iter().all(|offer| offer.class != Class::Wrong));
    }
}
