use crate::{
    dom::{NodeRef, View, live, view},
    reactive::effect,
    state::{
        keys::{BINDINGS, Binding, Scope, caps},
        use_app,
    },
    widgets::{Shape, icon},
};

const SECTIONS: [Scope; 6] =
    [Scope::Anywhere, Scope::Traces, Scope::Search, Scope::Scatter, Scope::Values, Scope::Trace];

/// All keys, over everything else.
pub fn key_sheet() -> View {
    let app = use_app();
    let sheet = NodeRef::<web_sys::HtmlElement>::new();
    effect(move || {
        if let Some(sheet) = sheet.get() {
            // A sheet that cannot take the focus is still read.
            let _ = sheet.focus();
        }
    });
    let close = move |_| app.are_keys_shown.set(false);
    let section = move |scope: Scope| {
        let is_here = scope == Scope::Anywhere || scope.screen() == app.scope();
        let bindings = BINDINGS.iter().filter(move |binding| binding.scope == scope);
        view! {
            <section>
                <h2>{scope.title()}</h2>
                {bindings.map(|binding| line(binding, is_here)).collect::<View>()}
            </section>
        }
    };
    live(move || {
        app.are_keys_shown.get().then(|| {
            view! {
                <div class="veil" on:click=close>
                    <div
                        class="pop keysheet"
                        role="dialog"
                        aria-modal="true"
                        aria-label="Keys"
                        tabindex="-1"
                        data-testid="key-sheet"
                        node_ref=sheet
                        on:click=|event: web_sys::MouseEvent| event.stop_propagation()
                    >
                        <header>
                            <h1>"Keys"</h1>
                            <span class="t2">"Bold: they work where you are now"</span>
                            <span class="grow"></span>
                            <button type="button" class="btn ghost" title="Close (Esc)" aria-label="Close" on:click=close>
                                {icon(Shape::Close)}
                            </button>
                        </header>
                        <div class="cols">{SECTIONS.into_iter().map(section).collect::<View>()}</div>
                    </div>
                </div>
            }
        })
    })
}

fn line(binding: &Binding, is_here: bool) -> View {
    let keys = binding.keys.iter().enumerate().map(|(index, chord)| {
        view! {
            {(index > 0).then(|| view! { <span class="or">"or"</span> })}
            {caps(chord).into_iter().map(|cap| view! { <kbd>{cap}</kbd> }).collect::<View>()}
        }
    });
    view! {
        <div class="ky" class:here=is_here>
            <span>{binding.name}</span>
            {keys.collect::<View>()}
        </div>
    }
}
