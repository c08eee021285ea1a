//! `pin` and `unpin`: what age and size do not reach.

use api::{Call, Reply};
use service::Session;

use crate::{
    args::Pin,
    common::Common,
    outcome::{Outcome, expect, print},
};

/// Asks the owner; where there is none, this process owns the directory for a moment.
pub(crate) async fn run(common: &Common, pin: &Pin, is_pinned: bool) -> Outcome {
    let session = Session::start_quiet(common.options()).await?;
    let answer = session.call(Call::Pin { trace_id: pin.trace_id, is_pinned }).await;
    session.stop().await;
    expect(answer, |reply| (reply == Reply::Done).then_some(()))?;
    let done = if is_pinned { "is kept for ever" } else { "goes with its age again" };
    Ok(print(&format!("trace {} {done}\n", pin.trace_id))?)
}
