//! A disk that hangs for a while.

use std::{
    thread,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::{ExportMetricsServiceRequest, metrics_service_client::MetricsServiceClient},
    metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric},
};

use super::disk::{Disk, Fault, Of};
use crate::{
    kills::{load::Load, outcome},
    support::{Serve, eventually},
};

/// How long it hangs.
const STALL: Duration = Duration::from_secs(8);
/// How soon every request is answered.
const ANSWER: Duration = Duration::from_secs(5);
/// gRPC's code for what is to be sent again.
const UNAVAILABLE: i32 = 14;
/// How soon a call is answered that only looks.
const LOOK: Duration = Duration::from_secs(1);

#[test]
fn a_stall_is_answered_and_stops_no_window() {
    let disk = Disk::new();
    let serve = disk.serve("200");
    let load = Load::default();
    load.while_it_lives(&serve.http.clone(), || {
        thread::sleep(Duration::from_millis(500));
        let trace = serve.json(&["traces", "--json", "--limit", "1"]).remove(0);
        disk.fail(Fault::Stall, Of::Everything);
        let begun = Instant::now();
        eventually("a stall", ANSWER, || (disk.struck() > 0).then_some(()));
        is_refused_over_grpc(&serve);
        while begun.elapsed() < STALL {
            looks(&serve, trace["trace_id"].as_str().unwrap());
            thread::sleep(Duration::from_millis(500));
        }
        assert!(load.refused() > 0);
        disk.heal();
        let before = load.acknowledged().len();
        eventually("an acknowledgement", ANSWER, || (load.acknowledged().len() > before + 10).then_some(()));
        outcome::ledgers(&serve);
        serve.kill();
    });
    assert!(load.slowest() < ANSWER, "answered within {:?}", load.slowest());
    outcome::check(disk.dir(), &load);
}

/// A request over gRPC is answered in time, and told when to come again.
fn is_refused_over_grpc(serve: &Serve) {
    let point = NumberDataPoint { time_unix_nano: 1, ..NumberDataPoint::default() };
    let data = Some(metric::Data::Gauge(Gauge { data_points: vec![point] }));
    let metrics = vec![Metric { name: "stalled".to_owned(), data, ..Metric::default() }];
    let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
    let resource_metrics = vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }];
    let request = ExportMetricsServiceRequest { resource_metrics };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let refused = runtime.block_on(async {
        let mut client = MetricsServiceClient::connect(format!("http://{}", serve.grpc)).await.unwrap();
        client.export(request).await.unwrap_err()
    });
    assert!(begun.elapsed() < ANSWER, "answered within {:?}", begun.elapsed());
    assert_eq!(refused.code() as i32, UNAVAILABLE, "{refused}");
    assert!(refused.metadata().get_bin("google.rpc.retryinfo-bin").is_some(), "{refused:?}");
}

/// What a window and a second terminal ask for.
fn looks(serve: &Serve, trace_id: &str) {
    for args in [&["status", "--json"][..], &["traces", "--json", "--limit", "5"], &["trace", trace_id, "--json"]] {
        let begun = Instant::now();
        assert!(!serve.json(args).is_empty());
        assert!(begun.elapsed() < LOOK, "{args:?} took {:?}", begun.elapsed());
    }
}
