use std::pin::Pin;

use wasm_bindgen_futures::spawn_local;

/// Has a future run. Boxed, all are of one type, and the code that drives them is in the WASM once.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let boxed: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    spawn_local(boxed);
}
