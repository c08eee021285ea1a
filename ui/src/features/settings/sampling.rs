use api::{
    Call, Reply, SamplingPreview, SettingsChange,
    sampling::{environments_text, flows_text, ratio_text},
};

use super::{
    field::{Field, Outcome, field, said, write},
    section,
    state::SettingsState,
};
use crate::{
    dom::{View, view},
    reactive::{Memo, RwSignal, StoredValue, effect},
    spawn, transport,
    widgets::{count, time, visible},
};

/// How far a preview looks back, nanoseconds.
const LOOKED_BACK_NANOS: u64 = 3_600 * 1_000_000_000;

/// What is thinned, and what that would have meant.
pub(super) fn sampling(state: SettingsState) -> View {
    section(
        state,
        "sampling",
        "Errors always stay. Of the rest, only traces of the environments named here are thinned, a minute after they end.",
        view! {
            {switch(state)}
            {field(state, Field {
                id: "environments",
                label: "Keep of environments",
                placeholder: "none is thinned",
                note: "all others are kept whole",
                value: |settings| environments_text(&settings.sampling.environments),
                change: SettingsChange::Environments,
            })}
            {field(state, Field {
                id: "high-ratio",
                label: "Keep at high volume",
                placeholder: "1 %",
                note: "at most, of one root operation",
                value: |settings| ratio_text(settings.sampling.high_volume_ratio),
                change: SettingsChange::HighVolumeRatio,
            })}
            {field(state, Field {
                id: "high-over",
                label: "High volume, over",
                placeholder: "1000",
                note: "traces an hour",
                value: |settings| settings.sampling.high_volume_over.to_string(),
                change: SettingsChange::HighVolumeOver,
            })}
            {field(state, Field {
                id: "low-under",
                label: "Low volume, under",
                placeholder: "10",
                note: "traces an hour: all are kept",
                value: |settings| settings.sampling.low_volume_under.to_string(),
                change: SettingsChange::LowVolumeUnder,
            })}
            {field(state, Field {
                id: "flows",
                label: "Always keep",
                placeholder: "checkout > POST /pay*; billing",
                note: "service > root operation",
                value: |settings| flows_text(&settings.sampling.critical_flows),
                change: SettingsChange::CriticalFlows,
            })}
            {field(state, Field {
                id: "team-file",
                label: "Team file",
                placeholder: "none",
                note: "rules to share; what is set here counts more",
                value: |settings| settings.team_file.clone().unwrap_or_default(),
                change: SettingsChange::TeamFile,
            })}
            {preview(state)}
        },
    )
}

fn switch(state: SettingsState) -> View {
    let outcome: Outcome = RwSignal::new(None);
    let is_on = move || state.read(|settings| settings.sampling.is_on);
    view! {
        <div class="op">
            <label for="thin">"Thin traces"</label>
            <div class="row">
                <button
                    type="button"
                    class="toggle"
                    id="thin"
                    role="switch"
                    aria-checked=move || is_on().to_string()
                    aria-describedby="thin-said"
                    data-testid="set-thin"
                    on:click=move |_| write(state, SettingsChange::SamplingOn(!is_on()), outcome)
                ></button>
                {said("thin", "the ledger counts what is left out", outcome)}
            </div>
        </div>
    }
}

/// What a preview says, or why there is none; `None` while it is counted.
type Seen = RwSignal<Option<Result<SamplingPreview, String>>>;

/// What the rules would have kept of the last hour; counted anew when they change.
fn preview(state: SettingsState) -> View {
    let seen: Seen = RwSignal::new(None);
    let rules =
        Memo::new(move || state.settings.with(|settings| settings.as_ref().map(|settings| settings.sampling.clone())));
    // How often it was asked: an answer that comes after another question was asked says nothing any more.
    let asked = StoredValue::new(0_u64);
    effect(move || {
        let Some(mut sampling) = rules.get() else { return };
        asked.update_value(|asked| *asked += 1);
        let question = asked.get_value();
        // Also while it is off: to see what it would do.
        sampling.is_on = true;
        seen.set(None);
        spawn(async move {
            let since_unix_nano = time::now_unix_nano().saturating_sub(LOOKED_BACK_NANOS);
            let answer = match transport::call(Call::PreviewSampling { sampling, since_unix_nano }).await {
                Ok(Reply::SamplingPreview(preview)) => Ok(preview),
                Ok(_) => return,
                Err(error) => Err(error.sentence),
            };
            if asked.try_get_value() == Some(question) {
                seen.try_set(Some(answer));
            }
        });
    });
    view! {
        <p class="preview" role="status" data-testid="preview">
            {move || match seen.get() {
                None => view! { <span class="t2">"Counting the last hour…"</span> },
                Some(Err(sentence)) => view! { <span class="err">{visible(&sentence).into_owned()}</span> },
                Some(Ok(SamplingPreview { traces: 0, .. })) => {
                    view! { <span class="t2">"Nothing arrived in the last hour to try this on"</span> }
                }
                Some(Ok(SamplingPreview { traces, kept, .. })) => {
                    view! {
                        <span>
                            "Of the last hour this would have kept " <b>{count(kept)}</b> " of " <b>{count(traces)}</b>
                            " traces"
                        </span>
                    }
                }
            }}
        </p>
    }
}
