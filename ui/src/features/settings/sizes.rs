use api::Status;
use model::Signal;

use crate::{
    dom::{View, live, view},
    reactive::Memo,
    state::AppState,
    widgets::{Figure, bytes, permille, service_class, swatch, visible},
};

/// So many services have a line of their own.
const MOST_SERVICES: usize = 12;

/// What one service takes, by signal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Share {
    service: String,
    /// Its place among all services by name, which gives its colour.
    index: usize,
    /// In the order of [`Signal::ALL`].
    bytes: [u64; 3],
}

impl Share {
    fn total(&self) -> u64 {
        self.bytes.iter().sum()
    }
}

/// Who takes how much of what there may be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Shares {
    /// The largest first.
    services: Vec<Share>,
    /// What waits to be compacted.
    waiting: u64,
    /// What belongs to nobody: indexes, pages that are free.
    rest: u64,
    used: u64,
    cap: u64,
}

impl Shares {
    fn of(status: &Status) -> Self {
        let mut services: Vec<Share> = Vec::new();
        for size in &status.sizes.services {
            match services.iter_mut().find(|share| share.service == size.service) {
                Some(share) => share.bytes[size.signal as usize] += size.bytes,
                None => {
                    let mut share = Share { service: size.service.clone(), ..Share::default() };
                    share.bytes[size.signal as usize] = size.bytes;
                    services.push(share);
                }
            }
        }
        // Few, and nearly in order: a sort of the library's would be larger than all of this.
        for end in 1..services.len() {
            let mut at = end;
            while at > 0 && services[at - 1].total() < services[at].total() {
                services.swap(at - 1, at);
                at -= 1;
            }
        }
        for at in 0..services.len() {
            services[at].index = services.iter().filter(|other| other.service < services[at].service).count();
        }
        let waiting = status.sizes.waiting_bytes;
        let used = status.bytes_on_disk.total;
        let known: u64 = services.iter().map(Share::total).sum::<u64>() + waiting;
        Self { services, waiting, rest: used.saturating_sub(known), used, cap: status.retention.cap_bytes }
    }
}

/// The size on disk as one bar, and a table of who takes it.
pub(super) fn sizes(app: AppState) -> View {
    let shares = Memo::new(move || app.status.with(|status| status.as_ref().map(Shares::of)));
    live(move || shares.get().map(bar_and_table))
}

fn bar_and_table(shares: Shares) -> View {
    let Shares { services, waiting, rest, used, cap } = shares;
    // What is over the cap for a moment fills the bar.
    let whole = cap.max(used);
    let is_over = used > cap;
    let part = |class: String, size: u64, name: String| {
        let width = permille(size, whole);
        view! { <i class=class title=format!("{name}: {}", bytes(size).text()) style:width=format!("{}.{}%", width / 10, width % 10)></i> }
    };
    let of_service = |share: &Share| {
        let name = visible(&share.service).into_owned();
        Signal::ALL
            .into_iter()
            .zip(share.bytes)
            .filter(|(_, size)| *size > 0)
            .map(|(signal, size)| {
                let what = signal.noun().replace('_', " ");
                part(format!("{} {}", service_class(share.index), signal.noun()), size, format!("{name}, {what}"))
            })
            .collect::<View>()
    };
    let others = services.get(MOST_SERVICES..).unwrap_or_default();
    let mut of_others = [0; 3];
    for share in others {
        of_others.iter_mut().zip(share.bytes).for_each(|(sum, size)| *sum += size);
    }
    let percent = |size| format!("{} %", (permille(size, used.max(1)) + 5) / 10);
    let row = |mark: View, name: String, [spans, logs, points]: [u64; 3]| {
        let total = spans + logs + points;
        view! {
            <tr>
                <th scope="row"><span class="row">{mark} <span class="clip" title=name.clone()>{name}</span></span></th>
                {[spans, logs, points].map(cell).into_iter().collect::<View>()}
                {cell(total)}
                <td class="t3">{percent(total)}</td>
            </tr>
        }
    };
    let plain = |class: &'static str, name: &'static str, size: u64| {
        (size > 0).then(|| {
            view! {
                <tr>
                    <th scope="row" colspan="4"><span class="row"><i class=class></i>{name}</span></th>
                    {cell(size)}
                    <td class="t3">{percent(size)}</td>
                </tr>
            }
        })
    };
    view! {
        <div class="cap" role="img" aria-label=format!("{} of {} used", bytes(used).text(), bytes(cap).text()) data-testid="cap">
            {services.iter().map(of_service).collect::<View>()}
            {part("waiting".to_owned(), waiting, "Waiting to be compacted".to_owned())}
            {part("rest".to_owned(), rest, "Index and free pages".to_owned())}
        </div>
        <div class="row xs t2 used">
            <b class:warn=is_over data-testid="used">{bytes(used).text()}</b>
            "used"
            <span class="grow"></span>
            {bytes(cap).text()}
        </div>
        <table data-testid="sizes">
            <thead>
                <tr>
                    <th scope="col">"Service"</th>
                    <th scope="col">"Spans"</th>
                    <th scope="col">"Logs"</th>
                    <th scope="col">"Points"</th>
                    <th scope="col">"All"</th>
                    <th scope="col">"Share"</th>
                </tr>
            </thead>
            <tbody>
                {services
                    .iter()
                    .take(MOST_SERVICES)
                    .map(|share| {
                        let name = visible(&share.service).into_owned();
                        row(swatch(share.index, name.clone()), name, share.bytes)
                    })
                    .collect::<View>()}
                {(!others.is_empty())
                    .then(|| row(view! { <i class="sw"></i> }, format!("{} more services", others.len()), of_others))}
                {plain("sw waiting", "Waiting to be compacted", waiting)}
                {plain("sw", "Index and free pages", rest)}
            </tbody>
        </table>
    }
}

fn cell(size: u64) -> View {
    if size == 0 {
        return view! { <td class="t3">"–"</td> };
    }
    let Figure { number, unit } = bytes(size);
    view! { <td>{number} "\u{202f}" <u>{unit}</u></td> }
}

#[cfg(test)]
mod tests {
    use api::{BytesOnDisk, Retention, ServiceSize, Sizes};

    use super::*;

    #[test]
    fn services_are_summed_and_what_is_nobodys_is_the_rest() {
        let size = |service: &str, signal, bytes| ServiceSize { service: service.to_owned(), signal, items: 1, bytes };
        let status = Status {
            sizes: Sizes {
                services: vec![
                    size("shop", Signal::Traces, 50),
                    size("cart", Signal::Logs, 40),
                    size("cart", Signal::Traces, 30),
                ],
                pinned_bytes: 10,
                waiting_bytes: 5,
            },
            bytes_on_disk: BytesOnDisk { total: 200, ..BytesOnDisk::default() },
            retention: Retention { cap_bytes: 1_000, ..Retention::default() },
            ..Status::default()
        };
        let shares = Shares::of(&status);
        assert_eq!(
            shares.services,
            [
                Share { service: "cart".to_owned(), index: 0, bytes: [30, 40, 0] },
                Share { service: "shop".to_owned(), index: 1, bytes: [50, 0, 0] },
            ]
        );
        assert_eq!((shares.waiting, shares.rest, shares.used, shares.cap), (5, 75, 200, 1_000));
    }
}
