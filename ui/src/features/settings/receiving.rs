use api::{FromCommandLine, Listener, ListenerState, Protocol, SettingsChange, quantity::size_text};

use super::{
    field::{Field, Outcome, field, said, write},
    key::key,
    line, section,
    state::SettingsState,
};
use crate::{
    dom::{View, view},
    reactive::{Memo, RwSignal},
    widgets::{Shape, icon, visible},
};

/// Where telemetry is taken, and from whom.
pub(super) fn receiving(state: SettingsState) -> View {
    let listeners = Memo::new(move || {
        state.app.status.with(|status| status.as_ref().map(|status| status.listeners.clone()).unwrap_or_default())
    });
    let addresses = move |protocol, from| {
        view! {
            <span class="addresses">
                {move || {
                    listeners
                        .get()
                        .iter()
                        .filter(|listener| listener.protocol == protocol)
                        .map(address)
                        .collect::<View>()
                }}
            </span>
            {move || is_from_command_line(state, from).then(|| view! { <span class="t2">"set on the command line"</span> })}
        }
    };
    section(
        state,
        "receiving",
        "On this machine alone, unless the file names other addresses: there every request needs the API key.",
        view! {
            {line("gRPC", addresses(Protocol::Grpc, FromCommandLine::Grpc))}
            {line("HTTP", addresses(Protocol::Http, FromCommandLine::Http))}
            {containers(state)}
            {field(state, Field {
                id: "hosts",
                label: "Allowed host names",
                placeholder: "none",
                note: "beside local names",
                value: |settings| settings.allowed_hosts.join(", "),
                change: |text| SettingsChange::AllowedHosts(list(&text)),
            })}
            {field(state, Field {
                id: "origins",
                label: "Allowed web pages",
                placeholder: "none",
                note: "beside pages of this machine",
                value: |settings| settings.allowed_origins.join(", "),
                change: |text| SettingsChange::AllowedOrigins(list(&text)),
            })}
            {key(state)}
            {reached(state)}
            {field(state, Field {
                id: "request",
                label: "Largest request",
                placeholder: "64 MiB",
                note: "beyond it, clients are told to send less",
                value: |settings| size_text(settings.room.request_bytes),
                change: SettingsChange::RequestSize,
            })}
            {field(state, Field {
                id: "memory",
                label: "Memory of requests",
                placeholder: "192 MiB",
                note: "of all at once; beyond it, clients wait",
                value: |settings| size_text(settings.room.memory_bytes),
                change: SettingsChange::Memory,
            })}
        },
    )
}

fn is_from_command_line(state: SettingsState, what: FromCommandLine) -> bool {
    state.read(|settings| settings.from_command_line.contains(&what))
}

/// An address and how it is.
fn address(listener: &Listener) -> View {
    let (led, word) = match &listener.state {
        ListenerState::Listening => ("led", "listening".to_owned()),
        ListenerState::Taken { by, .. } => {
            ("led w", by.as_ref().map_or_else(|| "taken".to_owned(), |by| format!("taken by {by}")))
        }
        ListenerState::Failed { sentence } => ("led e", sentence.clone()),
    };
    view! {
        <span class="row" data-testid="address">
            <span class="mono selectable">{listener.address.clone()}</span>
            <i class=led></i>
            <span class="t2">{visible(&word).into_owned()}</span>
        </span>
    }
}

fn containers(state: SettingsState) -> View {
    let outcome: Outcome = RwSignal::new(None);
    let is_on = move || state.read(|settings| settings.containers);
    view! {
        <div class="op">
            <label for="containers">"Containers"</label>
            <div class="row">
                <button
                    type="button"
                    class="toggle"
                    id="containers"
                    role="switch"
                    aria-checked=move || is_on().to_string()
                    aria-describedby="containers-said"
                    disabled=move || is_from_command_line(state, FromCommandLine::Containers)
                    data-testid="set-containers"
                    on:click=move |_| write(state, SettingsChange::Containers(!is_on()), outcome)
                ></button>
                {said("containers", "also listens on the bridges of Docker and Podman", outcome)}
            </div>
        </div>
    }
}

/// Says, for as long as it is so, that other machines can reach this one.
fn reached(state: SettingsState) -> View {
    let sentence = Memo::new(move || {
        state.app.status.with(|status| {
            let mut problems = status.iter().flat_map(|status| &status.problems);
            problems.find(|problem| problem.name == "reached_from_network").map(|problem| problem.sentence.clone())
        })
    });
    view! {
        {move || {
            sentence
                .get()
                .map(|sentence| {
                    view! {
                        <div class="msg w" role="status" data-testid="reached">
                            {icon(Shape::Warning)} <span class="grow">{visible(&sentence).into_owned()}</span>
                        </div>
                    }
                })
        }}
    }
}

/// The names in a text.
fn list(text: &str) -> Vec<String> {
    text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
