//! What may be written at a place of a search.

use api::{Call, CompleteRequest, CompletionKind, Completions};
use service::Session;

use crate::support::{ask, done, import, quiet};

const MORNING: &str = "
    frontend  GET /cart    [--------]      trace=1 http.request.method=GET http.status_code=200 kind=server
      cart  GetCart          [----]        trace=1 user.id=7 cache.hit=true event=miss http.status_code=200
    frontend  POST /order  [-------------] trace=2 http.request.method=POST http.status_code=503
      orders  find           [--]          trace=2 error=gone odd,key=1
    worker  sweep          [--]            trace=3 http.request.method=GET
";

/// What is offered where the text has a bar.
async fn complete(session: &Session, text: &str) -> Completions {
    let at = text.chars().position(|c| c == '|').expect("a bar") as u32;
    let request = CompleteRequest { text: text.replace('|', ""), at, most: 40 };
    loop {
        let answer = ask!(session, Call::Complete(request.clone()), Completions);
        if !answer.is_partial {
            return answer;
        }
    }
}

fn lines(answer: &Completions) -> Vec<String> {
    let line = |item: &api::Completion| {
        let spans = item.spans.map_or(String::new(), |spans| format!(" {spans}"));
        let detail = if item.detail.is_empty() { String::new() } else { format!(" ({})", item.detail) };
        format!("{:?} {}{spans}{detail}", item.kind, item.text)
    };
    answer.items.iter().map(line).collect()
}

#[tokio::test]
async fn keys_and_values_that_are_stored_are_offered() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(MORNING)).await;
    let offered = async |text: &str| lines(&complete(&session, text).await);
    for is_compacted in [false, true] {
        assert_eq!(
            offered("service = cart and HTTP|").await,
            ["TextKey http.request.method 3 (GET, POST)", "NumberKey http.status_code 3 (200, 503)"]
        );
        assert_eq!(offered("http.resp|").await, ["NumberKey http.status_code 3 (200, 503)"], "by its new name");
        assert_eq!(offered("span.ca|").await, ["BoolKey span.cache.hit 1 (true)"]);
        assert_eq!(offered("method|").await, ["TextKey http.request.method 3 (GET, POST)"]);
        assert_eq!(offered("http.response.status_code = 50|").await[0], "Value 503 1");
        assert_eq!(offered("http.request.method = |").await, ["Value GET 2", "Value POST 1"]);
        assert_eq!(offered("name = or|").await, ["Value \"POST /order\" 1"]);
        assert_eq!(offered("name in (sweep, \"ge|").await, ["Value \"GET /cart\" 1", "Value GetCart 1"]);
        assert_eq!(offered("service = |").await[0], "Value frontend 2");
        assert_eq!(offered("root.name = |").await.len(), 3);
        assert_eq!(offered("event.name = |").await, ["Value miss 1"]);
        assert_eq!(offered("kind = s|").await, ["Value server"]);
        assert_eq!(offered("odd|").await, ["NumberKey \"odd,key\" 1 (1)"]);
        assert_eq!(offered("nothing.of.the.kind|").await, Vec::<String>::new());
        if !is_compacted {
            done(&session, Call::Compact).await;
        }
    }
    session.stop().await;
}

#[tokio::test]
async fn what_is_offered_takes_the_place_of_what_was_written() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(MORNING)).await;
    let answer = complete(&session, "error and http.re|quest = 1").await;
    assert_eq!((answer.replaces, answer.items[0].text.as_str()), ((10, 22), "http.request.method"));
    let answer = complete(&session, "not error|").await;
    let condition = answer.items.iter().find(|item| item.kind == CompletionKind::Condition).expect("a condition");
    assert_eq!((answer.replaces, condition.text.as_str()), ((0, 9), "count(error) = 0"));
    let few = CompleteRequest { text: String::new(), at: 0, most: 8 };
    let answer = ask!(session, Call::Complete(few), Completions);
    let stored = answer.items.iter().filter(|item| item.spans.is_some()).count();
    assert_eq!((answer.items.len(), stored), (8, 4), "{answer:?}");
    session.stop().await;
}
