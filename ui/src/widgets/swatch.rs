use crate::dom::{View, view};

const CLASSES: [&str; 16] = [
    "svc-1", "svc-2", "svc-3", "svc-4", "svc-5", "svc-6", "svc-7", "svc-8", "svc-9", "svc-10", "svc-11", "svc-12",
    "svc-13", "svc-14", "svc-15", "svc-16",
];

/// The class that sets `--svc` to the colour of a service, by its index among the services of its
/// trace, sorted by name. There are sixteen; more share them in turn.
#[must_use]
pub fn service_class(index: usize) -> &'static str {
    CLASSES[index % CLASSES.len()]
}

/// The little square in a service's colour; its tooltip is the service.
pub fn swatch(index: usize, name: String) -> View {
    view! { <i class=format!("sw {}", service_class(index)) title=name></i> }
}
