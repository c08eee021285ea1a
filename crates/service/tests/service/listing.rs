//! Searches: the list of traces, and what is made of what is found.

use api::{
    Call, ErrorCode, FacetsRequest, GroupsRequest, ScatterRequest, Search, ServiceCount, SortBy, TimeRange, TracePage,
    TraceSort, TracesRequest,
};
use service::Session;

use crate::support::{ask, import, quiet, traces};

const MORNING: &str = "
    frontend  GET /cart   [--------]       trace=1 user.id=7
      cart  GetCart         [----]         trace=1
    frontend  GET /order   [-------------]  trace=2 user.id=8
      orders  find            [--]         trace=2 error=gone
    worker  sweep           [--]           trace=3
";

fn search(query: &str) -> Search {
    Search { query: query.to_owned(), ..Search::default() }
}

/// The page of a search that has come to its end.
async fn page(session: &Session, request: TracesRequest) -> TracePage {
    let mut as_of = request.search.as_of;
    loop {
        let search = Search { as_of, ..request.search.clone() };
        let page = ask!(session, Call::Traces(TracesRequest { search, ..request.clone() }), Traces);
        if page.progress.is_over || page.rows.len() == request.count as usize {
            return page;
        }
        as_of = Some(page.as_of);
    }
}

async fn names(session: &Session, request: TracesRequest) -> Vec<String> {
    page(session, request).await.rows.into_iter().map(|row| row.root_name).collect()
}

#[tokio::test]
async fn a_search_narrows_the_list() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(MORNING)).await;
    let since = TimeRange { since_unix_nano: Some(testkit::START_UNIX_NANO + 1_000_000), until_unix_nano: None };
    for (search, expected) in [
        (search(""), vec!["sweep", "GET /order", "GET /cart"]),
        (search("count(error) > 0"), vec!["GET /order"]),
        (search("service in (cart, worker)"), vec!["sweep", "GET /cart"]),
        (search("trace.duration >= 10ms"), vec!["GET /order", "GET /cart"]),
        (Search { range: since, ..search("") }, vec!["sweep", "GET /order"]),
        (search("\"get /\""), vec!["GET /order", "GET /cart"]),
        (search("user.id = 7"), vec!["GET /cart"]),
        (search("service = frontend >> error"), vec!["GET /order"]),
        (search("user.id = 8 and cart"), vec![]),
    ] {
        let request = TracesRequest { search: search.clone(), count: 100, ..TracesRequest::default() };
        assert_eq!(names(&session, request).await, expected, "{search:?}");
    }
    let services = ask!(session, Call::Services, Services);
    assert_eq!(services[1], ServiceCount { name: "frontend".to_owned(), traces: 2 });
    let wrong = session.call(Call::Traces(TracesRequest { search: search("service ="), ..TracesRequest::default() }));
    let wrong = wrong.await.unwrap_err();
    assert_eq!(wrong.code, ErrorCode::Malformed);
    assert!(wrong.sentence.contains("at character"), "{}", wrong.sentence);
    session.stop().await;
}

#[tokio::test]
async fn a_list_has_an_order_and_columns() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(MORNING)).await;
    let sorted = |by, is_ascending| TracesRequest {
        sort: TraceSort { by, is_ascending },
        count: 100,
        ..TracesRequest::default()
    };
    for (request, expected) in [
        (sorted(SortBy::Duration, false), ["GET /order", "GET /cart", "sweep"]),
        (sorted(SortBy::Duration, true), ["sweep", "GET /cart", "GET /order"]),
        (sorted(SortBy::Spans, false), ["GET /order", "GET /cart", "sweep"]),
        (sorted(SortBy::Errors, false), ["GET /order", "sweep", "GET /cart"]),
        (sorted(SortBy::Start, true), ["GET /cart", "GET /order", "sweep"]),
    ] {
        assert_eq!(names(&session, request.clone()).await, expected, "{:?}", request.sort);
    }
    let columns = vec!["user.id".to_owned(), "service".to_owned()];
    let rows = page(&session, TracesRequest { columns, count: 100, ..TracesRequest::default() }).await.rows;
    let columns: Vec<_> = rows.into_iter().map(|row| row.columns.join_or_dash()).collect();
    assert_eq!(columns, ["- worker", "8 frontend", "7 frontend"]);
    session.stop().await;
}

trait JoinOrDash {
    fn join_or_dash(&self) -> String;
}

impl JoinOrDash for Vec<Option<String>> {
    fn join_or_dash(&self) -> String {
        self.iter().map(|value| value.as_deref().unwrap_or("-")).collect::<Vec<_>>().join(" ")
    }
}

#[tokio::test]
async fn the_list_stands_still_while_more_arrives() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(MORNING)).await;
    let before = traces(&session).await;
    import(&session, &testkit::trace("frontend  GET /late  [------------------------]  trace=4 user.id=7")).await;
    let window = |query: &str| TracesRequest {
        search: Search { as_of: Some(before.as_of), ..search(query) },
        first: 1,
        count: 1,
        ..TracesRequest::default()
    };
    let still = page(&session, window("")).await;
    assert_eq!(still.rows, before.rows[1..2]);
    assert_eq!((still.newer, still.stored, still.first), (1, 4, 1));
    let found = page(&session, window("user.id = 7")).await;
    assert_eq!((found.matching, found.newer, found.rows.len()), (1, 1, 0));
    let found = page(&session, window("user.id = 8")).await;
    assert_eq!((found.matching, found.newer), (1, 0));
    session.stop().await;
}

#[tokio::test]
async fn what_is_found_is_counted() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(MORNING)).await;
    let keys = ["service", "user.id", "status"].map(str::to_owned).to_vec();
    let facets = FacetsRequest { search: search("not name = find"), keys, most: 2 };
    let facets = ask!(session, Call::Facets(facets), Facets);
    assert!(facets.progress.is_over);
    let told = facets.facets.iter().map(|facet| {
        let values = facet.values.iter().map(|value| format!("{} {}/{}", value.query, value.failed, value.traces));
        format!("{}, {} more", values.collect::<Vec<_>>().join(", "), facet.more)
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "service = frontend 1/2, service = cart 0/1, 1 more",
            "user.id = \"7\" 0/1, user.id = \"8\" 1/1, 0 more",
            "status = unset 1/3, 0 more"
        ]
    );
    let groups = GroupsRequest { search: search(""), key: "user.id".to_owned(), most: 9 };
    let groups = ask!(session, Call::Groups(groups), Groups);
    assert_eq!((groups.groups.len(), groups.without), (2, 1));
    assert_eq!((groups.groups[1].text.as_str(), groups.groups[1].traces, groups.groups[1].failed), ("8", 1, 1));
    session.stop().await;
}

#[tokio::test]
async fn traces_over_time_and_duration() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(MORNING)).await;
    let (since, second) = (testkit::START_UNIX_NANO, 1_000_000_000);
    let range = TimeRange { since_unix_nano: Some(since), until_unix_nano: Some(since + second) };
    let request = |search| ScatterRequest { search, across: 10, up: 3, durations_nanos: (1_000_000, second) };
    let scatter = request(Search { range, ..search("service = frontend") });
    let scatter = ask!(session, Call::Scatter(scatter), Scatter);
    assert_eq!((scatter.ok, scatter.failed, scatter.others), (1, 1, 1));
    assert_eq!(scatter.range, (since, since + second));
    assert!(scatter.cells.iter().all(|cell| cell.x == 0), "{:?}", scatter.cells);
    let all = ask!(session, Call::Scatter(request(search(""))), Scatter);
    assert_eq!((all.ok, all.failed, all.range.0), (2, 1, since));
    let wrong = ScatterRequest { across: 0, ..request(search("")) };
    assert_eq!(session.call(Call::Scatter(wrong)).await.unwrap_err().code, ErrorCode::Malformed);
    session.stop().await;
}
