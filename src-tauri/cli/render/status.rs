//! `status` for people.

use api::{
    Ledger, Listener, ListenerState, PendingDeletion, Protocol, Refused, Retention, Sampling, ServiceLedger,
    ServiceSize, SignalLedger, Sizes, Status,
    quantity::{age_text, size_text},
    sampling::{environments_text, ratio_text},
};

use jiff::tz::TimeZone;

use super::{
    quantity::{bytes, count, group, moment},
    text::line,
};

/// The columns of the ledger by service.
const COLUMNS: [&str; 8] = ["service", "received", "stored", "duplicate", "sampled out", "rejected", "let go", "kept"];
/// So many of the services that sent most have a line of it.
const MOST_SERVICES: usize = 20;
/// So many of the largest services are named.
const MOST_SIZES: usize = 5;

/// The status on a few lines.
pub(crate) fn lines(status: &Status, zone: &TimeZone) -> String {
    let mut out = format!("data      {}\n", line(&status.data_dir, 4_096));
    match status.listeners.as_slice() {
        [] => out.push_str("receives  nothing: no process serves this directory\n"),
        listeners => {
            out.push_str(&format!("owner     Spanscope {}, pid {}\n", line(&status.version, 100), status.pid));
            for listener in listeners {
                out.push_str(&format!("receives  {}\n", address(listener)));
            }
        }
    }
    let sizes = &status.bytes_on_disk;
    out.push_str(&format!("keeps     {}, {}\n", count(status.traces, "trace"), bytes(sizes.total)));
    out.push_str(&taken(&status.sizes));
    let Retention { ordinary_seconds, error_seconds, cap_bytes } = status.retention;
    let [ordinary, errors] = [ordinary_seconds, error_seconds].map(age_text);
    out.push_str(&format!("for       {ordinary}, {errors} with an error, at most {}\n", size_text(cap_bytes)));
    out.push_str(&format!("thins     {}\n", thinned(&status.sampling)));
    if let Some(PendingDeletion { selected, seconds_left }) = status.deletion {
        let [traces, spans] = [(selected.traces, "trace"), (selected.spans, "span")].map(|(n, what)| count(n, what));
        out.push_str(&format!("deletes   {traces}, {spans} in {seconds_left} s\n"));
    }
    let Ledger { spans, logs, metric_points, turned_away, services, refused, .. } = &status.ledger;
    for (name, signal) in [("spans", spans), ("logs", logs), ("points", metric_points)] {
        out.push_str(&format!("{name:<9} {}\n", ledger(signal)));
    }
    out.push_str(&by_service(services));
    for (reason, turned) in turned_away {
        let requests = count(turned.requests, "request");
        out.push_str(&format!("refused   {requests}, {}: {}\n", bytes(turned.bytes), line(reason, 100)));
    }
    for refused in refused {
        out.push_str(&format!("          {}\n", last(refused, zone)));
    }
    for problem in &status.problems {
        out.push_str(&format!("problem   {}: {}\n", line(&problem.sentence, 1_000), line(&problem.remedy, 1_000)));
    }
    out
}

/// What keeps an address from being listened on, and what to do; `None` where it is listened on.
pub(crate) fn trouble(listener: &Listener) -> Option<String> {
    let Listener { protocol, address, state } = listener;
    let what = format!("{} on {}", protocol_name(*protocol), line(address, 200));
    match state {
        ListenerState::Listening => None,
        ListenerState::Taken { by, offer, setting } => {
            let by = by.as_deref().map_or_else(|| "another process".to_owned(), |by| line(by, 200));
            let option = option_name(*protocol);
            Some(format!(
                "{what}: the port is taken by {by}; {option} {} is free, and clients then need {}",
                line(offer, 200),
                line(setting, 200)
            ))
        }
        ListenerState::Failed { sentence } => Some(format!("{what}: {}", line(sentence, 1_000))),
    }
}

/// The protocol as people say it.
pub(crate) fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Grpc => "OTLP/gRPC",
        Protocol::Http => "OTLP/HTTP",
    }
}

/// The option that chooses addresses of this protocol.
fn option_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Grpc => "--grpc",
        Protocol::Http => "--http",
    }
}

fn address(listener: &Listener) -> String {
    trouble(listener)
        .unwrap_or_else(|| format!("{} on {}", protocol_name(listener.protocol), line(&listener.address, 200)))
}

/// What takes the space.
fn taken(sizes: &Sizes) -> String {
    let mut out = String::new();
    for ServiceSize { service, signal, items, bytes: size } in sizes.services.iter().take(MOST_SIZES) {
        let what = signal.noun().trim_end_matches('s').replace('_', " ");
        out.push_str(&format!("          {}: {}, {}\n", line(service, 100), count(*items, &what), bytes(*size)));
    }
    if sizes.services.len() > MOST_SIZES {
        let more = sizes.services.len() - MOST_SIZES;
        out.push_str(&format!("          and {more} more: see --json\n"));
    }
    for (size, what) in [(sizes.pinned_bytes, "of pinned traces"), (sizes.waiting_bytes, "not yet compacted")] {
        if size > 0 {
            out.push_str(&format!("          {} {what}\n", bytes(size)));
        }
    }
    out
}

/// What became of what each service sent, all signals together.
fn by_service(services: &[ServiceLedger]) -> String {
    if services.is_empty() {
        return String::new();
    }
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    for of in services.iter().take(MOST_SERVICES) {
        let sum =
            |count: fn(&SignalLedger) -> u64| group(count(&of.spans) + count(&of.logs) + count(&of.metric_points));
        let lost = |signal: &SignalLedger| signal.expired + signal.evicted + signal.deleted;
        rows.push([
            line(&of.service, 60),
            sum(|signal| signal.received),
            sum(|signal| signal.stored),
            sum(|signal| signal.duplicate),
            sum(|signal| signal.sampled_out),
            sum(SignalLedger::rejected_in_all),
            sum(lost),
            sum(|signal| signal.kept),
        ]);
    }
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..COLUMNS.len()).map(|column| width(column).unwrap_or_default()).collect();
    let mut out = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("  {cell:>width$}"),
        });
        out.push_str(&format!("          {}\n", cells.collect::<String>()));
    }
    if services.len() > MOST_SERVICES {
        out.push_str(&format!("          and {} more: see --json\n", services.len() - MOST_SERVICES));
    }
    out
}

/// The last that was refused for a reason.
fn last(refused: &Refused, zone: &TimeZone) -> String {
    let Refused { reason, is_request: _, at_unix_nano, sender, sentence, service, name } = refused;
    let mut out = format!("last {}: {} ({}", line(reason, 100), line(sentence, 600), moment(*at_unix_nano, zone));
    for (what, text) in [("from", sender), ("of", service), ("named", name)] {
        if !text.is_empty() {
            out.push_str(&format!(", {what} {}", line(text, 100)));
        }
    }
    out + ")"
}

/// What sampling leaves, in which environments.
fn thinned(sampling: &Sampling) -> String {
    if !sampling.is_on || sampling.environments.is_empty() {
        return "nothing".to_owned();
    }
    let kept = line(&environments_text(&sampling.environments), 200);
    let high = ratio_text(sampling.high_volume_ratio);
    format!("down to {kept}; {high} beyond {} traces an hour of one operation", group(sampling.high_volume_over))
}

fn ledger(signal: &SignalLedger) -> String {
    let SignalLedger { received, stored, duplicate, sampled_out, rejected, expired, evicted, deleted, kept } = signal;
    let mut out = format!("{} received = {} stored", group(*received), group(*stored));
    for (number, word) in [(*duplicate, "duplicate"), (*sampled_out, "sampled out")] {
        if number > 0 {
            out.push_str(&format!(" + {} {word}", group(number)));
        }
    }
    for (reason, number) in rejected {
        out.push_str(&format!(" + {} rejected ({})", group(*number), line(reason, 100)));
    }
    if kept != stored {
        out.push_str(&format!("; {} kept = {} stored", group(*kept), group(*stored)));
        for (number, word) in [(*expired, "expired"), (*evicted, "evicted"), (*deleted, "deleted")] {
            if number > 0 {
                out.push_str(&format!(" - {} {word}", group(number)));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use api::{BytesOnDisk, Problem, Selected, TurnedAway, model::Signal};
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_status_with_everything() {
        let listeners = vec![
            Listener { protocol: Protocol::Grpc, address: "127.0.0.1:4317".into(), state: ListenerState::Listening },
            Listener {
                protocol: Protocol::Http,
                address: "127.0.0.1:4318".into(),
                state: ListenerState::Taken {
                    by: Some("otelcol (pid 48213)".into()),
                    offer: "127.0.0.1:4320".into(),
                    setting: "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4320".into(),
                },
            },
        ];
        let spans = SignalLedger {
            received: 12_345,
            stored: 12_340,
            duplicate: 3,
            expired: 300,
            deleted: 40,
            kept: 12_000,
            rejected: [("span_id_zero".to_owned(), 2)].into(),
            ..SignalLedger::default()
        };
        let turned_away = [("undecodable".to_owned(), TurnedAway { requests: 1, bytes: 17 })].into();
        let service = |name: &str, spans: &SignalLedger| ServiceLedger {
            service: name.into(),
            spans: spans.clone(),
            ..ServiceLedger::default()
        };
        let services = vec![service("checkout", &spans), service("a\u{1b}", &SignalLedger::default())];
        let refused = vec![Refused {
            reason: "span_id_zero".into(),
            is_request: false,
            at_unix_nano: 1_767_225_600_000_000_000,
            sender: "127.0.0.1:5000".into(),
            sentence: "span id is all zeros".into(),
            service: "checkout".into(),
            name: "GET /".into(),
        }];
        let status = Status {
            version: "0.1.0".into(),
            pid: 7,
            data_dir: "/data\u{1b}[2J".into(),
            listeners,
            traces: 1,
            ledger: Ledger { spans: spans.clone(), turned_away, services, refused, ..Ledger::default() },
            bytes_on_disk: BytesOnDisk { total: 1_500_000, ..BytesOnDisk::default() },
            sizes: Sizes {
                services: (0..7)
                    .map(|number| ServiceSize {
                        service: format!("service-{number}"),
                        signal: Signal::ALL[number % 3],
                        items: 1 << (20 - number),
                        bytes: 1 << (26 - 2 * number),
                    })
                    .collect(),
                pinned_bytes: 41_000,
                waiting_bytes: 0,
            },
            retention: Retention { ordinary_seconds: 604_800, error_seconds: 2_592_000, cap_bytes: 5_000_000_000 },
            sampling: Sampling {
                is_on: true,
                environments: vec![("production".into(), 0.1)],
                high_volume_ratio: 0.01,
                high_volume_over: 1_000,
                ..Sampling::default()
            },
            deletion: Some(PendingDeletion {
                selected: Selected { traces: 2, spans: 9, ..Selected::default() },
                seconds_left: 7,
            }),
            problems: vec![Problem {
                name: "port_taken".into(),
                sentence: "a port is taken".into(),
                remedy: "use another".into(),
            }],
            ..Status::default()
        };
        expect![[r#"
            data      /data\u{1b}[2J
            owner     Spanscope 0.1.0, pid 7
            receives  OTLP/gRPC on 127.0.0.1:4317
            receives  OTLP/HTTP on 127.0.0.1:4318: the port is taken by otelcol (pid 48213); --http 127.0.0.1:4320 is free, and clients then need OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4320
            keeps     1 trace, 1.5 MB
                      service-0: 1 048 576 spans, 67.1 MB
                      service-1: 524 288 logs, 16.7 MB
                      service-2: 262 144 metric points, 4.1 MB
                      service-3: 131 072 spans, 1.0 MB
                      service-4: 65 536 logs, 262.1 kB
                      and 2 more: see --json
                      41.0 kB of pinned traces
            for       7 days, 30 days with an error, at most 5 GB
            thins     down to production 10 %; 1 % beyond 1 000 traces an hour of one operation
            deletes   2 traces, 9 spans in 7 s
            spans     12 345 received = 12 340 stored + 3 duplicate + 2 rejected (span_id_zero); 12 000 kept = 12 340 stored - 300 expired - 40 deleted
            logs      0 received = 0 stored
            points    0 received = 0 stored
                      service   received  stored  duplicate  sampled out  rejected  let go    kept
                      checkout    12 345  12 340          3            0         2     340  12 000
                      a\u{1b}          0       0          0            0         0       0       0
            refused   1 request, 17 B: undecodable
                      last span_id_zero: span id is all zeros (2026-01-01 00:00:00.000, from 127.0.0.1:5000, of checkout, named GET /)
            problem   a port is taken: use another
        "#]].assert_eq(&lines(&status, &TimeZone::UTC));
        expect![[r#"
            data      /data
            receives  nothing: no process serves this directory
            keeps     0 traces, 0 B
            for       0 seconds, 0 seconds with an error, at most 0 B
            thins     nothing
            spans     0 received = 0 stored
            logs      0 received = 0 stored
            points    0 received = 0 stored
        "#]]
        .assert_eq(&lines(&Status { data_dir: "/data".into(), ..Status::default() }, &TimeZone::UTC));
    }
}
