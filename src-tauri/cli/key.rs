//! `key`: what other machines need to send here.

use api::{Call, Reply, SettingsChange};
use service::Session;

use crate::{
    args::{Key, KeyChange},
    common::Common,
    outcome::{Outcome, expect, print, say},
};

/// Asks the owner; where there is none, this process owns the directory for a moment.
pub(crate) async fn run(common: &Common, key: Key) -> Outcome {
    let session = Session::start_quiet(common.options()).await?;
    let answer = session
        .call(match key.change {
            KeyChange::New => Call::NewApiKey,
            KeyChange::Off => Call::ChangeSettings(SettingsChange::ApiKeyHash(None)),
        })
        .await;
    session.stop().await;
    let text = expect(answer, |reply| match reply {
        Reply::ApiKey(key) => Some(key),
        Reply::Settings(_) => Some("there is no key any more".to_owned()),
        _ => None,
    })?;
    if matches!(key.change, KeyChange::New) {
        say("this is the only time that the key is shown; clients send it as `authorization: Bearer KEY`");
    }
    Ok(print(&format!("{text}\n"))?)
}
