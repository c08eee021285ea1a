//! Searching in the real window: a text narrows, says where it is wrong, and is written from the values and the picture.

use std::time::Duration;

use super::{
    driver::{Desk, Window},
    path::{ANY_PORT, address, both_themes},
};
use crate::support::{eventually, fresh_dir, json_lines, post};

/// Thirty quick traces of the shop, and ten slow ones that fail: those of one tenant.
fn shop() -> Vec<u8> {
    let line = |number: usize| {
        let indent = " ".repeat(number * 10);
        match number % 4 {
            3 => format!(
                "checkout POST /checkout {indent}[{}] trace={:x} kind=server http.route=/checkout tenant=acme error=declined",
                "-".repeat(800),
                number + 1
            ),
            _ => format!(
                "frontend GET /cart {indent}[--] trace={:x} kind=server http.route=/cart tenant=globex",
                number + 1
            ),
        }
    };
    let art: Vec<String> = (0..40).map(line).collect();
    testkit::otlp_protobuf(&testkit::trace(&art.join("\n")))
}

/// Types into the box over what stands in it.
async fn search(window: &Window, text: &str) {
    let field = window.part("search").await;
    field.click().await.unwrap();
    window.script("document.querySelector('[data-testid=\"search\"]').select()").await;
    // Selected and typed over; nothing is to be typed: taken away.
    field.send_keys(if text.is_empty() { "\u{e003}" } else { text }).await.unwrap();
}

async fn written(window: &Window) -> String {
    let script = "return document.querySelector('[data-testid=\"search\"]').value";
    window.script(script).await.as_str().unwrap_or_default().to_owned()
}

async fn rows_found(window: &Window) -> String {
    window.part("found").await.text().await.unwrap().replace('\u{202f}', " ")
}

async fn rows(window: &Window) -> usize {
    let script = "return document.querySelectorAll('[data-testid=\"trace-row\"]').length";
    window.script(script).await.as_u64().unwrap_or_default() as usize
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_typed_picked_and_drawn() {
    let dir = fresh_dir();
    let desk = Desk::start();
    let window = desk.open(dir.path(), &ANY_PORT).await;
    window.resize(1440, 900).await;
    window.part("first-run").await;
    let answer = post(&address(&window, "http"), "/v1/traces", "application/x-protobuf", &shop()).unwrap();
    assert_eq!(answer.status, 200);
    window.says("[data-testid=\"found\"]", "40 traces").await;
    window.says("[data-testid=\"scatter-key\"]", "30 ok").await;
    window.says("[data-testid=\"scatter-key\"]", "10 with errors").await;

    // What begins a key is completed; what is typed then narrows by itself.
    search(&window, "serv").await;
    window.says("[data-testid=\"completion\"]", "service").await;
    assert_eq!(rows_found(&window).await, "40 traces");
    window.part("search").await.send_keys("\u{e004}").await.unwrap();
    assert_eq!(written(&window).await, "service ");
    window.part("search").await.send_keys("= checkout").await.unwrap();
    window.says("[data-testid=\"found\"]", "10 traces").await;
    window.says("[data-testid=\"scatter-key\"]", "30 do not match").await;
    window.says("[data-testid=\"trace-row\"]", "declined").await;
    assert_eq!(rows(&window).await, 10);

    // What is wrong is pointed at, and the last result stays.
    search(&window, "service = checkout and duration > 200mss").await;
    window.says("[data-testid=\"search-problem\"]", "character 35").await;
    window.says(".paint .wrong", "200mss").await;
    assert_eq!(rows(&window).await, 10);
    both_themes(&window, "search-error").await;

    // A value narrows, and is taken away again; with Alt it is left out.
    search(&window, "").await;
    window.says("[data-testid=\"found\"]", "40 traces").await;
    window.click("[data-testid=\"facet\"][data-key=\"service\"] [data-value=\"frontend\"]").await;
    window.says("[data-testid=\"found\"]", "30 traces").await;
    assert_eq!(written(&window).await, "service = frontend");
    window.find("[data-testid=\"facet-value\"][data-value=\"frontend\"][aria-pressed=\"true\"]").await;
    window.click("[data-testid=\"facet\"][data-key=\"service\"] [data-value=\"frontend\"]").await;
    window.says("[data-testid=\"found\"]", "40 traces").await;
    window
        .script(
            "document.querySelector('[data-key=\"service\"] [data-value=\"frontend\"]')\
             .dispatchEvent(new MouseEvent('click', { altKey: true, bubbles: true }))",
        )
        .await;
    window.says("[data-testid=\"found\"]", "10 traces").await;
    assert_eq!(written(&window).await, "not service = frontend");
    window.click("[data-testid=\"clear-search\"]").await;
    window.says("[data-testid=\"scatter-key\"]", "30 ok").await;

    // A box around the slow ones, in the upper half of the picture.
    window.drag("[data-testid=\"scatter-area\"]", (0.0, 0.02), (0.999, 0.5)).await;
    window.says("[data-testid=\"marked-count\"]", "10 selected, 10 with errors").await;
    both_themes(&window, "search-marked").await;

    // What tells them from the rest, and a click on it that leaves the others out.
    window.click("[data-testid=\"differences-of-marked\"]").await;
    window.says("[data-testid=\"difference\"][data-key=\"tenant\"]", "acme").await;
    both_themes(&window, "search-differences").await;
    window.click("[data-testid=\"difference\"][data-key=\"tenant\"] [data-testid=\"difference-value\"]").await;
    assert_eq!(written(&window).await, "tenant = acme");
    window.says("[data-testid=\"found\"]", "10 traces").await;
    window.click("[data-testid=\"clear-search\"]").await;
    window.says("[data-testid=\"scatter-key\"]", "30 ok").await;
    window.drag("[data-testid=\"scatter-area\"]", (0.0, 0.02), (0.999, 0.5)).await;
    window.says("[data-testid=\"marked-count\"]", "10 selected, 10 with errors").await;
    window.click("[data-testid=\"search-marked\"]").await;
    window.says("[data-testid=\"found\"]", "10 traces").await;
    assert!(written(&window).await.starts_with("trace.start >= 2026-01-01T"), "{}", written(&window).await);

    // What finds nothing says so, what may have been meant, and what to leave out.
    search(&window, "service = chekout\u{e007}").await;
    window.says("[data-testid=\"nothing-matches\"]", "Did you mean service = checkout").await;
    window.click("[data-testid=\"did-you-mean\"]").await;
    window.says("[data-testid=\"found\"]", "10 traces").await;
    search(&window, "service = checkout and service = frontend\u{e007}").await;
    window.says("[data-testid=\"nothing-matches\"]", "No trace matches").await;
    window.says("[data-testid=\"without\"]", "30").await;
    both_themes(&window, "search-nothing").await;
    window.click("[data-testid=\"without\"]").await;
    window.says("[data-testid=\"found\"]", "30 traces").await;

    // What was run is there again: the arrow up in the empty box.
    window.click("[data-testid=\"clear-search\"]").await;
    window.says("[data-testid=\"found\"]", "40 traces").await;
    search(&window, "\u{e013}").await;
    window.says("[data-testid=\"recent\"]", "service = checkout and service = frontend").await;

    // A link fills the box of the window that is open, and does nothing else.
    let second = desk.second_start(dir.path(), &["spanscope://search?q=service%20%3D%20checkout"]);
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    window.says("[data-testid=\"found\"]", "10 traces").await;
    assert_eq!(written(&window).await, "service = checkout");
    let second = desk.second_start(dir.path(), &["spanscope://search?q=%"]);
    assert_eq!(second.status.code(), Some(2), "{}", String::from_utf8_lossy(&second.stderr));

    // Several are picked, kept for ever and let go again, by key.
    window.press("\u{e00c}").await;
    window.press("\u{e015}\u{e015} \u{e008}P\u{e008}").await;
    window.find("[data-testid=\"trace-row\"] [data-testid=\"pin-trace\"][aria-checked=\"true\"]").await;
    window.says("[data-testid=\"pin-picked\"]", "Unpin").await;
    let pinned =
        || json_lines(dir.path(), &["traces", "--json"]).iter().filter(|trace| trace["pinned"] == true).count();
    assert_eq!(pinned(), 1);
    window.press("\u{e008}P\u{e008}").await;
    window.says("[data-testid=\"pin-picked\"]", "Pin").await;
    eventually("nothing pinned", Duration::from_secs(5), || (pinned() == 0).then_some(()));

    // Narrow windows lose words, never functions.
    window.press("\u{e00c}").await;
    window.resize(900, 700).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    both_themes(&window, "search-narrow").await;
    window.close().await;
}
