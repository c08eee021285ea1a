use std::borrow::Cow;

use super::element::Set;
use crate::reactive::{Memo, RwSignal, render_effect};

/// What an attribute can be set to.
pub trait Text: 'static {
    /// The text; without one, the attribute is absent.
    fn text(self) -> Option<Cow<'static, str>>;
}

impl Text for &'static str {
    fn text(self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl Text for String {
    fn text(self) -> Option<Cow<'static, str>> {
        Some(Cow::Owned(self))
    }
}

impl Text for bool {
    fn text(self) -> Option<Cow<'static, str>> {
        self.then_some(Cow::Borrowed(""))
    }
}

impl<T: Text> Text for Option<T> {
    fn text(self) -> Option<Cow<'static, str>> {
        self.and_then(Text::text)
    }
}

/// The value of an attribute, property or style: a text, or what gives one and is asked again when
/// a signal that it read changes.
pub trait Attribute {
    /// Sets it.
    fn apply(self, element: &web_sys::Element, name: &'static str, set: Set);
}

/// The same of a class, which is on or off.
pub trait Switch {
    /// Sets it.
    fn apply(self, element: &web_sys::Element, name: &'static str, set: Set);
}

fn keep_set(
    element: &web_sys::Element,
    name: &'static str,
    set: Set,
    mut read: Box<dyn FnMut() -> Option<Cow<'static, str>>>,
) {
    let element = element.clone();
    let mut before = None;
    render_effect(Box::new(move || {
        let value = read();
        if before.as_ref() != Some(&value) {
            set(&element, name, value.as_deref());
            before = Some(value);
        }
    }));
}

macro_rules! texts {
    ($($text:ty),*) => {
        $(impl Attribute for $text {
            fn apply(self, element: &web_sys::Element, name: &'static str, set: Set) {
                set(element, name, self.text().as_deref());
            }
        })*
    };
}

texts!(&'static str, String, bool, Option<String>, Option<&'static str>);

impl<T: Text, F: FnMut() -> T + 'static> Attribute for F {
    fn apply(mut self, element: &web_sys::Element, name: &'static str, set: Set) {
        keep_set(element, name, set, Box::new(move || self().text()));
    }
}

macro_rules! signals {
    ($($signal:ty),*) => {
        $(impl Attribute for $signal {
            fn apply(self, element: &web_sys::Element, name: &'static str, set: Set) {
                keep_set(element, name, set, Box::new(move || self.get().text()));
            }
        })*
    };
}

signals!(RwSignal<String>, RwSignal<bool>, Memo<String>, Memo<bool>);

impl Switch for bool {
    fn apply(self, element: &web_sys::Element, name: &'static str, set: Set) {
        if self {
            set(element, name, Some(""));
        }
    }
}

impl<F: FnMut() -> bool + 'static> Switch for F {
    fn apply(self, element: &web_sys::Element, name: &'static str, set: Set) {
        Attribute::apply(self, element, name, set);
    }
}

macro_rules! switches {
    ($($signal:ty),*) => {
        $(impl Switch for $signal {
            fn apply(self, element: &web_sys::Element, name: &'static str, set: Set) {
                Attribute::apply(self, element, name, set);
            }
        })*
    };
}

switches!(RwSignal<bool>, Memo<bool>);
