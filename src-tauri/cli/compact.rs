//! `compact`: what is stored, small.

use api::{Call, Reply};
use service::Session;

use crate::{
    args::Compact,
    common::Common,
    outcome::{Failure, Outcome, expect, print},
    render::{json, quantity::bytes},
};

/// Asks the owner; where there is none, this process owns the directory for a moment.
pub(crate) async fn run(common: &Common, args: Compact) -> Outcome {
    let session = Session::start_quiet(common.options()).await?;
    let sizes = compact(&session, args.trust_clock).await;
    session.stop().await;
    let (before, after) = sizes?;
    let text = if args.output.json {
        json::compacted(before, after)
    } else {
        format!("compacted: {} on disk, before {}", bytes(after), bytes(before))
    };
    Ok(print(&format!("{text}\n"))?)
}

/// The bytes on disk before and after.
async fn compact(session: &Session, trusts_clock: bool) -> Result<(u64, u64), Failure> {
    let before = bytes_on_disk(session).await?;
    if trusts_clock {
        expect(session.call(Call::TrustClock).await, |reply| (reply == Reply::Done).then_some(()))?;
    }
    expect(session.call(Call::Compact).await, |reply| (reply == Reply::Done).then_some(()))?;
    Ok((before, bytes_on_disk(session).await?))
}

async fn bytes_on_disk(session: &Session) -> Result<u64, Failure> {
    expect(session.call(Call::Status).await, |reply| match reply {
        Reply::Status(status) => Some(status.bytes_on_disk.total),
        _ => None,
    })
}
