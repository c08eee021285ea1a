use api::SignalLedger;

use crate::{
    dom::{View, live, view},
    state::use_app,
    widgets::{bytes, count},
};

/// `received N = stored A + duplicate B …`: the parts that are not zero, each with its sign.
pub(super) fn ledger_in_words(ledger: &SignalLedger) -> Vec<(&'static str, u64)> {
    let mut words = vec![("received", ledger.received), ("= stored", ledger.stored)];
    let rejected = ledger.rejected_in_all();
    for (word, number) in
        [("+ duplicate", ledger.duplicate), ("+ sampled out", ledger.sampled_out), ("+ rejected", rejected)]
    {
        if number > 0 {
            words.push((word, number));
        }
    }
    words
}

/// `kept N = stored A − expired B …`: the parts that are not zero, each with its sign.
fn kept_in_words(ledger: &SignalLedger) -> Vec<(&'static str, u64)> {
    let gone = [("− expired", ledger.expired), ("− evicted", ledger.evicted), ("− deleted", ledger.deleted)];
    let stays = [("kept", ledger.kept), ("= stored", ledger.stored)];
    stays.into_iter().chain(gone.into_iter().filter(|(_, number)| *number > 0)).collect()
}

/// The ledger of all signals, with the reasons of every loss.
pub(super) fn account() -> View {
    let app = use_app();
    live(move || {
        let status = app.status.get()?;
        let ledger = status.ledger;
        let signals =
            [("Spans", &ledger.spans), ("Log records", &ledger.logs), ("Metric points", &ledger.metric_points)];
        let line = |(name, signal): (&'static str, &SignalLedger)| {
            let rejected = signal.rejected_in_all();
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    <td>{count(signal.received)}</td>
                    <td>{count(signal.stored)}</td>
                    <td>{count(signal.duplicate)}</td>
                    <td>{count(rejected)}</td>
                </tr>
            }
        };
        // What went again of what was stored, where something did.
        let kept = signals
            .into_iter()
            .filter(|(_, signal)| signal.kept != signal.stored)
            .map(|(name, signal)| {
                let words = kept_in_words(signal).into_iter();
                view! {
                    <tr class="kept">
                        <th scope="row">{name}</th>
                        <td colspan="4">
                            {words.map(|(word, number)| view! { {word} " " <b>{count(number)}</b> " " }).collect::<View>()}
                        </td>
                    </tr>
                }
            })
            .collect::<View>();
        let reasons = signals
            .into_iter()
            .flat_map(|(name, signal)| {
                signal.rejected.iter().map(move |(reason, number)| (name, reason.clone(), *number))
            })
            .map(|(name, reason, number)| {
                let what = format!("{name} rejected: {}", reason.replace('_', " "));
                view! { <tr class="lost"><th scope="row" colspan="4">{what}</th><td>{count(number)}</td></tr> }
            })
            .collect::<View>();
        let turned_away = ledger
            .turned_away
            .iter()
            .map(|(reason, turned_away)| {
                let what = format!(
                    "Requests turned away: {} ({})",
                    reason.replace('_', " "),
                    bytes(turned_away.bytes).text(),
                );
                view! { <tr class="lost"><th scope="row" colspan="4">{what}</th><td>{count(turned_away.requests)}</td></tr> }
            })
            .collect::<View>();
        Some(view! {
            <div class="pop sheet account" role="dialog" aria-label="What became of what was received" data-testid="account">
                <h2>"What became of what was received"</h2>
                <table>
                    <thead>
                        <tr>
                            <th></th>
                            <th scope="col">"Received"</th>
                            <th scope="col">"Stored"</th>
                            <th scope="col">"Duplicate"</th>
                            <th scope="col">"Rejected"</th>
                        </tr>
                    </thead>
                    <tbody>{signals.into_iter().map(line).collect::<View>()} {reasons} {turned_away} {kept}</tbody>
                </table>
                <p class="folder">"Kept in " <span class="mono selectable">{status.data_dir}</span></p>
            </div>
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_reads_as_an_equation_without_zero_terms() {
        let plain = SignalLedger { received: 5, stored: 5, ..SignalLedger::default() };
        assert_eq!(ledger_in_words(&plain), [("received", 5), ("= stored", 5)]);
        let rejected = vec![("zero_trace_id".to_owned(), 2), ("zero_span_id".to_owned(), 1)];
        let lossy = SignalLedger { received: 9, stored: 4, duplicate: 2, rejected, ..SignalLedger::default() };
        assert_eq!(ledger_in_words(&lossy), [("received", 9), ("= stored", 4), ("+ duplicate", 2), ("+ rejected", 3)]);
        let gone = SignalLedger { stored: 9, expired: 4, deleted: 1, kept: 4, ..SignalLedger::default() };
        assert_eq!(kept_in_words(&gone), [("kept", 4), ("= stored", 9), ("− expired", 4), ("− deleted", 1)]);
    }
}
