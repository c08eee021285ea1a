use model::TraceId;

use super::{TraceList, picked::Picked};
use crate::{
    dom::{View, live, view},
    reactive::{Memo, RwSignal},
    spawn,
    state::{Action, AppState, keys::hint, use_app},
    transport,
    widgets::{Shape, count, icon},
};

/// What can be done with the traces that are picked; there while some are.
pub(super) fn picked_bar(list: TraceList) -> View {
    let app = use_app();
    let said = RwSignal::new(None::<String>);
    let number = Memo::new(move || list.picked.with(|picked| picked.traces().len()));
    app.on_action(move |action| {
        let is_there = number.get_untracked() > 0;
        match action {
            Action::ExportPicked if is_there => export(app, list, said),
            Action::PinPicked if is_there => list.toggle_pins(list.picked.with_untracked(picked)),
            _ => return false,
        }
        true
    });
    let are_pinned = Memo::new(move || list.picked.with(|picked| list.are_pinned(picked.traces())));
    live(move || {
        (number.get() > 0).then(|| {
            let noun = if number.get() == 1 { "trace" } else { "traces" };
            view! {
                <div class="bar picked" role="toolbar" aria-label="Traces that are picked" data-testid="picked">
                    <span class="med">{format!("{} {noun} picked", count(number.get() as u64))}</span>
                    <button
                        type="button"
                        class="btn"
                        title=format!("Export as OTLP JSON ({})", hint(Action::ExportPicked))
                        data-testid="export-picked"
                        on:click=move |_| export(app, list, said)
                    >
                        {icon(Shape::Export)}
                        "Export…"
                    </button>
                    <button
                        type="button"
                        class="btn"
                        title=move || {
                            let what = if are_pinned.get() { "Let them go with their age" } else { "Keep them for ever" };
                            format!("{what} ({})", hint(Action::PinPicked))
                        }
                        data-testid="pin-picked"
                        on:click=move |_| list.toggle_pins(list.picked.with_untracked(picked))
                    >
                        {icon(Shape::Pin)}
                        {move || if are_pinned.get() { "Unpin" } else { "Pin" }}
                    </button>
                    <button
                        type="button"
                        class="btn"
                        title=format!("What tells them from the rest ({})", hint(Action::ShowDifferences))
                        data-testid="differences-of-picked"
                        on:click=move |_| {
                            app.act(Action::ShowDifferences);
                        }
                    >
                        "What is different?"
                    </button>
                    <span class="t2 clip" role="status" data-testid="picked-said">{move || said.get()}</span>
                    <span class="grow"></span>
                    <button
                        type="button"
                        class="btn ghost"
                        title="Drop the picks (Esc)"
                        data-testid="picked-none"
                        on:click=move |_| list.picked.set(Picked::default())
                    >
                        {icon(Shape::Close)}
                        <span class="wide">"Pick none"</span>
                    </button>
                </div>
            }
        })
    })
}

/// The shell asks where to, and writes the file.
fn export(app: AppState, list: TraceList, said: RwSignal<Option<String>>) {
    let ids = list
        .picked
        .with_untracked(|picked| picked.traces().iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    spawn(async move {
        match transport::shell("export_traces", &[("traces", &ids)]).await {
            Ok(path) => said.set(path.as_string().map(|path| format!("Written to {path}"))),
            Err(error) => app.fail(error.sentence),
        }
    });
}

fn picked(picked: &Picked) -> Vec<TraceId> {
    picked.traces().to_vec()
}
