//! Small parts that know nothing of the application: figures, icons, swatches, copying.

mod copy;
mod figures;
mod icon;
mod swatch;
pub mod time;
mod visible;

pub use copy::{copy, copy_button};
pub use figures::{Figure, bytes, count, duration, duration_figure, percentage, permille};
pub use icon::{Shape, chevron, icon, small_icon};
pub use swatch::{service_class, swatch};
pub use visible::{visible, visible_lines};
