use api::{Call, Reply, Selected, Selection, quantity::parse_age_seconds};

use reactive_graph::owner::expect_context;

use crate::{
    dom::{View, typed, view},
    features::traces::TracesState,
    reactive::{Memo, RwSignal},
    spawn,
    state::AppState,
    transport,
    widgets::{count, time, visible},
};

/// What can be chosen by: a word for it, and an example.
const KINDS: [(&str, &str); 3] = [("Service", "load-test"), ("Older than", "3 days"), ("Trace", "32 hex digits")];

/// What is known of what was chosen.
#[derive(Clone)]
enum Known {
    Nothing,
    /// It is being counted or deleted.
    Busy,
    Wrong(String),
    Counted(Selection, Selected),
}

/// Chooses what to delete, counts it, and announces that once it is confirmed.
pub(super) fn deletion(app: AppState) -> View {
    let kind = RwSignal::new(0_usize);
    let text = RwSignal::new(String::new());
    let known = RwSignal::new(Known::Nothing);
    let traces: TracesState = expect_context();
    let is_busy = move || matches!(known.get(), Known::Busy);
    let count_it = move || match selection(kind.get_untracked(), text.get_untracked().trim()) {
        Ok(selection) => {
            ask(Call::Select(selection.clone()), known, move |selected| Known::Counted(selection, selected))
        }
        Err(sentence) => known.set(Known::Wrong(sentence)),
    };
    let choice = move |(index, (word, _)): (usize, (&'static str, &'static str))| {
        view! {
            <button
                type="button"
                class="btn"
                role="radio"
                aria-checked=move || (kind.get() == index).to_string()
                data-testid=format!("delete-by-{index}")
                on:click=move |_| {
                    kind.set(index);
                    known.set(Known::Nothing);
                }
            >
                {word}
            </button>
        }
    };
    view! {
        <div class="deletion" data-testid="deletion">
            <div class="row">
                <span class="btns" role="radiogroup" aria-label="What to delete">
                    {KINDS.into_iter().enumerate().map(choice).collect::<View>()}
                </span>
                <span class="field grow" class:bad=move || matches!(known.get(), Known::Wrong(_))>
                    <input
                        type="text"
                        aria-label=move || KINDS[kind.get()].0
                        placeholder=move || KINDS[kind.get()].1
                        spellcheck="false"
                        autocomplete="off"
                        list="services"
                        data-testid="delete-what"
                        prop:value=text
                        on:input=move |event: web_sys::Event| {
                            text.set(typed(&event));
                            known.set(Known::Nothing);
                        }
                        on:keydown=move |event: web_sys::KeyboardEvent| {
                            if event.key() == "Enter" {
                                count_it();
                            }
                        }
                    />
                    {move || (kind.get() == 0).then(|| services(app))}
                </span>
                <button type="button" class="btn" disabled=is_busy data-testid="delete-count" on:click=move |_| count_it()>
                    "Count"
                </button>
            </div>
            <div class="row" role="status" data-testid="delete-said">
                {move || match known.get() {
                    Known::Nothing => {
                        view! { <span class="t2">"Counted first, deleted ten seconds after you confirm"</span> }
                    }
                    Known::Busy => view! { <span class="t2">"One moment…"</span> },
                    Known::Wrong(sentence) => view! { <span class="err">{visible(&sentence).into_owned()}</span> },
                    Known::Counted(_, selected) if selected.is_empty() => {
                        view! { <span class="t2">"Nothing matches"</span> }
                    }
                    Known::Counted(selection, selected) => {
                        view! {
                            <span class="grow"><b>{in_words(&selected)}</b>" would be gone for good"</span>
                            <button
                                type="button"
                                class="btn primary"
                                data-testid="delete-confirm"
                                on:click=move |_| {
                                    ask(Call::DeleteSoon(selection.clone()), known, move |_| {
                                        // The list is read anew when it is shown next.
                                        traces.forget();
                                        Known::Nothing
                                    });
                                }
                            >
                                "Delete"
                            </button>
                            <button type="button" class="btn" on:click=move |_| known.set(Known::Nothing)>
                                "Cancel"
                            </button>
                        }
                    }
                }}
            </div>
        </div>
    }
}

/// What is about to be deleted, with the way back.
pub(super) fn announced(app: AppState) -> View {
    let pending = Memo::new(move || app.status.with(|status| status.as_ref().and_then(|status| status.deletion)));
    let is_pending = Memo::new(move || pending.get().is_some());
    // Said aloud once; the seconds are for the eye.
    let selected = Memo::new(move || pending.get().map(|pending| pending.selected));
    let sentence = move || selected.get().map(|selected| format!("{} will be deleted", in_words(&selected)));
    let seconds = move || pending.get().map(|pending| format!(" in {} s", pending.seconds_left));
    let undo = move |_| {
        spawn(async move {
            match transport::call(Call::UndoDelete).await {
                Ok(_) => app.refresh_status().await,
                Err(error) => app.fail(error.sentence),
            }
        });
    };
    view! {
        {move || {
            is_pending
                .get()
                .then(|| {
                    view! {
                        <div class="msg w" role="status" data-testid="announced">
                            <span class="grow">{sentence}<span aria-hidden="true">{seconds}</span></span>
                            <button type="button" class="btn" data-testid="undo-delete" on:click=undo>
                                "Undo"
                            </button>
                        </div>
                    }
                })
        }}
    }
}

/// The services that can be named.
fn services(app: AppState) -> View {
    let mut names: Vec<String> = Vec::new();
    app.status.with_untracked(|status| {
        for size in status.iter().flat_map(|status| &status.sizes.services) {
            if !names.contains(&size.service) {
                names.push(size.service.clone());
            }
        }
    });
    view! { <datalist id="services">{names.into_iter().map(|name| view! { <option value=name></option> }).collect::<View>()}</datalist> }
}

fn ask(call: Call, known: RwSignal<Known>, then: impl FnOnce(Selected) -> Known + 'static) {
    known.set(Known::Busy);
    let then: Box<dyn FnOnce(Selected) -> Known> = Box::new(then);
    spawn(async move {
        known.try_set(match transport::call(call).await {
            Ok(Reply::Selected(selected)) => then(selected),
            Ok(_) => Known::Nothing,
            Err(error) => Known::Wrong(error.sentence),
        });
    });
}

fn selection(kind: usize, text: &str) -> Result<Selection, String> {
    match kind {
        0 if text.is_empty() => Err("Name a service".to_owned()),
        0 => Ok(Selection::Service(text.to_owned())),
        1 => {
            let nanos = parse_age_seconds(text)?.saturating_mul(1_000_000_000);
            Ok(Selection::Before(time::now_unix_nano().saturating_sub(nanos)))
        }
        _ => text.parse().map(Selection::Trace).map_err(|_| "A trace id has 32 hex digits".to_owned()),
    }
}

/// `12 traces, 340 spans`.
fn in_words(selected: &Selected) -> String {
    let Selected { traces, spans, logs, metric_points } = *selected;
    let mut out = String::new();
    for (number, word) in [(traces, "trace"), (spans, "span"), (logs, "log record"), (metric_points, "metric point")] {
        if number > 0 {
            let comma = if out.is_empty() { "" } else { ", " };
            let plural = if number == 1 { "" } else { "s" };
            out = format!("{out}{comma}{} {word}{plural}", count(number));
        }
    }
    out
}
