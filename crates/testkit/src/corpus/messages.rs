//! What programs write into their logs: templates, and what fills them.

use super::{
    chance::{favour, long_tailed, zipf},
    services::SERVICES,
    story::{Story, uuid},
};
use crate::Random;

/// The parts of a program that write.
pub(super) const LOGGERS: [&str; 16] = [
    "http",
    "service",
    "repository",
    "client",
    "cache",
    "consumer",
    "scheduler",
    "security",
    "pool",
    "events",
    "retry",
    "startup",
    "config",
    "codec",
    "metrics",
    "shutdown",
];

const FUNCTIONS: [&str; 10] =
    ["handle", "execute", "load", "store", "publish", "poll", "refresh", "authorize", "encode", "run"];

/// A template and where in the program it stands.
pub(super) struct Message {
    pub(super) template: &'static str,
    pub(super) function: &'static str,
    pub(super) line: u64,
}

/// One of the messages of a severity (its number by fours), the usual ones most often.
pub(super) fn draw(random: &mut Random, class: i32) -> Message {
    let (first, templates) = match class {
        0 | 1 => (100, &DEBUG[..]),
        2 => (200, &INFO[..]),
        3 => (300, &WARN[..]),
        _ => (400, &ERROR[..]),
    };
    let index = zipf(random, templates.len());
    let place = first + index;
    Message {
        template: templates[index],
        function: FUNCTIONS[place % FUNCTIONS.len()],
        line: (place * 131 % 900 + 10) as u64,
    }
}

/// A template with its placeholders filled in.
pub(super) fn fill(story: &mut Story, service: usize, template: &str) -> String {
    let mut text = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        push(story, service, name, &mut text);
        rest = after;
    }
    text.push_str(rest);
    text
}

fn push(story: &mut Story, service: usize, name: &str, text: &mut String) {
    let random = &mut story.random;
    match name {
        "n" => text.push_str(&long_tailed(random, 12, 3).to_string()),
        "ms" => text.push_str(&long_tailed(random, 35, 4).to_string()),
        "bytes" => text.push_str(&long_tailed(random, 4_000, 4).to_string()),
        "percent" => text.push_str(&random.below(101).to_string()),
        "part" => text.push_str(&random.below(24).to_string()),
        "offset" => text.push_str(&(90_000_000 + random.below(10_000_000)).to_string()),
        "id" => text.push_str(&uuid(random)),
        "host" => text.push_str(SERVICES[zipf(random, SERVICES.len())].name),
        "status" => text.push_str(&favour(random, &[200_u64, 201, 404, 503]).to_string()),
        "noun" => text.push_str(favour(random, &SERVICES[service].nouns)),
        "user" => text.push_str(&story.user),
        "tenant" => text.push_str(&story.tenant),
        "order" => text.push_str(&story.order),
        "session" => text.push_str(&story.session),
        "ip" => text.push_str(&story.address),
        "region" => text.push_str(story.region),
        other => unreachable!("no placeholder is called {other}"),
    }
}

const INFO: [&str; 70] = [
    "request completed with status {status} in {ms} ms",
    "{noun} {id} loaded in {ms} ms",
    "{noun} {id} created by {user}",
    "published {noun} changed for order {order} to partition {part}",
    "consumed {n} messages from partition {part} at offset {offset}",
    "GET /v1/{noun}s/{id} {status} {bytes} bytes {ms} ms {ip}",
    "order {order} moved to state paid",
    "user {user} signed in from {ip}",
    "session {session} refreshed for {user}",
    "cache hit ratio {percent}% over {n} keys",
    "calling {host} for {noun} {id}",
    "{host} answered {status} after {ms} ms",
    "committed offsets up to {offset} on partition {part}",
    "{n} {noun}s returned for tenant {tenant}",
    "job {id} finished: {n} rows in {ms} ms",
    "job {id} started on {region}",
    "transaction {id} committed in {ms} ms",
    "feature one-click is on for {user} ({percent}% rollout)",
    "order {order} confirmed: {n} items",
    "payment for order {order} authorized in {ms} ms",
    "mail {id} handed to the relay for {user}",
    "connection pool: {n} active, {part} idle",
    "health check passed in {ms} ms",
    "token issued for {user}, expires in {n} minutes",
    "{noun} {id} updated, version {n}",
    "{noun} {id} removed by {user}",
    "indexed {n} documents in {ms} ms",
    "search returned {n} hits in {ms} ms for tenant {tenant}",
    "webhook {id} delivered to {host} with {status}",
    "uploaded {bytes} bytes as {id}",
    "rebalanced: {n} partitions assigned",
    "schema check of {noun} took {ms} ms",
    "rate {percent} of 100 for {ip}",
    "lock {id} acquired after {ms} ms",
    "lock {id} released after {ms} ms",
    "flushed {n} records ({bytes} bytes) to {region}",
    "snapshot {id} written: {bytes} bytes",
    "discount applied to order {order}: {percent}%",
    "reserved {n} pieces for order {order}",
    "label {id} printed for order {order}",
    "parcel {id} left {region}",
    "return of order {order} accepted",
    "invoice {id} sent to {tenant}",
    "plan of {user} renewed for {n} months",
    "prompt of {n} tokens answered with {part} tokens in {ms} ms",
    "tool call {id} took {ms} ms",
    "embedded {n} chunks in {ms} ms",
    "verdict on {id}: allowed with score {percent}",
    "configuration reloaded: {n} keys changed",
    "listening on port {offset}",
    "started in {ms} ms",
    "shutting down: waiting for {n} requests",
    "migration {n} applied in {ms} ms",
    "garbage collection paused {ms} ms, {bytes} bytes free",
    "warmed up {n} entries of {noun} in {ms} ms",
    "leader of {noun} is {host}",
    "lease {id} extended by {n} s",
    "exported {n} metrics in {ms} ms",
    "exported {n} spans in {ms} ms",
    "certificate expires in {n} days",
    "scaled {noun} workers to {part}",
    "tenant {tenant} switched to {region}",
    "consent of {user} recorded",
    "role of {user} changed by {tenant}",
    "audit record {id} sealed",
    "backup of {noun} finished: {bytes} bytes in {ms} ms",
    "import of {noun}s: {n} new, {part} unchanged",
    "export {id} ready: {bytes} bytes",
    "subscription {id} to {noun} opened from {ip}",
    "subscription {id} closed after {ms} ms",
];

const DEBUG: [&str; 32] = [
    "entering handler for {noun} {id}",
    "cache miss for {noun}:{tenant}:{id}",
    "statement took {ms} ms, {n} rows",
    "decoded {bytes} bytes in {ms} ms",
    "header x-request-id={id}",
    "resolved {host} to {n} addresses",
    "borrowed connection {n} of pool, waited {ms} ms",
    "retry {n} of {noun} scheduled in {ms} ms",
    "evaluated {n} flags for {user}",
    "rule {n} does not apply to order {order}",
    "mapped {n} fields of {noun}",
    "polling partition {part} from offset {offset}",
    "heartbeat to {host} in {ms} ms",
    "serialized {noun} {id} to {bytes} bytes",
    "deadline of {ms} ms left for {host}",
    "price of {n} items from cache",
    "span {n} of session {session} sampled",
    "query plan {id} reused",
    "buffer grew to {bytes} bytes",
    "compressed to {percent}% of {bytes} bytes",
    "token of {user} verified in {ms} ms",
    "read {n} rows of {noun}s at {offset}",
    "prefetching {n} {noun}s for {tenant}",
    "evicted {n} entries of {noun}",
    "timer {n} fired {ms} ms late",
    "window of {n} requests is {percent}% full",
    "state of {id} is unchanged",
    "picked shard {part} for {tenant}",
    "peer {ip} speaks version {n}",
    "skipped {n} events before {offset}",
    "queue depth {n}",
    "leaving handler after {ms} ms",
];

const WARN: [&str; 28] = [
    "slow statement: {ms} ms for {n} rows of {noun}s",
    "call to {host} took {ms} ms, limit is {n} ms",
    "retrying {host}, attempt {n}",
    "pool is {percent}% busy",
    "deprecated field used by tenant {tenant}",
    "circuit to {host} is half open",
    "message at offset {offset} of partition {part} came twice",
    "clock of {host} is {ms} ms ahead",
    "{noun} {id} not found",
    "login of {user} from unknown address {ip}",
    "lag of partition {part} is {n} messages",
    "cache is {percent}% full, evicting",
    "falling back to stale {noun} {id}",
    "body of {bytes} bytes is larger than usual",
    "rate limit reached by {ip}",
    "missing translation for {noun} in {region}",
    "order {order} has waited {n} minutes",
    "heap is {percent}% used",
    "lease {id} almost expired",
    "version conflict on {noun} {id}, retrying",
    "{n} events dropped by full buffer",
    "token of {user} expires in {n} s",
    "webhook {id} answered {status}",
    "model answer cut at {n} tokens",
    "certificate of {host} expires in {n} days",
    "unknown field in {noun} from {tenant}",
    "stock of {id} is low: {n}",
    "shutdown takes longer than {ms} ms",
];

const ERROR: [&str; 20] = [
    "request failed with 500 after {ms} ms",
    "call to {host} failed after {n} attempts",
    "could not store {noun} {id}",
    "payment for order {order} was refused",
    "deadline exceeded after {ms} ms at {host}",
    "unhandled exception in handler of {noun}",
    "message at offset {offset} of partition {part} sent to dead letters",
    "connection to {host} lost",
    "transaction {id} rolled back",
    "circuit to {host} opened",
    "{noun} {id} is corrupt at byte {bytes}",
    "job {id} failed after {ms} ms",
    "no capacity for tenant {tenant} in {region}",
    "signature of {user} does not match",
    "cannot decode {bytes} bytes from {ip}",
    "out of connections: {n} waiting",
    "mail to {user} bounced",
    "model did not answer within {ms} ms",
    "inconsistent totals of order {order}",
    "disk is {percent}% full",
];
