use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CssStyleDeclaration, Event, HtmlElement};

use super::{Attribute, Child, NodeRef, View, attribute::Switch, document, schedule::listen};

/// Tags that are drawings, not text.
const DRAWN: [&str; 2] = ["svg", "path"];
const SVG: &str = "http://www.w3.org/2000/svg";

/// An element that is being made.
#[derive(Debug)]
pub struct Element(web_sys::Element);

impl Element {
    /// An element with the attributes that are known beforehand: tag, names and values in turn, with
    /// `U+001F` between them, as [`crate::dom::view!`] writes them.
    ///
    /// # Panics
    /// If the tag or a name is none: they stand in the source.
    #[must_use]
    pub fn new(known: &'static str) -> Self {
        let mut parts = known.split('\u{1f}');
        let tag = parts.next().unwrap_or_default();
        let made = if DRAWN.contains(&tag) {
            document().create_element_ns(Some(SVG), tag)
        } else {
            document().create_element(tag)
        };
        let element = Self(made.expect("a tag"));
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            set_attribute(&element.0, name, Some(value));
        }
        element
    }

    /// With an attribute, absent for `None` and `false`.
    #[must_use]
    pub fn attribute(self, name: &'static str, value: impl Attribute) -> Self {
        value.apply(&self.0, name, set_attribute);
        self
    }

    /// With a text that is a property of the object in JavaScript, as what stands in a field is. What is
    /// on or off is an attribute.
    #[must_use]
    pub fn property(self, name: &'static str, value: impl Attribute) -> Self {
        value.apply(&self.0, name, set_property);
        self
    }

    /// With a property of its style.
    #[must_use]
    pub fn style(self, name: &'static str, value: impl Attribute) -> Self {
        value.apply(&self.0, name, set_style);
        self
    }

    /// With a class, while it is on.
    #[must_use]
    pub fn class(self, name: &'static str, is_on: impl Switch) -> Self {
        is_on.apply(&self.0, name, set_class);
        self
    }

    /// With a handler of an event, for as long as the reactive owner lives.
    #[must_use]
    pub fn on<E: JsCast>(self, name: &'static str, mut handle: impl FnMut(E) + 'static) -> Self {
        listen(&self.0, name, Box::new(move |event: Event| handle(event.unchecked_into())));
        self
    }

    /// Makes the element known by this name.
    #[must_use]
    pub fn node_ref<T: JsCast>(self, place: NodeRef<T>) -> Self {
        place.set(self.0.unchecked_ref::<HtmlElement>());
        self
    }

    /// With a further part at its end.
    #[must_use]
    pub fn child(self, child: impl Child) -> Self {
        child.append_to(&self.0);
        self
    }
}

impl From<Element> for View {
    fn from(element: Element) -> Self {
        Self::of(element.0.into())
    }
}

impl Child for Element {
    fn append_to(self, parent: &web_sys::Node) {
        super::child::append(parent, &self.0);
    }
}

/// Sets something of an element that has a name, or takes it away.
pub(super) type Set = fn(&web_sys::Element, &'static str, Option<&str>);

// That a name is valid stands in the source; there is nothing to do about one that is not.
fn set_attribute(element: &web_sys::Element, name: &'static str, value: Option<&str>) {
    let _ = match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    };
}

fn set_property(element: &web_sys::Element, name: &'static str, value: Option<&str>) {
    let (name, value) = (JsValue::from_str(name), JsValue::from_str(value.unwrap_or_default()));
    // A field whose text is set, be it the same, forgets that somebody typed: it then says nothing of a change.
    if js_sys::Reflect::get(element, &name).as_ref() != Ok(&value) {
        let _ = js_sys::Reflect::set(element, &name, &value);
    }
}

fn set_style(element: &web_sys::Element, name: &'static str, value: Option<&str>) {
    // Drawings have the same property, and are no `HtmlElement` only by their class.
    let style: CssStyleDeclaration = element.unchecked_ref::<HtmlElement>().style();
    let _ = match value {
        Some(value) => style.set_property(name, value),
        None => style.remove_property(name).map(|_| ()),
    };
}

fn set_class(element: &web_sys::Element, name: &'static str, value: Option<&str>) {
    let _ = element.class_list().toggle_with_force(name, value.is_some());
}
