//! `status`: what the owner of the data directory says of itself.

use api::{Call, Reply};
use jiff::tz::TimeZone;
use service::Session;

use crate::{
    args::Json,
    common::Common,
    outcome::{Outcome, expect, print},
    render,
};

/// Asks the owner; where there is none, this process owns the directory for a moment.
pub(crate) async fn run(common: &Common, output: Json) -> Outcome {
    let session = Session::start_quiet(common.options()).await?;
    let answer = session.call(Call::Status).await;
    session.stop().await;
    let status = expect(answer, |reply| match reply {
        Reply::Status(status) => Some(*status),
        _ => None,
    })?;
    let text = if output.json {
        render::json::status(&status) + "\n"
    } else {
        render::status::lines(&status, &TimeZone::system())
    };
    Ok(print(&text)?)
}
