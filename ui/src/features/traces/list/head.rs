use std::rc::Rc;

use api::{SortBy, TraceSort};

use super::{
    super::{key_picker::key_picker, popover::Popover},
    Rows, TraceList,
};
use crate::{
    dom::{View, live, view},
    reactive::Memo,
    state::{Action, keys::hint, use_app},
    widgets::{Shape, count, small_icon, visible},
};

/// Sorted by this; pressed again, the other way round.
fn sort(list: TraceList, by: SortBy) {
    list.search.sort.update(|sort| *sort = TraceSort { by, is_ascending: sort.by == by && !sort.is_ascending });
}

/// The heads of the columns, which sort; the newer traces that wait; the choice of columns.
pub(super) fn head(list: TraceList, bring_in: impl Fn() + Copy + 'static) -> View {
    let app = use_app();
    app.on_action(move |action| {
        match action {
            Action::SortByStart => sort(list, SortBy::Start),
            Action::SortByDuration => sort(list, SortBy::Duration),
            Action::SortBySpans => sort(list, SortBy::Spans),
            Action::SortByErrors => sort(list, SortBy::Errors),
            _ => return false,
        }
        true
    });
    let newer = Memo::new(move || list.rows.with(|rows| rows.as_ref().map_or(0, |rows| rows.newer)));
    let waiting = move || {
        (newer.get() > 0).then(|| {
            let text = match newer.get() {
                1 => "1 newer trace".to_owned(),
                many => format!("{} newer traces", count(many)),
            };
            view! {
                <button
                    type="button"
                    class="newer"
                    data-testid="newer"
                    title=format!("Bring them in ({})", hint(Action::ShowNewer))
                    on:click=move |_| bring_in()
                >
                    {small_icon(Shape::Up)}
                    {text}
                </button>
            }
        })
    };
    let columns = Memo::new(move || {
        list.rows.with(|rows| rows.as_ref().map(|rows: &Rows| rows.columns.clone()).unwrap_or_default())
    });
    let attribute = move |key: String| {
        let dropped = key.clone();
        view! {
            <span class="row attribute" role="columnheader" title=key.clone() data-testid="attribute-column">
                <span class="clip">{visible(&key).into_owned()}</span>
                <button
                    type="button"
                    class="btn ghost small"
                    title="Take this column away"
                    aria-label=format!("Take the column {key} away")
                    on:click=move |_| {
                        let mut kept = list.search.columns.get_untracked();
                        kept.retain(|other| *other != dropped);
                        list.search.choose_columns(kept);
                    }
                >
                    {small_icon(Shape::Close)}
                </button>
            </span>
        }
    };
    view! {
        <div class="thead traces-columns" role="row" aria-rowindex="1">
            <span></span>
            {sorter(list, SortBy::Start, "Start", Action::SortByStart, "")}
            <span class="row" role="columnheader">"Trace" {live(waiting)}</span>
            {sorter(list, SortBy::Duration, "Duration", Action::SortByDuration, "")}
            {sorter(list, SortBy::Spans, "Spans", Action::SortBySpans, "num")}
            <span class="services" role="columnheader">"Services"</span>
            {sorter(list, SortBy::Errors, "Errors, first one", Action::SortByErrors, "")}
            {live(move || columns.get().into_iter().map(attribute).collect::<View>())}
            {column_picker(list)}
        </div>
    }
}

fn sorter(list: TraceList, by: SortBy, name: &'static str, action: Action, class: &'static str) -> View {
    let is_by = Memo::new(move || list.search.sort.with(|sort| sort.by == by));
    let is_ascending = Memo::new(move || list.search.sort.with(|sort| sort.is_ascending));
    let order = move || is_by.get().then(|| if is_ascending.get() { "ascending" } else { "descending" });
    view! {
        <span role="columnheader" class=class aria-sort=order>
            <button
                type="button"
                class="sorter"
                class:sort=is_by
                title=format!("{} ({})", if by == SortBy::Start { "Sort by start" } else { "Sort by this" }, hint(action))
                data-testid=format!("sort-{}", name.split([',', ' ']).next().unwrap_or_default().to_lowercase())
                on:click=move |_| sort(list, by)
            >
                {name}
                {live(move || {
                    is_by.get().then(|| small_icon(if is_ascending.get() { Shape::Up } else { Shape::Down }))
                })}
            </button>
        </span>
    }
}

/// The attributes that are columns.
fn column_picker(list: TraceList) -> View {
    let app = use_app();
    let popover = Popover::new();
    app.on_action(move |action| {
        let takes = action == Action::PickColumns;
        if takes {
            popover.toggle();
        }
        takes
    });
    let button = view! {
        <button
            type="button"
            class="btn ghost small"
            title=format!("Columns ({})", hint(Action::PickColumns))
            aria-label="Columns"
            aria-haspopup="dialog"
            aria-expanded=move || popover.is_open.get().to_string()
            data-testid="columns"
            on:click=move |_| popover.toggle()
        >
            {small_icon(Shape::Columns)}
        </button>
    };
    let add = move |key: String| {
        let mut columns = list.search.columns.get_untracked();
        if !columns.contains(&key) {
            columns.push(key);
            list.search.choose_columns(columns);
        }
        popover.close();
    };
    let picker = popover.view(button, move || {
        view! {
            <div class="pop keys" role="dialog" aria-label="Add a column">
                <h3>"Add a column"</h3>
                {key_picker(Rc::new(add))}
            </div>
        }
    });
    view! { <span class="choose">{picker}</span> }
}
