use api::{Ledger, Refused, ServiceLedger, SignalLedger, model::Signal};

use crate::{
    dom::{View, live, view},
    state::use_app,
    widgets::{bytes, count, time, visible},
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

/// Services that have a row each.
const MOST_SERVICES: usize = 12;

/// The last that was refused for a reason, in words.
fn last_in_words(refused: &Refused) -> String {
    let mut words = vec![time::exact(refused.at_unix_nano)];
    for (what, text) in [("from", &refused.sender), ("of", &refused.service), ("named", &refused.name)] {
        if !text.is_empty() {
            words.push(format!("{what} {}", visible(text)));
        }
    }
    format!("last {}: {}", words.join(", "), visible(&refused.sentence))
}

/// The row below a reason with the last that was refused for it.
fn last_row(ledger: &Ledger, reason: &str, is_request: bool) -> View {
    let last = ledger.refused.iter().find(|refused| refused.reason == reason && refused.is_request == is_request);
    last.map(|refused| {
        view! { <tr class="last"><td class="selectable" colspan="6">{last_in_words(refused)}</td></tr> }
    })
    .into_iter()
    .collect::<View>()
}

/// What became of what each service sent, all signals together; those that sent most.
fn by_service(services: &[ServiceLedger]) -> Option<View> {
    let row = |of: &ServiceLedger| {
        let sum = |count: fn(&SignalLedger) -> u64| count(&of.spans) + count(&of.logs) + count(&of.metric_points);
        view! {
            <tr data-testid="account-service">
                <th scope="row">{visible(&of.service).into_owned()}</th>
                <td>{count(sum(|signal| signal.received))}</td>
                <td>{count(sum(|signal| signal.stored))}</td>
                <td>{count(sum(|signal| signal.duplicate))}</td>
                <td>{count(sum(|signal| signal.sampled_out))}</td>
                <td>{count(sum(SignalLedger::rejected_in_all))}</td>
                <td>{count(sum(|signal| signal.kept))}</td>
            </tr>
        }
    };
    let more = services.len().saturating_sub(MOST_SERVICES);
    (!services.is_empty()).then(|| {
        view! {
            <table>
                <thead>
                    <tr>
                        <th scope="col">"By service"</th>
                        <th scope="col">"Received"</th>
                        <th scope="col">"Stored"</th>
                        <th scope="col">"Duplicate"</th>
                        <th scope="col">"Sampled out"</th>
                        <th scope="col">"Rejected"</th>
                        <th scope="col">"Kept"</th>
                    </tr>
                </thead>
                <tbody>{services.iter().take(MOST_SERVICES).map(row).collect::<View>()}</tbody>
            </table>
            {(more > 0).then(|| view! { <p class="folder">{format!("and {} more: spanscope status --json", count(more as u64))}</p> })}
        }
    })
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
                    <td>{count(signal.sampled_out)}</td>
                    <td>{count(rejected)}</td>
                </tr>
            }
        };
        let since = ledger.since_start.iter().find(|since| since.signal == Signal::Traces).map(|since| {
            let words = ledger_in_words(&since.ledger).into_iter();
            view! {
                <tr class="kept">
                    <th scope="row">"Spans since start"</th>
                    <td colspan="5">
                        {words.map(|(word, number)| view! { {word} " " <b>{count(number)}</b> " " }).collect::<View>()}
                    </td>
                </tr>
            }
        });
        // What went again of what was stored, where something did.
        let kept = signals
            .into_iter()
            .filter(|(_, signal)| signal.kept != signal.stored)
            .map(|(name, signal)| {
                let words = kept_in_words(signal).into_iter();
                view! {
                    <tr class="kept">
                        <th scope="row">{name}</th>
                        <td colspan="5">
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
                view! {
                    <tr class="lost"><th scope="row" colspan="5">{what}</th><td>{count(number)}</td></tr>
                    {last_row(&ledger, &reason, false)}
                }
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
                view! {
                    <tr class="lost"><th scope="row" colspan="5">{what}</th><td>{count(turned_away.requests)}</td></tr>
                    {last_row(&ledger, reason, true)}
                }
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
                                   <th scope="col">"Sampled out"</th>
                                   <th scope="col">"Rejected"</th>
                               </tr>
                           </thead>
                           <tbody>{signals.into_iter().map(line).collect::<View>()} {reasons} {turned_away} {since} {kept}</tbody>
                       </table>
        {by_service(&ledger.services)}
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
