use super::{super::popover::Popover, RangeChoice};
use crate::{
    dom::{View, live, typed, view},
    features::traces::search::SearchState,
    reactive::RwSignal,
    state::{Action, keys::hint, use_app},
    widgets::{Shape, icon, small_icon, time},
};

/// From where the fields start where nothing says when.
const HOUR: u64 = 3_600_000_000_000;

/// How a choice is called where it stands in a sentence or on a button.
pub(crate) fn title(choice: RangeChoice) -> String {
    match choice {
        RangeChoice::Between(since, until) => {
            let until_text = time::to_the_minute(until);
            let is_one_day = time::is_same_day(since, until);
            let until_text = if is_one_day { until_text.rsplit(' ').next().unwrap_or_default() } else { &until_text };
            format!("{} to {until_text}", time::to_the_minute(since))
        }
        other => other.name(),
    }
}

/// The button that says when, and its menu.
pub(crate) fn range_picker(search: SearchState) -> View {
    let app = use_app();
    let popover = Popover::new();
    app.on_action(move |action| {
        let takes = action == Action::PickRange;
        if takes {
            popover.toggle();
        }
        takes
    });
    let button = view! {
        <button
            type="button"
            class="btn range"
            title=format!("Time range ({})", hint(Action::PickRange))
            aria-haspopup="dialog"
            aria-expanded=move || popover.is_open.get().to_string()
            data-testid="range"
            on:click=move |_| popover.toggle()
        >
            {icon(Shape::Clock)}
            <span class="clip">{move || title(search.range.get())}</span>
            <i class="caret"></i>
        </button>
    };
    popover.view(button, move || menu(search, popover))
}

fn menu(search: SearchState, popover: Popover) -> View {
    let choose = move |choice: RangeChoice| {
        search.choose_range(choice);
        popover.close();
    };
    let option = move |choice: RangeChoice| {
        let is_chosen = move || search.range.get() == choice;
        let note = move || match choice {
            RangeChoice::SinceLastLook => {
                Some(search.last_look.get().map_or_else(|| "not known yet".to_owned(), time::to_the_minute))
            }
            _ => None,
        };
        view! {
            <button
                type="button"
                class="option"
                role="option"
                aria-selected=move || is_chosen().to_string()
                data-testid=format!("range-{}", choice.written().replace(' ', "-"))
                on:click=move |_| choose(choice)
            >
                <span class="tick">{live(move || is_chosen().then(|| small_icon(Shape::Check)))}</span>
                <span class="grow">{choice.name()}</span>
                <span class="t3">{note}</span>
            </button>
        }
    };
    view! {
        <div class="pop ranges" data-testid="ranges">
            <div role="listbox" aria-label="Time range">
                {RangeChoice::NAMED.into_iter().map(option).collect::<View>()}
            </div>
            {between(search, popover)}
        </div>
    }
}

/// Two moments, as they are written.
fn between(search: SearchState, popover: Popover) -> View {
    let now = time::now_unix_nano();
    let (since, until) = match search.range.get_untracked() {
        RangeChoice::Between(since, until) => (since, until),
        choice => {
            let since = choice.range(now, search.last_look.get_untracked()).since_unix_nano;
            (since.unwrap_or_else(|| now.saturating_sub(HOUR)), now)
        }
    };
    let since = RwSignal::new(time::written(since));
    let until = RwSignal::new(time::written(until));
    let problem = RwSignal::new(None::<&'static str>);
    let apply = move || match (time::read(&since.get_untracked()), time::read(&until.get_untracked())) {
        (Some(since), Some(until)) if since < until => {
            search.choose_range(RangeChoice::Between(since, until));
            popover.close();
        }
        (Some(_), Some(_)) => problem.set(Some("The end is not after the beginning.")),
        _ => problem.set(Some("Write it like 2026-11-25 14:30.")),
    };
    let field = move |label: &'static str, text: RwSignal<String>| {
        view! {
            <label class="row">
                <span class="t2">{label}</span>
                <span class="field grow">
                    <input
                        type="text"
                        class="mono"
                        spellcheck="false"
                        autocomplete="off"
                        data-testid=format!("range-{}", label.to_lowercase())
                        prop:value=text
                        on:input=move |event| {
                            text.set(typed(&event));
                            problem.set(None);
                        }
                        on:keydown=move |event: web_sys::KeyboardEvent| {
                            if event.key() == "Enter" {
                                event.prevent_default();
                                apply();
                            }
                        }
                    />
                </span>
            </label>
        }
    };
    view! {
        <div class="between">
            {field("From", since)}
            {field("To", until)}
            <div class="row">
                <span class="grow err" role="alert">{move || problem.get()}</span>
                <button type="button" class="btn" data-testid="range-apply" on:click=move |_| apply()>"Show"</button>
            </div>
        </div>
    }
}
