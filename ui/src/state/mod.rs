//! What the screens share: where we are, how the service is doing, what a key means, the theme.

mod app;
pub mod keys;
pub mod remembered;
mod route;
mod theme;

pub use app::{AppState, use_app};
pub use keys::Action;
pub use route::Route;
pub use theme::Theme;
