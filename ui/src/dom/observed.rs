use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, MediaQueryList, PointerEvent, ResizeObserver};

/// Calls back when an element changes its size, for as long as it is kept.
pub(crate) struct Sized {
    observer: ResizeObserver,
    _callback: Closure<dyn FnMut()>,
}

impl Sized {
    /// From now on; `None` where the page cannot watch sizes.
    pub(crate) fn new(elements: &[&Element], callback: impl FnMut() + 'static) -> Option<Self> {
        let callback = Closure::<dyn FnMut()>::new(callback);
        let observer = ResizeObserver::new(callback.as_ref().unchecked_ref()).ok()?;
        for element in elements {
            observer.observe(element);
        }
        Some(Self { observer, _callback: callback })
    }
}

impl Drop for Sized {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Calls back when the system changes between light and dark, for as long as it is kept.
pub(crate) struct SystemTheme {
    query: MediaQueryList,
    callback: Closure<dyn FnMut()>,
}

impl SystemTheme {
    /// From now on; `None` where the page cannot watch the theme.
    pub(crate) fn new(callback: impl FnMut() + 'static) -> Option<Self> {
        let query = web_sys::window()?.match_media("(prefers-color-scheme: dark)").ok()??;
        let callback = Closure::<dyn FnMut()>::new(callback);
        query.add_event_listener_with_callback("change", callback.as_ref().unchecked_ref()).ok()?;
        Some(Self { query, callback })
    }
}

impl Drop for SystemTheme {
    fn drop(&mut self) {
        // Only a listener that was never there cannot be removed.
        let _ = self.query.remove_event_listener_with_callback("change", self.callback.as_ref().unchecked_ref());
    }
}

/// Has moves come here even when the pointer leaves the element.
pub(crate) fn capture(event: &PointerEvent) {
    if let Some(element) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok()) {
        // A pointer that is gone cannot be captured, and need not be.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

/// Device pixels of a CSS pixel.
pub(crate) fn device_pixel_ratio() -> f64 {
    web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(0.5, 8.0)
}
