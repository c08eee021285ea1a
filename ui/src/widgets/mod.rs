//! Small parts that know nothing of the application: figures, icons, swatches, copying.

mod copy;
mod figures;
mod handler;
mod icon;
mod swatch;
pub mod time;
mod visible;

pub use copy::{CopyButton, copy};
pub use figures::{DurationFigure, Figure, bytes, count, duration};
pub use handler::handler;
pub use icon::{Chevron, Icon, Shape};
pub use swatch::{Swatch, service_class};
pub use visible::{visible, visible_lines};
