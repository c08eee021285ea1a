//! `spans`: the spans that a search finds, those of the newest traces first.

use api::{Call, FoundSpans, Reply, SpansRequest, query};
use jiff::tz::TimeZone;
use service::Reading;

use crate::{
    args::Spans,
    common::Common,
    outcome::{Failure, Outcome, expect, is_terminal, paint, print, say},
    render::{self, quantity::group},
    traces,
};

/// Traces asked for at a time.
const PAGE: u32 = 50;

/// Spans on a terminal where no limit is given.
const TERMINAL_LIMIT: u64 = 50;

/// Prints the spans that a search finds.
pub(crate) async fn run(common: &Common, spans: Spans) -> Outcome {
    let options = common.options();
    if let Some(wrong) = query::parse(&spans.found.query.join(" ")).diagnostics.first() {
        return Err(Failure::input(format!("the search, at character {}: {}", wrong.at.start + 1, wrong.sentence)));
    }
    let mut search = traces::search(&spans.found, Vec::new(), (options.now)());
    let is_list = !spans.output.json && is_terminal();
    let limit = spans.found.limit.unwrap_or(if is_list { TERMINAL_LIMIT } else { u64::MAX });
    let reading = Reading::open(&service::data_dir(common.data_dir.as_deref())?, options.now).await?;
    let (paint, zone) = (paint(), TimeZone::system());
    let (mut printed, mut first) = (0_u64, 0);
    loop {
        let request = SpansRequest { search: search.clone(), first, count: PAGE };
        let found = expect(reading.call(Call::Spans(request)).await, |reply| match reply {
            Reply::Spans(found) => Some(found),
            _ => None,
        })?;
        let FoundSpans { as_of, traces, matching, progress, spans: found } = found;
        search.as_of = Some(as_of);
        first += traces;
        for (trace_id, span) in &found {
            if printed == limit {
                say(&format!("{} spans, and there are more; --limit takes another number", group(printed)));
                return Ok(());
            }
            if printed == 0 && !spans.output.json {
                print(&(render::traces::head_of_spans(paint) + "\n"))?;
            }
            let line = match spans.output.json {
                true => render::json::span(*trace_id, span),
                false => render::traces::span(*trace_id, span, &zone, paint),
            };
            print(&(line + "\n"))?;
            printed += 1;
        }
        let has_all = u64::from(first) >= matching;
        if progress.is_full && has_all {
            // Another search goes on where this one ended.
            search.range.until_unix_nano = progress.reached_unix_nano.map(|next| next.saturating_add(1));
            first = 0;
        } else if progress.is_over && has_all {
            return if printed == 0 { Err(Failure::nothing("no span matches")) } else { Ok(()) };
        }
    }
}
