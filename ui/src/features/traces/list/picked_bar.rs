use api::Call;

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
            Action::PinPicked if is_there => pin(app, list, said),
            _ => return false,
        }
        true
    });
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
                        title=format!("Keep them for ever ({})", hint(Action::PinPicked))
                        data-testid="pin-picked"
                        on:click=move |_| pin(app, list, said)
                    >
                        {icon(Shape::Pin)}
                        "Pin"
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

fn pin(app: AppState, list: TraceList, said: RwSignal<Option<String>>) {
    let traces = list.picked.with_untracked(|picked| picked.traces().to_vec());
    spawn(async move {
        let mut pinned = 0;
        for trace_id in traces {
            match transport::call(Call::Pin { trace_id, is_pinned: true }).await {
                Ok(_) => pinned += 1,
                Err(error) => app.fail(error.sentence),
            }
        }
        said.set(Some(format!("{} kept for ever", count(pinned))));
    });
}
