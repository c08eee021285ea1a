//! What to do before anything has been received: settings to copy, a sample, files.

mod ports;
mod snippets;

use api::{Call, Listener, ListenerState, Protocol, Reply, Status};

pub(crate) use self::ports::ports;
use self::snippets::{Endpoint, Snippet, snippets};
use crate::{
    dom::{View, view},
    reactive::{Memo, RwSignal},
    spawn,
    state::{AppState, use_app},
    transport,
    widgets::copy_button,
};

/// The screen of a directory that has no trace yet.
pub(crate) fn first_run() -> View {
    let app = use_app();
    let is_busy = RwSignal::new(false);
    let language = RwSignal::new("any");
    let endpoint = Memo::new(move || app.status.with(|status| status.as_ref().and_then(Endpoint::of)));
    let addresses = move || app.status.with(|status| status.as_ref().map(addresses));
    let settings = move || {
        let snippets = snippets(&endpoint.get()?);
        let tab = |snippet: &Snippet| {
            let id = snippet.id;
            view! {
                <button
                    type="button"
                    role="tab"
                    id=format!("language-{id}")
                    aria-controls="settings"
                    aria-selected=move || (language.get() == id).to_string()
                    data-testid=format!("language-{id}")
                    on:click=move |_| language.set(id)
                >
                    {snippet.title}
                </button>
            }
        };
        let tabs = snippets.iter().map(tab).collect::<View>();
        let chosen = move || {
            let snippet = snippets.iter().find(|snippet| snippet.id == language.get())?.clone();
            Some(view! {
                <div
                    role="tabpanel"
                    id="settings"
                    aria-labelledby=format!("language-{}", snippet.id)
                    data-testid=format!("snippet-{}", snippet.id)
                >
                    {snippet.steps.into_iter().map(step).collect::<View>()}
                </div>
            })
        };
        Some(view! {
            <div class="tabs" role="tablist" aria-label="Languages">{tabs}</div>
            {chosen}
        })
    };
    view! {
        <div class="welcome" data-testid="first-run">
            <div class="say">
                <h2>"Nothing received yet"</h2>
                <p>{addresses}</p>
                {settings}
                <div class="row actions">
                    <button
                        type="button"
                        class="btn"
                        disabled=is_busy
                        data-testid="load-sample"
                        on:click=move |_| load_sample(app, is_busy)
                    >
                        "Load a sample trace"
                    </button>
                    <button type="button" class="btn" data-testid="open-file" on:click=move |_| open_file(app)>
                        "Open a file…"
                    </button>
                    <span class="grow"></span>
                    <span class="t2 row" role="status" data-testid="waiting">
                        <i class="led waiting" class:o=move || endpoint.get().is_none()></i>
                        {move || if endpoint.get().is_some() { "Waiting for the first span" } else { "Not listening" }}
                    </span>
                </div>
            </div>
        </div>
    }
}

/// `Listening on 127.0.0.1:4317 (gRPC) and 127.0.0.1:4318 (HTTP).`: of each protocol the first address.
fn addresses(status: &Status) -> String {
    let of = |protocol, name: &str| {
        let is = |listener: &&Listener| listener.protocol == protocol && listener.state == ListenerState::Listening;
        status.listeners.iter().find(is).map(|listener| format!("{} ({name})", listener.address))
    };
    let all: Vec<_> = [of(Protocol::Grpc, "gRPC"), of(Protocol::Http, "HTTP")].into_iter().flatten().collect();
    if all.is_empty() {
        return "No address is listened on.".to_owned();
    }
    let hint = "A program that exports OTLP with default settings needs nothing more.";
    let is_default = status.listeners.iter().all(|listener| {
        listener.state == ListenerState::Listening
            && [":4317", ":4318"].iter().any(|port| listener.address.ends_with(port))
    });
    format!("Listening on {}.{}", all.join(" and "), if is_default { format!(" {hint}") } else { String::new() })
}

fn step((caption, text): (&'static str, String)) -> View {
    let copied = text.clone();
    view! {
        <div class="step">
            <span class="t2">{caption}</span>
            <div class="code">
                <pre class="mono selectable grow">{text.lines().map(code_line).collect::<View>()}</pre>
                {copy_button(move || copied.clone(), "Copy")}
            </div>
        </div>
    }
}

/// A line; where it sets a variable, the name and the value in the colours of keys and values.
fn code_line(line: &str) -> View {
    let Some((name, value)) = line.strip_prefix("export ").and_then(|setting| setting.split_once('=')) else {
        return view! { {line.to_owned()} "\n" };
    };
    view! {
        <span class="t3">"export "</span>
        <span class="k">{name.to_owned()}</span>
        "="
        <span class="v">{value.to_owned()}</span>
        "\n"
    }
}

fn load_sample(app: AppState, is_busy: RwSignal<bool>) {
    is_busy.set(true);
    spawn(async move {
        match transport::call(Call::LoadSample).await {
            Ok(Reply::Imported(summary)) => match summary.trace_ids.first() {
                Some(trace_id) => app.open_trace(*trace_id, None),
                None => app.fail("the sample has no trace"),
            },
            Ok(_) => {}
            Err(error) => app.fail(error.sentence),
        }
        is_busy.try_set(false);
    });
}

/// The shell shows its dialog, has the files read, and says with events what to show.
fn open_file(app: AppState) {
    spawn(async move {
        if let Err(error) = transport::shell("pick_files", &[]).await {
            app.fail(error.sentence);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listened_on_is_named() {
        let listener = |protocol, address: &str, state| Listener { protocol, address: address.to_owned(), state };
        let mut status = Status {
            listeners: vec![
                listener(Protocol::Grpc, "127.0.0.1:4317", ListenerState::Listening),
                listener(Protocol::Grpc, "[::1]:4317", ListenerState::Listening),
                listener(Protocol::Http, "127.0.0.1:4318", ListenerState::Listening),
            ],
            ..Status::default()
        };
        assert_eq!(
            addresses(&status),
            "Listening on 127.0.0.1:4317 (gRPC) and 127.0.0.1:4318 (HTTP). \
             A program that exports OTLP with default settings needs nothing more."
        );
        status.listeners[2].state = ListenerState::Failed { sentence: "no".to_owned() };
        assert_eq!(addresses(&status), "Listening on 127.0.0.1:4317 (gRPC).");
    }
}
