//! An open trace.

use std::fmt::Write as _;

use api::{
    Call, ErrorCode, FoldChange, Interval, OpenedTrace, Row, RowKind, TextPart, ViewId, Viewport, ViewportRequest,
};
use expect_test::{Expect, expect};
use model::{Event, KeyValue, Link, SpanId, Value};
use service::Session;
use testkit::DrawnRow;

use crate::support::{ask, done, failure, import, import_logs, quiet};

const CHECKOUT: &str = r#"
    frontend  POST /checkout  [------------------]
      cart  GetCart             [------]             kind=client
        redis  HGETALL            [--]               db.system=redis log="42 items"
      payment  charge                   [-----]      error http.response.status_code=504 kind=client event=exception
        payment  authorize                [-]        error=declined
    cart  sweep                    |                 parent=99
"#;

async fn open(session: &Session) -> OpenedTrace {
    ask!(session, Call::OpenTrace { trace_id: testkit::TRACE_ID }, Opened)
}

async fn viewport(session: &Session, opened: &OpenedTrace) -> Viewport {
    let request = ViewportRequest {
        view: opened.view,
        first_row: 0,
        row_count: 1_000,
        from_offset_nanos: 0,
        to_offset_nanos: opened.duration_nanos as i64,
        pixels: 1_000,
    };
    ask!(session, Call::Viewport(request), Viewport)
}

fn check(opened: &OpenedTrace, viewport: &Viewport, expected: &Expect) {
    let spans = |intervals: &[Interval]| -> Vec<(i64, i64)> {
        intervals.iter().map(|one| (one.from_offset_nanos, one.to_offset_nanos)).collect()
    };
    let drawn = |row: &Row| {
        let end = row.start_offset_nanos + row.duration_nanos as i64;
        let mut note = String::new();
        if row.kind == RowKind::Missing {
            note.push_str("missing ");
        }
        if row.names_service {
            let service = row.service.map(|service| opened.services[service as usize].as_str());
            let _ = write!(note, "@{} ", service.unwrap_or_default());
        }
        if !row.is_expanded {
            let _ = write!(note, "+{} ", row.hidden_count);
        }
        if row.is_error || row.errors_below > 0 {
            let _ = write!(note, "error={:?} below={} ", row.error_text, row.errors_below);
        }
        let marks = row.events.len() + row.logs.len();
        let _ = write!(note, "{:?} marks={marks} {:?}", row.icon, row.oddities);
        DrawnRow {
            depth: row.depth,
            label: row.name.shown.clone(),
            layers: vec![
                ('-', vec![(row.start_offset_nanos, end)]),
                ('s', spans(&row.self_intervals)),
                ('#', spans(&row.critical_intervals)),
            ],
            note,
        }
    };
    let rows: Vec<DrawnRow> = viewport.rows.iter().map(drawn).collect();
    expected.assert_eq(&testkit::render(&rows, 1_000_000));
}

#[tokio::test]
async fn a_trace_is_drawn_folded_and_searched() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(CHECKOUT)).await;
    import_logs(&session, &testkit::logs(CHECKOUT)).await;
    let opened = open(&session).await;
    let view = opened.view;
    assert_eq!((opened.root_name.as_str(), opened.span_count, opened.missing_count), ("POST /checkout", 6, 1));
    assert_eq!((opened.error_count, opened.log_count, opened.row_count), (2, 1, 7));
    check(
        &opened,
        &viewport(&session, &opened).await,
        &expect![[r#"
        POST /checkout  ##---------------###  @frontend error="" below=2 None marks=0 []
          GetCart         ##----##            @cart None marks=0 []
            HGETALL         ####              @redis Database marks=1 []
          charge                  ##---##     @payment error="HTTP 504" below=1 None marks=1 []
            authorize               ###       error="declined" below=0 None marks=0 []
                             -                missing None marks=0 []
          sweep              s                @cart None marks=0 [ParentMissing]
    "#]],
    );

    let folded = ask!(session, Call::Fold { view, change: FoldChange::ToDepth(2) }, Opened);
    assert!(folded.revision > opened.revision);
    check(
        &folded,
        &viewport(&session, &folded).await,
        &expect![[r#"
        POST /checkout  ##---------------###  @frontend error="" below=2 None marks=0 []
          GetCart         ########            @cart +1 None marks=0 []
          charge                  #######     @payment +1 error="HTTP 504" below=1 None marks=1 []
                             -                missing None marks=0 []
          sweep              s                @cart None marks=0 [ParentMissing]
    "#]],
    );

    let next = |after, backwards| Call::NextError { view, after, backwards };
    let first = ask!(session, next(None, false), Found).expect("two errors");
    let second = ask!(session, next(Some(first.node), false), Found).expect("two errors");
    let around = ask!(session, next(Some(second.node), false), Found).expect("two errors");
    assert_eq!((first.ordinal, second.ordinal, around.ordinal, around.of), (1, 2, 1, 2));
    assert!(second.row_count > first.row_count && second.revision > first.revision, "its parent was unfolded");
    assert_eq!(ask!(session, next(Some(first.node), true), Found).expect("two errors").node, second.node);

    let find = |text: &str| Call::FindText { view, text: text.to_owned(), after: None, backwards: false };
    assert_eq!(ask!(session, find("REDIS"), Found).expect("service and attribute").of, 1);
    assert_eq!(ask!(session, find("nowhere"), Found), None);
    assert_eq!(ask!(session, find(" "), Found), None);
    let span_id = SpanId([0, 0, 0, 0, 0, 0, 0, 3]);
    assert!(ask!(session, Call::RevealSpan { view, span_id }, Found).is_some());

    done(&session, Call::CloseView { view }).await;
    assert_eq!(failure(&session, Call::RefreshView { view }).await, ErrorCode::ViewGone);
    session.stop().await;
}

#[tokio::test]
async fn what_arrives_later_joins_the_view_and_folds_stay() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(CHECKOUT)).await;
    let opened = open(&session).await;
    let view = opened.view;
    let cart = ask!(session, Call::FindText { view, text: "GetCart".into(), after: None, backwards: false }, Found);
    let folded =
        ask!(session, Call::Fold { view, change: FoldChange::Collapse(cart.expect("it is there").node) }, Opened);
    assert_eq!(folded.row_count, opened.row_count - 1);
    assert_eq!(ask!(session, Call::RefreshView { view }, Opened), folded, "nothing has arrived");
    import(&session, &testkit::trace("cart  late  [--]  id=99 parent=1")).await;
    let refreshed = ask!(session, Call::RefreshView { view }, Opened);
    assert_eq!((refreshed.span_count, refreshed.missing_count, refreshed.row_count), (7, 0, folded.row_count));
    assert!(refreshed.revision > folded.revision);
    session.stop().await;
}

#[tokio::test]
async fn only_the_last_views_are_kept() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(CHECKOUT)).await;
    let mut views: Vec<ViewId> = Vec::new();
    for _ in 0..9 {
        views.push(open(&session).await.view);
    }
    assert_eq!(failure(&session, Call::Span { view: views[0], node: 0 }).await, ErrorCode::ViewGone);
    assert_eq!(ask!(session, Call::Span { view: views[1], node: 0 }, Span).node, 0);
    session.stop().await;
}

#[tokio::test]
async fn the_panel_has_everything_and_the_rest_of_long_texts() {
    let (_temp, session) = quiet().await;
    let mut traces = testkit::trace("shop  pay  [--------]  error=\"no money\" amount=12\n  shop  ask  [-]");
    let span = &mut traces.resource_spans[0].scope_spans[0].spans[0];
    let start = span.start_unix_nano;
    let long = "é".repeat(5_000);
    span.attributes.push(KeyValue::new("long", long.as_str()));
    let event = |name: &str, after: u64, attributes| Event {
        name: name.to_owned(),
        time_unix_nano: start + after,
        attributes,
        ..Event::default()
    };
    let exception = vec![
        KeyValue::new("exception.type", "MoneyError"),
        KeyValue::new("exception.message", "none left"),
        KeyValue::new("exception.stacktrace", long.as_str()),
    ];
    span.events = vec![event("exception", 2_000, exception), event("tried", 1_000, Vec::new())];
    span.links = [testkit::TRACE_ID.0.to_vec(), vec![7; 16]]
        .map(|trace_id| Link { trace_id, span_id: vec![1; 8], ..Link::default() })
        .to_vec();
    import(&session, &traces).await;
    let view = open(&session).await.view;
    let detail = ask!(session, Call::Span { view, node: 0 }, Span);

    assert_eq!((detail.service_name.as_str(), detail.name.shown.as_str()), ("shop", "pay"));
    assert_eq!((detail.status_message.shown.as_str(), detail.parent_node), ("no money", None));
    assert_eq!((detail.attributes[0].key.as_str(), &detail.attributes[0].value), ("amount", &Value::Int(12)));
    assert_eq!((detail.attributes[1].is_cut, detail.attributes[1].whole_bytes), (true, 10_000));
    let names: Vec<_> = detail.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!((names, detail.events[1].since_span_start_nanos), (vec!["tried", "exception"], 2_000));
    let stack = &detail.events[1].exception.as_ref().expect("it is one")[2];
    assert_eq!(*stack, long, "a stack is shown beyond what an attribute is");
    let links: Vec<_> = detail.links.iter().map(|link| (link.is_stored, link.target.as_str())).collect();
    assert_eq!(links, [(true, "shop pay"), (false, "")]);
    assert!(detail.raw.shown.contains("\"MoneyError\""), "{}", detail.raw.shown);
    assert_eq!(ask!(session, Call::Span { view, node: 1 }, Span).parent_node, Some(0));

    let text = |part| Call::Text { view, node: 0, part };
    assert_eq!(ask!(session, text(TextPart::Attribute(1)), Text), long);
    assert_eq!(ask!(session, text(TextPart::EventAttribute(1, 2)), Text), long);
    assert_eq!(ask!(session, text(TextPart::StatusMessage), Text), "no money");
    assert_eq!(failure(&session, text(TextPart::LogBody(0))).await, ErrorCode::NotFound);
    assert_eq!(failure(&session, Call::Span { view, node: 2 }).await, ErrorCode::NotFound);
    session.stop().await;
}
