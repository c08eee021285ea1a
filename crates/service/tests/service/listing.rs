//! The list of traces.

use api::{Call, ServiceCount, TraceFilter, TracesRequest};
use service::Session;

use crate::support::{ask, import, quiet, traces};

const MORNING: &str = "
    frontend  GET /cart   [--------]       trace=1 user.id=7
      cart  GetCart         [----]         trace=1
    frontend  GET /order   [-------------]  trace=2 user.id=8
      orders  find            [--]         trace=2 error=gone
    worker  sweep           [--]           trace=3
";

/// Names of the roots that a filter leaves.
async fn names(session: &Session, filter: TraceFilter) -> Vec<String> {
    let request = TracesRequest { filter, count: 100, ..TracesRequest::default() };
    ask!(session, Call::Traces(request), Traces).rows.into_iter().map(|row| row.root_name).collect()
}

#[tokio::test]
async fn every_condition_narrows_the_list() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(MORNING)).await;
    let all = TraceFilter::default();
    let text = |text: &str| TraceFilter { text: text.to_owned(), ..all.clone() };
    let attribute = |key: &str, value: &str| Some((key.to_owned(), value.to_owned()));
    for (filter, expected) in [
        (all.clone(), vec!["sweep", "GET /order", "GET /cart"]),
        (TraceFilter { errors_only: true, ..all.clone() }, vec!["GET /order"]),
        (TraceFilter { services: vec!["cart".into(), "worker".into()], ..all.clone() }, vec!["sweep", "GET /cart"]),
        (TraceFilter { min_duration_nanos: Some(10_000_000), ..all.clone() }, vec!["GET /order", "GET /cart"]),
        (
            TraceFilter { since_unix_nano: Some(testkit::START_UNIX_NANO + 1_000_000), ..all.clone() },
            vec!["sweep", "GET /order"],
        ),
        (text("get /"), vec!["GET /order", "GET /cart"]),
        (text("GONE"), vec!["GET /order"]),
        (text("0000000003"), vec!["sweep"]),
        (text("user.id=7"), vec!["GET /cart"]),
        (TraceFilter { attribute: attribute("user.id", "8"), ..all.clone() }, vec!["GET /order"]),
        (TraceFilter { attribute: attribute("service.name", "orders"), ..all.clone() }, vec!["GET /order"]),
        (TraceFilter { attribute: attribute("user.id", "8"), ..text("cart") }, vec![]),
    ] {
        assert_eq!(names(&session, filter.clone()).await, expected, "{filter:?}");
    }
    let services = ask!(session, Call::Services, Services);
    assert_eq!(services[1], ServiceCount { name: "frontend".to_owned(), traces: 2 });
    session.stop().await;
}

#[tokio::test]
async fn the_list_stands_still_while_more_arrives() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(MORNING)).await;
    let before = traces(&session).await;
    import(&session, &testkit::trace("frontend  GET /late  [------------------------]  trace=4 user.id=7")).await;
    let window = |filter: TraceFilter| TracesRequest { filter, as_of: Some(before.as_of), first: 1, count: 1 };
    let still = ask!(session, Call::Traces(window(TraceFilter::default())), Traces);
    assert_eq!(still.rows, before.rows[1..2]);
    assert_eq!((still.matching, still.newer, still.stored, still.first), (3, 1, 4, 1));
    assert_eq!((still.longest_nanos, still.searchable), (before.longest_nanos, 0));
    let attribute = Some(("user.id".to_owned(), "7".to_owned()));
    let found = ask!(session, Call::Traces(window(TraceFilter { attribute, ..TraceFilter::default() })), Traces);
    assert_eq!((found.matching, found.newer, found.rows.len()), (1, 1, 0));
    assert_eq!((found.searched, found.searchable), (4, 4));
    session.stop().await;
}
