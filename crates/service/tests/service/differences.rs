//! What is different about some of the traces.

use api::{Call, Difference, Differences, DifferencesRequest, ErrorCode, Search};
use service::Session;

use crate::support::{ask, done, failure, import, quiet};

/// Traces of four tenants in a row: those of one last long and fail now and then.
fn traces() -> String {
    let trace = |number: usize| {
        let (tenant, region) = (["acme", "globex", "initech", "umbrella"][number % 4], ["eu", "us"][number % 2]);
        let is_slow = tenant == "globex";
        let bar = format!("{}[{}]", " ".repeat(number), "-".repeat(if is_slow { 40 } else { 4 + number % 3 }));
        let error =
            if is_slow && number % 8 == 1 { " error=timeout http.status_code=503" } else { " http.status_code=200" };
        let body = if is_slow { 90_000 + number * 17 } else { 100 + number * 3 };
        format!(
            "frontend  GET-/cart  {bar} trace={:x} request.id=r{number} user.number={number} sent.at={} region={region}\n  \
             cart  load  {bar} trace={:x} tenant={tenant} body.size={body} pool=main{error}\n",
            number + 1,
            1_767_225_600_000 + number,
            number + 1,
        )
    };
    (0..48).map(trace).collect()
}

async fn differences(session: &Session, query: &str, selection: &str) -> Differences {
    let mut search = Search { query: query.to_owned(), ..Search::default() };
    loop {
        let request = DifferencesRequest { search: search.clone(), selection: selection.to_owned(), most: 20 };
        let answer = ask!(session, Call::Differences(request), Differences);
        if answer.progress.is_over {
            return answer;
        }
        search.as_of = Some(answer.as_of);
    }
}

fn line(key: &Difference) -> String {
    let value = &key.values[0];
    format!(
        "{} {}: {} ({}) {} of those, {} of the others",
        key.key, key.score_ppm, value.text, value.query, value.selected, value.others
    )
}

#[tokio::test]
async fn the_slow_tenant_is_what_is_different() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(&traces())).await;
    let fresh = differences(&session, "", "trace.duration > 30ms").await;
    done(&session, Call::Compact).await;
    let told = differences(&session, "", "trace.duration > 30ms").await;
    assert_eq!((told.selected, told.others, &told.keys), (12, 36, &fresh.keys));
    expect_test::expect![[r#"
        tenant 1000000: globex (tenant = globex) 12 of those, 0 of the others
        body.size 1000000: 90000 and more (body.size >= 90000) 12 of those, 0 of the others
        region 666667: us (region = us) 12 of those, 12 of the others
        http.status_code 600000: 200 (http.status_code = 200) 6 of those, 36 of the others
        status 600000: error (status = error) 6 of those, 0 of the others
        user.number 55556: 18 to 24 (user.number >= 18 and user.number < 24) 1 of those, 5 of the others"#]]
    .assert_eq(&told.keys.iter().map(line).collect::<Vec<_>>().join("\n"));
    session.stop().await;
}

#[tokio::test]
async fn only_what_is_searched_is_compared_and_not_by_what_was_selected() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(&traces())).await;
    let told = differences(&session, "tenant in (globex, acme)", "tenant = globex and start >= 2026-01-01").await;
    assert_eq!((told.selected, told.others), (12, 12));
    let keys: Vec<&str> = told.keys.iter().map(|key| key.key.as_str()).collect();
    assert!(!keys.contains(&"tenant"), "{keys:?}");
    // The root is none of the spans that are found.
    assert!(keys.contains(&"root.region") && !keys.contains(&"region"), "{keys:?}");
    let ranges = told.keys.iter().find(|key| key.key == "body.size").expect("sizes differ");
    let sum = |of: fn(&api::DifferenceValue) -> u64| ranges.values.iter().map(of).sum::<u64>();
    assert_eq!((sum(|value| value.selected), sum(|value| value.others)), (12, 12), "{ranges:?}");
    for value in &ranges.values {
        let found = differences(&session, &format!("{} and tenant = globex", value.query), "error").await;
        assert_eq!(found.selected + found.others, value.selected, "{value:?}");
    }
    let nothing = differences(&session, "", "service = nobody").await;
    assert_eq!((nothing.selected, nothing.others, nothing.keys.len()), (0, 48, 0));
    let wrong = DifferencesRequest { selection: "duration > 5".to_owned(), ..DifferencesRequest::default() };
    assert_eq!(failure(&session, Call::Differences(wrong)).await, ErrorCode::Malformed);
    session.stop().await;
}
