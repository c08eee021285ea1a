use api::{Call, Reply, ServiceCount};
use wasm_bindgen::JsCast;

use super::state::TraceList;
use crate::{
    dom::{NodeRef, View, on_window, view},
    reactive::{Memo, RwSignal},
    spawn,
    state::{Action, use_app},
    transport,
    widgets::{Shape, count, small_icon, visible},
};

/// Picks the services of which a trace must touch one.
pub(super) fn service_picker(list: TraceList) -> View {
    let app = use_app();
    let is_open = RwSignal::new(false);
    let services = RwSignal::new(Vec::<ServiceCount>::new());
    let picker = NodeRef::<web_sys::HtmlElement>::new();
    let picked = Memo::new(move || list.filter.with(|filter| filter.services.clone()));

    let toggle_open = move |_| {
        is_open.update(|is_open| *is_open = !*is_open);
        if is_open.get_untracked() {
            spawn(async move {
                match transport::call(Call::Services).await {
                    Ok(Reply::Services(found)) => {
                        services.try_set(found);
                    }
                    Ok(_) => {}
                    Err(error) => app.fail(error.sentence),
                }
            });
        }
    };
    let toggle = move |name: &str| {
        list.filter.update(|filter| match filter.services.binary_search_by(|other| other.as_str().cmp(name)) {
            Ok(at) => drop(filter.services.remove(at)),
            Err(at) => filter.services.insert(at, name.to_owned()),
        });
    };
    app.on_action(move |action| {
        let closes = action == Action::Back && is_open.get_untracked();
        if closes {
            is_open.set(false);
        }
        closes
    });
    on_window("pointerdown", move |event: web_sys::Event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let is_inside = picker.get_untracked().is_some_and(|picker| picker.contains(target.as_ref()));
        if is_open.get_untracked() && !is_inside {
            is_open.set(false);
        }
    });

    let label = move || match picked.get().as_slice() {
        [] => "All services".to_owned(),
        [one] => visible(one).into_owned(),
        many => format!("{} services", many.len()),
    };
    let option = move |service: ServiceCount| {
        let name = service.name.clone();
        let chosen = service.name.clone();
        let is_picked = Memo::new(move || picked.get().contains(&name));
        view! {
            <button
                type="button"
                class="option"
                role="option"
                aria-selected=move || is_picked.get().to_string()
                data-testid="service-option"
                data-service=service.name.clone()
                on:click=move |_| toggle(&chosen)
            >
                <span class="tick">{move || is_picked.get().then(|| small_icon(Shape::Check))}</span>
                <span class="clip grow">{visible(&service.name).into_owned()}</span>
                <span class="t3">{count(service.traces)}</span>
            </button>
        }
    };
    view! {
        <div class="pick" node_ref=picker>
            <button
                type="button"
                class="btn"
                class:narrowed=move || !picked.get().is_empty()
                aria-haspopup="listbox"
                aria-expanded=move || is_open.get().to_string()
                title="Services of which a trace must touch one"
                data-testid="filter-services"
                on:click=toggle_open
            >
                <span class="clip">{label}</span>
                <i class="caret"></i>
            </button>
            {move || {
                is_open
                    .get()
                    .then(|| {
                        view! {
                            <div class="pop" role="listbox" aria-label="Services" aria-multiselectable="true">
                                {move || {
                                    let services = services.get();
                                    if services.is_empty() {
                                        view! { <p class="t2">"No service has sent a trace yet"</p> }
                                    } else {
                                        services.into_iter().map(option).collect::<View>()
                                    }
                                }}
                                {move || {
                                    (!picked.get().is_empty())
                                        .then(|| {
                                            view! {
                                                <button
                                                    type="button"
                                                    class="option all"
                                                    data-testid="service-all"
                                                    on:click=move |_| {
                                                        list.filter.update(|filter| filter.services.clear());
                                                        is_open.set(false);
                                                    }
                                                >
                                                    <span class="tick"></span>
                                                    "All services"
                                                </button>
                                            }
                                        })
                                }}
                            </div>
                        }
                    })
            }}
        </div>
    }
}
