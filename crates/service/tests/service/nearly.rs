//! What nearly matches where a search finds nothing.

use api::{Call, Nearly, Search};

use crate::support::{ask, import, quiet};

const SHOP: &str = "
    frontend   GET /cart  [----------]             trace=1 tenant=acme
    frontend   GET /cart  [----------]             trace=2 tenant=globex
      checkout place           [--]                trace=2 error=declined
";

async fn nearly(session: &service::Session, query: &str) -> Vec<String> {
    let search = Search { query: query.to_owned(), ..Search::default() };
    let Nearly { meant, without } = ask!(session, Call::Nearly(search), Nearly);
    let meant = meant.into_iter().map(|meant| format!("{} -> {}: {}", meant.condition, meant.meant, meant.query));
    let without = without.into_iter().map(|one| {
        assert!(!one.is_partial, "{one:?}");
        format!("{} without {}: {}", one.traces, one.condition, one.query)
    });
    meant.chain(without).collect()
}

#[tokio::test]
async fn values_keys_and_conditions_are_named() {
    let (_temp, session) = quiet().await;
    import(&session, &testkit::trace(SHOP)).await;
    for is_compacted in [false, true] {
        if is_compacted {
            crate::support::done(&session, Call::Compact).await;
        }
        let nearly = async |query: &str| nearly(&session, query).await;
        let no: [&str; 0] = [];
        assert_eq!(nearly("service = chekout").await, ["service = chekout -> service = checkout: service = checkout"]);
        assert_eq!(nearly("tennant = acme").await, ["tennant = acme -> tenant = acme: tenant = acme"]);
        assert_eq!(nearly("tennant ~ ac").await, ["tennant ~ ac -> tenant ~ ac: tenant ~ ac"]);
        assert_eq!(nearly("service = warehouse").await, no);
        assert_eq!(nearly("").await, no);
        assert_eq!(nearly("service = checkout >> error").await, no);
        let both = [
            "tenant = acmee -> tenant = acme: tenant = acme and error",
            "1 without tenant = acmee: error",
            "0 without error: tenant = acmee",
        ];
        assert_eq!(nearly("tenant = acmee and error").await, both);
    }
    session.stop().await;
}
