//! What queries find in drawn traces.

use expect_test::{Expect, expect};
use model::{Event, KeyValue, Link, Scope, TracesData, Value};
use testkit::trace;

use crate::traces::{compiled, decoded, spans};

/// Each query with the names of the spans that it finds.
fn check(traces: &TracesData, queries: &[&str], expected: Expect) {
    let found = |text: &&str| {
        let found = compiled(text).matching(&decoded(traces));
        let names = spans(traces).zip(found).filter(|(_, is_found)| *is_found).map(|(span, _)| span.name.clone());
        format!("{text}: {}\n", names.collect::<Vec<_>>().join(" "))
    };
    expected.assert_eq(&queries.iter().map(found).collect::<String>());
}

fn shop() -> TracesData {
    trace(
        r#"
        web   Buy      [--------------------]  kind=server http.status_code=500 user=Ana
          cart  Get     [----]                 kind=client http.response.status_code=200 size=4096
            db  Read     [--]                  db.system=redis wait=5ms
          pay   Charge        [---------]      error="card declined" http.response.status_code="500" retry=true event=exception
            bank  Ask           [-----]        error amount=8001
            bank  Log                [-]       amount=12 user=Bo
        "#,
    )
}

#[test]
fn what_every_span_has() {
    check(
        &shop(),
        &[
            "",
            "service = bank",
            "service in (cart, db)",
            "service ~ A",
            "name !~ a",
            "name = get",
            "kind = client or kind = server",
            "status = error",
            "error = false",
            "duration > 6ms and duration <= 22ms",
            "self_time >= 4ms",
            "start > -1m",
            "start >= 2026-01-01T00:00:00.008Z",
            "id = 0000000000000003",
            "id ~ 00A1",
            "scope.name = testkit scope.version = 1",
            "scope.version !~ 1",
        ],
        expect![[r#"
            : Buy Get Read Charge Ask Log
            service = bank: Ask Log
            service in (cart, db): Get Read
            service ~ A: Get Charge Ask Log
            name !~ a: Buy Get Log
            name = get: 
            kind = client or kind = server: Buy Get
            status = error: Charge Ask
            error = false: Buy Get Read Log
            duration > 6ms and duration <= 22ms: Buy Charge Ask
            self_time >= 4ms: Buy Charge
            start > -1m: Get Read Charge Ask Log
            start >= 2026-01-01T00:00:00.008Z: Ask Log
            id = 0000000000000003: Read
            id ~ 00A1: Buy Get Read Charge Ask Log
            scope.name = testkit scope.version = 1: 
            scope.version !~ 1: 
        "#]],
    );
}

#[test]
fn attributes() {
    check(
        &shop(),
        &[
            "http.response.status_code = 500",
            "http.status_code >= 500",
            "has(http.status_code)",
            "http.response.status_code != 500",
            "not http.response.status_code = 500",
            "wait = 5000us",
            "size = 4KiB",
            "retry = true",
            "user in (Ana, Bo)",
            "user !~ /^B/",
            "resource.service.name = web",
            "service.name = web",
            "span.service.name = web",
            "has(exception)",
            "event.name = exception",
            "not has(user) and not has(exception)",
            "redis",
            "BO \"12\"",
            "CEPTION",
        ],
        expect![[r#"
            http.response.status_code = 500: Buy Charge
            http.status_code >= 500: Buy Charge
            has(http.status_code): Buy Get Charge
            http.response.status_code != 500: Get
            not http.response.status_code = 500: Get Read Ask Log
            wait = 5000us: Read
            size = 4KiB: Get
            retry = true: Charge
            user in (Ana, Bo): Buy Log
            user !~ /^B/: Buy
            resource.service.name = web: Buy
            service.name = web: Buy
            span.service.name = web: 
            has(exception): Charge
            event.name = exception: Charge
            not has(user) and not has(exception): Get Read Ask
            redis: Read
            BO "12": Log
            CEPTION: Charge
        "#]],
    );
}

#[test]
fn the_trace_as_a_whole() {
    check(
        &shop(),
        &[
            "root.name = Buy and service = db",
            "root.service != web",
            "root.user = Ana error",
            "root.amount > 1",
            "trace.duration >= 22ms error",
            "trace.spans > 6",
            "trace.services = 5 error",
            "count(error) = 2 name = Get",
            "count(error) = 0",
            "count(service = bank) != 2",
            "count(service = pay >> error) = 1 name = Get",
            "max(amount) > 8000 name = Get",
            "min(amount) > 12 or avg(amount) = 4006.5 name = Get",
            "sum(duration) > 50ms name = Get",
            "sum(absent) < 5",
            "max(wait) = 5ms name = Get",
            "sum(root.amount) > 0",
        ],
        expect![[r#"
            root.name = Buy and service = db: Read
            root.service != web: 
            root.user = Ana error: Charge Ask
            root.amount > 1: 
            trace.duration >= 22ms error: Charge Ask
            trace.spans > 6: 
            trace.services = 5 error: Charge Ask
            count(error) = 2 name = Get: Get
            count(error) = 0: 
            count(service = bank) != 2: 
            count(service = pay >> error) = 1 name = Get: Get
            max(amount) > 8000 name = Get: Get
            min(amount) > 12 or avg(amount) = 4006.5 name = Get: Get
            sum(duration) > 50ms name = Get: Get
            sum(absent) < 5: 
            max(wait) = 5ms name = Get: Get
            sum(root.amount) > 0: 
        "#]],
    );
}

#[test]
fn structure() {
    check(
        &shop(),
        &[
            "service = web >> error",
            "service = web > error",
            "error >> error",
            "name = Get <> error",
            "name = Ask <> name = Ask",
            "amount > 0 <> amount > 0",
            "name = Buy <> name = Buy",
            "service = web >> service = pay > amount > 0",
            "name = Buy > (name = Get or name = Log) >> has(db.system)",
            "not service = web >> error",
        ],
        expect![[r#"
            service = web >> error: Charge Ask
            service = web > error: Charge
            error >> error: Ask
            name = Get <> error: Charge
            name = Ask <> name = Ask: 
            amount > 0 <> amount > 0: Ask Log
            name = Buy <> name = Buy: 
            service = web >> service = pay > amount > 0: Ask Log
            name = Buy > (name = Get or name = Log) >> has(db.system): Read
            not service = web >> error: Buy Get Read Log
        "#]],
    );
}

#[test]
fn odd_parents() {
    let lines = "
        a  Lost1   |  parent=ff
        a  Lost2   |  parent=ff
        a  Round1  |  id=11 parent=12
        a  Round2   |  id=12 parent=11
        a  Below   |  parent=12
        a  Self    |  id=13 parent=13
        a  Client  |  id=14 kind=client parent=none
        b  Server  |  id=14 kind=server parent=none
        b  Inner   |  parent=14
    ";
    check(
        &trace(lines),
        &[
            "name = Lost1 <> service = a",
            "name = Round1 >> service = a",
            "name = Round2 >> service = a",
            "name = Self >> service = a",
            "name = Client >> service = b",
            "name = Server > service = b",
        ],
        expect![[r#"
            name = Lost1 <> service = a: Lost2
            name = Round1 >> service = a: Round2 Below
            name = Round2 >> service = a: Below
            name = Self >> service = a: 
            name = Client >> service = b: 
            name = Server > service = b: Inner
        "#]],
    );
}

#[test]
fn where_attributes_are() {
    let mut traces = trace("a Here | n=1\na There |\na Nowhere |");
    let of_scope = &mut traces.resource_spans[0].scope_spans[0];
    of_scope.scope =
        Some(Scope { version: "2".to_owned(), attributes: vec![KeyValue::new("lib", "scoped")], ..Scope::default() });
    let twice = [KeyValue::new("n", 7), KeyValue::new("n", Value::Bytes(vec![0xab, 0x01]))];
    let of_there = &mut of_scope.spans[1];
    of_there.events = vec![
        Event { name: "first".to_owned(), attributes: twice.to_vec(), ..Event::default() },
        Event { name: "second".to_owned(), attributes: vec![KeyValue::new("n", "3")], ..Event::default() },
    ];
    of_there.links = vec![Link { attributes: vec![KeyValue::new("to", "Elsewhere")], ..Link::default() }];
    traces.resource_spans[0].resource.as_mut().unwrap().attributes.push(KeyValue::new("n", 2));
    check(
        &traces,
        &[
            "n = 1",
            "n = 2",
            "span.n = 2",
            "resource.n = 2",
            "event.n = 7 event.n = ab01 event.n = 3",
            "event.n != 7",
            "event.name != first",
            "link.to ~ else",
            "scope.version = 2 scope.lib = scoped lib = scoped",
            "scope.name != x",
            "elsewhere or SECOND",
            "scoped",
            "sum(n) = 5",
            "sum(event.n) = 10",
            "sum(resource.n) = 6",
        ],
        expect![[r#"
            n = 1: Here
            n = 2: There Nowhere
            span.n = 2: 
            resource.n = 2: Here There Nowhere
            event.n = 7 event.n = ab01 event.n = 3: There
            event.n != 7: 
            event.name != first: 
            link.to ~ else: There
            scope.version = 2 scope.lib = scoped lib = scoped: Here There Nowhere
            scope.name != x: 
            elsewhere or SECOND: There
            scoped: Here There Nowhere
            sum(n) = 5: Here There Nowhere
            sum(event.n) = 10: Here There Nowhere
            sum(resource.n) = 6: Here There Nowhere
        "#]],
    );
}
