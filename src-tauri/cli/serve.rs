//! `serve`: the product without a window.

use api::{Call, Listener, ListenerState, Protocol, Reply, Status};
use service::Session;

use crate::{
    common::Common,
    outcome::{Failure, Outcome, expect, print, say},
    render::{
        json,
        status::{protocol_name, trouble},
    },
};

/// Receives until it is told to stop.
pub(crate) async fn run(common: &Common) -> Outcome {
    crate::common::start_log();
    let mut stop = StopSignals::listen()?;
    let session = Session::start(common.options()).await?;
    let outcome = serve(&session, common, &mut stop).await;
    session.stop().await;
    outcome
}

async fn serve(session: &Session, common: &Common, stop: &mut StopSignals) -> Outcome {
    let status = expect(session.call(Call::Status).await, |reply| match reply {
        Reply::Status(status) => Some(*status),
        _ => None,
    })?;
    if !session.is_owner() {
        let Status { data_dir, version, pid, .. } = status;
        return Err(Failure::input(format!(
            "{data_dir} is already served by Spanscope {version} (pid {pid}): see spanscope status, or choose another --data-dir"
        )));
    }
    for sentence in status.listeners.iter().filter_map(trouble) {
        say(&sentence);
    }
    if let Some(sentence) = nothing_to_receive_on(&status.listeners, common) {
        return Err(Failure::input(sentence));
    }
    print(&format!("{}\n", json::ready(&status)))?;
    stop.wait().await;
    Ok(())
}

/// Why serving would be of no use: no address of a protocol that was asked for, or none at all.
fn nothing_to_receive_on(listeners: &[Listener], common: &Common) -> Option<String> {
    let listens = |protocol| {
        listeners.iter().any(|listener| listener.protocol == protocol && listener.state == ListenerState::Listening)
    };
    for (protocol, asked) in [(Protocol::Grpc, &common.grpc), (Protocol::Http, &common.http)] {
        if !asked.is_empty() && !listens(protocol) {
            let asked = asked.join(" and ");
            return Some(format!("cannot receive {} on {asked}, so nothing is served", protocol_name(protocol)));
        }
    }
    (!listens(Protocol::Grpc) && !listens(Protocol::Http))
        .then(|| "cannot receive on any address, so nothing is served: choose others with --grpc and --http".to_owned())
}

/// What asks the process to stop: Ctrl-C, SIGTERM, and the terminal that goes away.
struct StopSignals {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl StopSignals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let [interrupt, terminate, hangup] = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Ok(Self { signals: [signal(interrupt)?, signal(terminate)?, signal(hangup)?] })
    }

    #[cfg(unix)]
    async fn wait(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn wait(&mut self) {
        // Without a handler Ctrl-C ends the process as it always does.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serving_needs_an_address_of_what_was_asked_for() {
        let listener = |protocol, is_up: bool| Listener {
            protocol,
            address: "127.0.0.1:1".into(),
            state: if is_up { ListenerState::Listening } else { ListenerState::Failed { sentence: String::new() } },
        };
        let listeners = [listener(Protocol::Grpc, true), listener(Protocol::Http, false)];
        let asked = |grpc: &[&str], http: &[&str]| Common {
            grpc: grpc.iter().copied().map(str::to_owned).collect(),
            http: http.iter().copied().map(str::to_owned).collect(),
            ..Common::default()
        };
        assert_eq!(nothing_to_receive_on(&listeners, &asked(&[], &[])), None);
        assert_eq!(nothing_to_receive_on(&listeners, &asked(&["127.0.0.1:1"], &[])), None);
        assert_eq!(
            nothing_to_receive_on(&listeners, &asked(&[], &["127.0.0.1:1"])).as_deref(),
            Some("cannot receive OTLP/HTTP on 127.0.0.1:1, so nothing is served")
        );
        assert!(nothing_to_receive_on(&listeners[1..], &asked(&[], &[])).is_some());
    }
}
