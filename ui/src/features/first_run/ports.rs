use api::{Call, ListenerState, Protocol, Reply, Status};

use crate::{
    dom::{View, view},
    reactive::{Memo, RwSignal},
    spawn,
    state::{AppState, use_app},
    transport,
    widgets::{Shape, copy_button, icon, visible},
};

/// An address that clients expect and that is not listened on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trouble {
    protocol: Protocol,
    address: String,
    sentence: String,
    /// A free address and the setting that goes with it.
    offer: Option<(String, String)>,
    /// What still works.
    consequence: String,
}

/// An address that is used in place of another, and what clients need for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Moved {
    address: String,
    setting: String,
}

/// For each protocol that has no address, what is wrong and the ways out.
pub(crate) fn ports() -> View {
    let app = use_app();
    let troubles = Memo::new(move || app.status.with(|status| status.as_ref().map(troubles).unwrap_or_default()));
    let moved = RwSignal::new(None::<Moved>);
    view! {
        {move || troubles.get().into_iter().map(|trouble| banner(app, trouble, moved)).collect::<View>()}
        {move || {
            moved
                .get()
                .map(|Moved { address, setting }| {
                    view! {
                        <div class="msg w" role="status" data-testid="port-moved">
                            {icon(Shape::Check)}
                            <span class="grow">
                                {format!("Listening on {address}. Clients need ")}
                                {setting_with_copy(setting)}
                            </span>
                            <button
                                type="button"
                                class="btn ghost"
                                title="Close"
                                aria-label="Close"
                                on:click=move |_| moved.set(None)
                            >
                                {icon(Shape::Close)}
                            </button>
                        </div>
                    }
                })
        }}
    }
}

/// A protocol is in trouble when it is listened on nowhere; its first address stands for it.
fn troubles(status: &Status) -> Vec<Trouble> {
    let name = |protocol| if protocol == Protocol::Grpc { "gRPC" } else { "HTTP" };
    let listening = |protocol| {
        let is =
            |listener: &&api::Listener| listener.protocol == protocol && listener.state == ListenerState::Listening;
        status.listeners.iter().find(is)
    };
    let mut troubles = Vec::new();
    for (protocol, other) in [(Protocol::Grpc, Protocol::Http), (Protocol::Http, Protocol::Grpc)] {
        let Some(first) = status.listeners.iter().find(|listener| listener.protocol == protocol) else { continue };
        if listening(protocol).is_some() {
            continue;
        }
        let works = listening(other).map_or_else(
            || "nothing can be received".to_owned(),
            |listener| format!("{} on {} works", name(other), listener.address),
        );
        let (sentence, offer) = match &first.state {
            ListenerState::Listening => continue,
            ListenerState::Taken { by, offer, setting } => {
                let by = by.as_deref().map_or_else(|| " by another process".to_owned(), |by| format!(" by {by}"));
                (format!("{} is taken{by}.", first.address), Some((offer.clone(), setting.clone())))
            }
            ListenerState::Failed { sentence } => (format!("{}: {sentence}.", first.address), None),
        };
        troubles.push(Trouble {
            protocol,
            address: first.address.clone(),
            sentence: visible(&sentence).into_owned(),
            offer,
            consequence: format!("{} exporters on this machine do not reach Spanscope; {works}.", name(protocol)),
        });
    }
    troubles
}

fn banner(app: AppState, trouble: Trouble, moved: RwSignal<Option<Moved>>) -> View {
    let Trouble { protocol, address, sentence, offer, consequence } = trouble;
    let again = address;
    let offered = offer.map(|(address, setting)| {
        let port = address.rsplit(':').next().unwrap_or(&address).to_owned();
        let target = Moved { address, setting: setting.clone() };
        view! {
            <button
                type="button"
                class="btn"
                data-testid="port-listen"
                on:click=move |_| listen(app, protocol, target.address.clone(), Some((target.clone(), moved)))
            >
                {format!("Listen on {port}")}
            </button>
            <span class="t2">"and set"</span>
            {setting_with_copy(setting)}
        }
    });
    view! {
        <div class="msg w port" role="alert" data-testid="port-taken">
            <span class="warn">
                {icon(Shape::Warning)}
            </span>
            <span>
                <b class="med">{sentence}</b>
                " "
                <span class="t2">{consequence}</span>
                <span class="row ways">
                    <button
                        type="button"
                        class="btn"
                        data-testid="port-retry"
                        on:click=move |_| listen(app, protocol, again.clone(), None)
                    >
                        "Try again"
                    </button>
                    {offered}
                </span>
            </span>
        </div>
    }
}

/// Has the service listen there, and says afterwards what clients need.
fn listen(app: AppState, protocol: Protocol, address: String, after: Option<(Moved, RwSignal<Option<Moved>>)>) {
    spawn(async move {
        match transport::call(Call::Listen { protocol, address }).await {
            Ok(Reply::Status(status)) => {
                app.status.set(Some(*status));
                if let Some((told, moved)) = after {
                    moved.try_set(Some(told));
                }
            }
            Ok(_) => {}
            Err(error) => app.fail(error.sentence),
        }
    });
}

/// A setting to copy.
fn setting_with_copy(setting: String) -> View {
    let text = setting.clone();
    view! {
        <code class="mono selectable setting" data-testid="port-setting">{setting}</code>
        {copy_button(move || text.clone(), "Copy the setting")}
    }
}

#[cfg(test)]
mod tests {
    use api::Listener;

    use super::*;

    #[test]
    fn a_protocol_that_listens_somewhere_is_no_trouble() {
        let taken = ListenerState::Taken {
            by: Some("otelcol (pid 48213)".to_owned()),
            offer: "127.0.0.1:4319".to_owned(),
            setting: "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4319".to_owned(),
        };
        let listener = |protocol, address: &str, state: &ListenerState| Listener {
            protocol,
            address: address.to_owned(),
            state: state.clone(),
        };
        let mut status = Status {
            listeners: vec![
                listener(Protocol::Grpc, "127.0.0.1:4317", &taken),
                listener(Protocol::Grpc, "[::1]:4317", &ListenerState::Listening),
                listener(Protocol::Http, "127.0.0.1:4318", &ListenerState::Listening),
            ],
            ..Status::default()
        };
        assert_eq!(troubles(&status), []);
        status.listeners.remove(1);
        let [trouble] = troubles(&status).try_into().expect("gRPC is in trouble");
        assert_eq!(trouble.sentence, "127.0.0.1:4317 is taken by otelcol (pid 48213).");
        assert_eq!(
            trouble.consequence,
            "gRPC exporters on this machine do not reach Spanscope; HTTP on 127.0.0.1:4318 works."
        );
    }
}
