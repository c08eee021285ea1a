use api::TraceRow;

use crate::{
    dom::{View, view},
    widgets::{count, duration_figure, permille, swatch, time, visible},
};

/// Services whose swatches a row has room for.
const SWATCHES: usize = 9;

/// The cells of a row after its start.
pub(super) fn cells(row: &TraceRow, longest: u64) -> View {
    let share = permille(row.duration_nanos, longest);
    let index_of = |service: &str| row.services.iter().position(|other| other == service).unwrap_or_default();
    let swatches = row
        .services
        .iter()
        .take(SWATCHES)
        .enumerate()
        .map(|(index, name)| swatch(index, visible(name).into_owned()))
        .collect::<View>();
    let error = row.first_error.as_ref().map(|error| {
        view! {
            {swatch(index_of(&error.service), visible(&error.service).into_owned())}
            <span class="clip t2">{visible(&error.name).into_owned()}</span>
            <span class="clip err">{visible(&error.message).into_owned()}</span>
        }
    });
    let name = visible(&row.root_name).into_owned();
    let service = visible(&row.root_service).into_owned();
    let title = format!("{service} {name}\n{}", row.trace_id);
    let rootless = (!row.has_root).then(|| {
        view! { <span class="badge w" title="No root span has arrived; this is the earliest span">"no root yet"</span> }
    });
    view! {
        <span class="row name" role="gridcell" title=title>
            {swatch(index_of(&row.root_service), service.clone())}
            <span class="t2">{service}</span>
            <span class="clip">{name}</span>
            {rootless}
        </span>
        <span class="length" role="gridcell">
            {duration_figure(row.duration_nanos)}
            <span class="meter"><i style:width=format!("{}.{}%", share / 10, share % 10)></i></span>
        </span>
        <span class="num" role="gridcell">{count(row.span_count)}</span>
        <span class="chips services" role="gridcell" title=visible(&row.services.join(", ")).into_owned()>
            {swatches}
            <span>{row.services.len().to_string()}</span>
        </span>
        <span class="row errors" role="gridcell">
            {(row.error_count > 0).then(|| view! { <span class="badge e">{count(row.error_count)}</span> })}
            {error}
        </span>
    }
}

/// The cells of the attributes that are columns.
pub(super) fn attribute_cells(row: &TraceRow) -> View {
    let cell = |value: &Option<String>| {
        let text = value.as_deref().map(|text| visible(text).into_owned());
        view! { <span class="clip attribute" role="gridcell" title=text.clone()>{text.unwrap_or_default()}</span> }
    };
    row.columns.iter().map(cell).collect()
}

/// When a trace started: `14:32:07.418` today, `28 Nov 14:32:07` before.
pub(super) fn start_text(unix_nano: u64) -> String {
    let clock = time::clock(unix_nano);
    if time::is_same_day(unix_nano, time::now_unix_nano()) {
        return clock;
    }
    let day = time::day(unix_nano);
    let day = day.split_once(' ').map_or(day.as_str(), |(_, day)| day);
    let second = clock.get(..8).unwrap_or(&clock);
    format!("{day} {second}")
}
