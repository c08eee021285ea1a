//! The page: elements, their attributes and children, and the parts of them that change.
//!
//! [`view!`] is written as Leptos writes it, and changes follow Leptos's signals; but a node is made
//! at once and has one type, whatever is in it. `docs/decisions/0007-own-elements.md` says why.
//!
//! Entry: [`View`]. Deliberately absent: comparing of trees (what depends on a signal is made anew
//! when it changes), rendering on a server.

mod attribute;
mod child;
mod css;
mod element;
mod keyed;
mod live;
mod node_ref;
mod observed;
mod schedule;
mod view;

pub(crate) use attribute::{Attribute, Switch};
pub(crate) use child::Child;
pub(crate) use css::{fine_px, percent, px, token};
pub(crate) use element::Element;
pub(crate) use keyed::keyed;
pub(crate) use live::live;
pub(crate) use macros::view;
pub(crate) use node_ref::NodeRef;
pub(crate) use observed::{Sized, SystemTheme, capture, device_pixel_ratio};
pub(crate) use schedule::{Timeout, after, before_paint, on_window, typed};
pub(crate) use view::{View, append_to_body};

/// The document of this page.
///
/// # Panics
/// Outside of a page.
fn document() -> web_sys::Document {
    thread_local! {
        static DOCUMENT: web_sys::Document =
            web_sys::window().and_then(|window| window.document()).expect("the UI runs in a page");
    }
    DOCUMENT.with(Clone::clone)
}
