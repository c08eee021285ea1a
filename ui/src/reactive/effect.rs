use reactive_graph::{
    effect::{Effect, RenderEffect},
    owner::Owner,
};

/// Does this once the page is up to date, and again when a signal that it read has changed, until the
/// reactive owner is gone.
pub fn effect(run: impl FnMut() + 'static) {
    start(Box::new(run));
}

fn start(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_: Option<()>| run());
}

/// Does this now, and again when a signal that it read has changed, until the reactive owner is gone.
pub fn render_effect(mut run: Box<dyn FnMut()>) {
    let effect = RenderEffect::new(move |_: Option<()>| run());
    on_cleanup(move || drop(effect));
}

/// Does this when the reactive owner goes or what it belongs to is made anew.
pub fn on_cleanup(run: impl FnOnce() + Send + Sync + 'static) {
    clean_up(Box::new(run));
}

fn clean_up(run: Box<dyn FnOnce() + Send + Sync>) {
    Owner::on_cleanup(run);
}

/// Runs what everything that is reactive on the page belongs to.
pub(crate) fn root(run: impl FnOnce()) {
    // It fails only if it was called before.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    let owner = Owner::new();
    owner.with(run);
    // For as long as there is a page.
    std::mem::forget(owner);
}
