use api::{ListenerState, Protocol, Status};

use super::account::{account, ledger_in_words};
use crate::{
    dom::{View, view},
    reactive::{Memo, RwSignal},
    state::{Action, Theme, keys::hint, use_app},
    widgets::{Shape, bytes, count, small_icon, visible},
};

/// What is open above the status bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sheet {
    Account,
    Problems,
}

/// How the service is doing, at the bottom.
pub fn status_bar() -> View {
    let app = use_app();
    let sheet = RwSignal::new(None::<Sheet>);
    let toggle = move |which| sheet.update(|sheet| *sheet = (*sheet != Some(which)).then_some(which));
    app.on_action(move |action| {
        let closes = action == Action::Back && sheet.get_untracked().is_some();
        if closes {
            sheet.set(None);
        }
        closes
    });

    let listeners = move || {
        let status = app.status.get()?;
        Some(
            [Protocol::Grpc, Protocol::Http]
                .into_iter()
                .filter_map(|protocol| address(&status, protocol))
                .collect::<View>(),
        )
    };
    let rate = move || app.status.get().map(|status| rate_text(status.spans_per_second));
    let ledger = Memo::new(move || app.status.get().map(|status| ledger_in_words(&status.ledger.spans)));
    let is_lossy = move || {
        app.status.get().is_some_and(|status| {
            !status.ledger.turned_away.is_empty()
                || [&status.ledger.spans, &status.ledger.logs, &status.ledger.metric_points]
                    .iter()
                    .any(|signal| !signal.rejected.is_empty())
        })
    };
    let disk = move || app.status.get().map(|status| bytes(status.bytes_on_disk.total).text());
    let problems = Memo::new(move || app.status.get().map(|status| status.problems).unwrap_or_default());
    let problem_count = move || match problems.get().len() {
        0 => None,
        1 => Some("1 problem".to_owned()),
        many => Some(format!("{many} problems")),
    };

    view! {
        <footer class="status" data-testid="status">
            {listeners}
            <span class="part" data-testid="status-rate" title="Spans received a second, over the last few seconds">
                <b>{rate}</b>
                "spans/s"
            </span>
            <button
                type="button"
                class="part ledger"
                class:lost=is_lossy
                data-testid="status-ledger"
                title="What became of every span; press for all signals"
                aria-expanded=move || (sheet.get() == Some(Sheet::Account)).to_string()
                on:click=move |_| toggle(Sheet::Account)
            >
                <span class="clip">
                    {move || {
                        ledger
                            .get()
                            .unwrap_or_default()
                            .into_iter()
                            .map(|(word, number)| view! { {word} " " <b>{count(number)}</b> " " })
                            .collect::<View>()
                    }}
                </span>
            </button>
            <span class="part disk" data-testid="status-disk" title="Size of the data directory">
                <b>{disk}</b>
                <span class="word">"on disk"</span>
            </span>
            {move || {
                problem_count()
                    .map(|text| {
                        view! {
                            <button
                                type="button"
                                class="part warn"
                                data-testid="status-problems"
                                aria-expanded=move || (sheet.get() == Some(Sheet::Problems)).to_string()
                                on:click=move |_| toggle(Sheet::Problems)
                            >
                                {small_icon(Shape::Warning)}
                                {text}
                            </button>
                        }
                    })
            }}
            <i class="spacer"></i>
            {theme_switch()}
            <button
                type="button"
                class="part"
                data-testid="keys"
                title="All keys"
                on:click=move |_| {
                    app.act(Action::ShowKeys);
                }
            >
                <kbd>"?"</kbd>
                <span class="wide">"Keys"</span>
            </button>
            {move || match sheet.get()? {
                Sheet::Account => Some(account()),
                Sheet::Problems => {
                    let problems = problems.get();
                    (!problems.is_empty()).then(|| problem_sheet(problems))
                }
            }}
        </footer>
    }
}

fn rate_text(spans_per_second: f64) -> String {
    if spans_per_second > 0.0 && spans_per_second < 10.0 {
        let tenths = (spans_per_second * 10.0).round() as u64;
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        count(spans_per_second as u64)
    }
}

/// The addresses of one protocol: the first is shown, the tooltip has all.
fn address(status: &Status, protocol: Protocol) -> Option<View> {
    let mut listeners = status.listeners.iter().filter(|listener| listener.protocol == protocol).peekable();
    let first = listeners.peek()?.address.clone();
    let (mut led, mut word, mut lines) = ("led", "", Vec::new());
    for listener in listeners {
        let sentence = match &listener.state {
            ListenerState::Listening => format!("Listening on {}", listener.address),
            ListenerState::Taken { by, .. } => {
                (led, word) = ("led w", "taken");
                let by = by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
                format!("{} is taken{by}", listener.address)
            }
            ListenerState::Failed { sentence } => {
                (led, word) = ("led e", "failed");
                format!("{}: {sentence}", listener.address)
            }
        };
        lines.push(visible(&sentence).into_owned());
    }
    let (name, id) = match protocol {
        Protocol::Grpc => ("gRPC", "status-grpc"),
        Protocol::Http => ("HTTP", "status-http"),
    };
    Some(view! {
        <span class="part" data-testid=id title=lines.join("\n")>
            <i class=led></i>
            <span class="mono">{first}</span>
            {name}
            {(!word.is_empty()).then(|| view! { <b class="warn">{word}</b> })}
        </span>
    })
}

fn problem_sheet(problems: Vec<api::Problem>) -> View {
    let one = |problem: api::Problem| {
        view! {
            <div class="problem" data-testid="problem" data-name=problem.name>
                <p>{visible(&problem.sentence).into_owned()}</p>
                <p class="selectable">{visible(&problem.remedy).into_owned()}</p>
            </div>
        }
    };
    view! {
        <div class="pop sheet problems" role="dialog" aria-label="Problems" data-testid="problem-sheet">
            <h2>"What needs attention"</h2>
            {problems.into_iter().map(one).collect::<View>()}
        </div>
    }
}

/// System, light or dark.
fn theme_switch() -> View {
    let app = use_app();
    let choice = move |theme: Theme| {
        let shape = match theme {
            Theme::System => Shape::Half,
            Theme::Light => Shape::Sun,
            Theme::Dark => Shape::Moon,
        };
        let name = format!("Theme: {}", theme.name().to_ascii_lowercase());
        view! {
            <button
                type="button"
                role="radio"
                title=format!("{name} ({})", hint(Action::NextTheme))
                aria-label=name
                aria-checked=move || (app.theme.get() == theme).to_string()
                data-testid=format!("theme-{}", theme.name().to_ascii_lowercase())
                on:click=move |_| app.theme.set(theme)
            >
                {small_icon(shape)}
            </button>
        }
    };
    view! {
        <span class="part theme" role="radiogroup" aria-label="Theme" data-testid="theme">
            {Theme::ALL.into_iter().map(choice).collect::<View>()}
        </span>
    }
}
