/// A handler of an event. Boxed, all handlers of one event are of one type, and the code that
/// attaches, clones and drops them is in the WASM once.
pub fn handler<E: 'static>(handle: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handle)
}
