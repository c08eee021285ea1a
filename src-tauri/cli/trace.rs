//! `trace`: one trace, assembled.

use api::Reply;
use jiff::tz::TimeZone;
use service::Reading;

use crate::{
    args::Trace,
    common::Common,
    outcome::{Outcome, expect, paint, print},
    render,
};

/// Prints the trace.
pub(crate) async fn run(common: &Common, trace: Trace) -> Outcome {
    let data_dir = service::data_dir(common.data_dir.as_deref())?;
    let assembled = expect(Reading::trace(&data_dir, trace.trace_id).await, |reply| match reply {
        Reply::Trace(assembled) => Some(assembled),
        _ => None,
    })?;
    let text = if trace.output.json {
        render::json::trace(&assembled) + "\n"
    } else {
        render::tree::tree(&assembled, &TimeZone::system(), paint())
    };
    Ok(print(&text)?)
}
