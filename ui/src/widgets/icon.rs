use crate::dom::{Switch, View, view};

/// The icons: strokes in a box of 16 by 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The list of traces: three staggered bars.
    Traces,
    /// A lens.
    Search,
    /// Two sheets.
    Copy,
    /// A check mark.
    Check,
    /// A cross.
    Close,
    /// An exclamation mark in a circle.
    Warning,
    /// A funnel.
    Filter,
    /// Two bars.
    Pause,
    /// A triangle to the right.
    Play,
    /// An arrow head up.
    Up,
    /// An arrow head down.
    Down,
    /// An arrow head to the left.
    Back,
    /// Arrows to both edges.
    Fit,
    /// A plus.
    Plus,
    /// A minus.
    Minus,
    /// A chain link.
    Link,
    /// A cylinder.
    Database,
    /// A box with partitions.
    Queue,
    /// A four-pointed star.
    Spark,
    /// A step down: the critical path.
    Path,
    /// A bar with its ends filled: the time a span works itself.
    SelfTime,
    /// A dial.
    Clock,
    /// A sun.
    Sun,
    /// A moon.
    Moon,
    /// A circle, half filled by a line.
    Half,
    /// A panel at the right edge of a window.
    Panel,
    /// A folder.
    Folder,
    /// Two sliders.
    Sliders,
    /// A pin.
    Pin,
    /// A star with five points.
    Star,
    /// A ribbon that marks a page.
    Bookmark,
    /// An arrow down into a tray.
    Export,
    /// A table whose last column is new.
    Columns,
}

impl Shape {
    fn path(self) -> &'static str {
        match self {
            Self::Traces => "M2.5 4h8M5 8h8.5M7.5 12h4.5",
            Self::Search => "M7 2.8a4.2 4.2 0 1 1 0 8.4a4.2 4.2 0 0 1 0-8.4zM10.1 10.1l3.4 3.4",
            Self::Copy => {
                "M6.7 5.5h5.6a1.2 1.2 0 0 1 1.2 1.2v5.6a1.2 1.2 0 0 1-1.2 1.2h-5.6a1.2 1.2 0 0 1-1.2-1.2v-5.6a1.2 1.2 0 0 1 1.2-1.2zM3.4 10.5a.9.9 0 0 1-.9-.9v-6.2a.9.9 0 0 1 .9-.9h6.2a.9.9 0 0 1 .9.9"
            }
            Self::Check => "M3 8.5l3.2 3.2L13 4.8",
            Self::Close => "M4.5 4.5l7 7M11.5 4.5l-7 7",
            Self::Warning => "M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM8 5v3.6M8 10.9v.1",
            Self::Filter => "M2.5 3.5h11l-4 4.8v4.2l-3-1.5v-2.7z",
            Self::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Self::Play => "M5 3.5l7.5 4.5L5 12.5z",
            Self::Up => "M4 10l4-4 4 4",
            Self::Down => "M4 6l4 4 4-4",
            Self::Back => "M10 3.5L5.5 8l4.5 4.5",
            Self::Fit => "M2.5 3v10M13.5 3v10M5 8h6M6.6 6.2L4.8 8l1.8 1.8M9.4 6.2L11.2 8l-1.8 1.8",
            Self::Plus => "M8 3.5v9M3.5 8h9",
            Self::Minus => "M3.5 8h9",
            Self::Link => {
                "M6.8 9.2a2.5 2.5 0 0 0 3.5 0l2-2a2.5 2.5 0 0 0-3.5-3.5l-.8.8M9.2 6.8a2.5 2.5 0 0 0-3.5 0l-2 2a2.5 2.5 0 0 0 3.5 3.5l.8-.8"
            }
            Self::Database => {
                "M3.5 4c0-1 2-1.8 4.5-1.8s4.5.8 4.5 1.8-2 1.8-4.5 1.8S3.5 5 3.5 4zM3.5 4v8c0 1 2 1.8 4.5 1.8s4.5-.8 4.5-1.8V4M3.5 8c0 1 2 1.8 4.5 1.8s4.5-.8 4.5-1.8"
            }
            Self::Queue => "M2.5 5h11v6h-11zM6 5v6M9.5 5v6",
            Self::Spark => "M8 2.3l1.6 4.1 4.1 1.6-4.1 1.6L8 13.7l-1.6-4.1L2.3 8l4.1-1.6z",
            Self::Path => "M2.5 4.5h4v7h7",
            Self::SelfTime => {
                "M3.5 5h9a1 1 0 0 1 1 1v4a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM3 7.2h3M3 8.8h3M10.5 7.2h2.5M10.5 8.8h2.5"
            }
            Self::Clock => "M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM8 5v3.2l2 1.3",
            Self::Sun => {
                "M8 5.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 0 1 0-5zM8 1.8v1.2M8 13v1.2M1.8 8h1.2M13 8h1.2M3.6 3.6l.9.9M11.5 11.5l.9.9M12.4 3.6l-.9.9M4.5 11.5l-.9.9"
            }
            Self::Moon => "M12.8 9.7A5.3 5.3 0 0 1 6.3 3.2a5.3 5.3 0 1 0 6.5 6.5z",
            Self::Half => "M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM8 2.5v11M10.5 4v8",
            Self::Panel => "M3.5 3h9a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM9.5 3v10",
            Self::Sliders => {
                "M2.5 5h5M11.5 5h2M9.5 3a2 2 0 1 1 0 4a2 2 0 0 1 0-4zM2.5 11h2M8.5 11h5M6.5 9a2 2 0 1 1 0 4a2 2 0 0 1 0-4z"
            }
            Self::Pin => "M5.5 2.5h5M6.2 2.5v4.2l-2 2.6h7.6l-2-2.6V2.5M8 9.3v4.2",
            Self::Star => "M8 2.4l1.7 3.6 3.9.5-2.9 2.7.8 3.9L8 11.2l-3.5 1.9.8-3.9-2.9-2.7 3.9-.5z",
            Self::Bookmark => "M4.5 2.8h7v10.4L8 10.6l-3.5 2.6z",
            Self::Export => "M8 2.5v7M5.2 6.9L8 9.7l2.8-2.8M2.8 10.5v2.7h10.4v-2.7",
            Self::Columns => "M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9",
            Self::Folder => {
                "M2.5 12.2V4.3c0-.4.3-.8.8-.8h3l1.5 1.8h4.9c.5 0 .8.3.8.8v6.1c0 .5-.3.8-.8.8H3.3c-.5 0-.8-.3-.8-.8z"
            }
        }
    }
}

/// An icon, 16 px; decoration, so what it stands for must be said beside it or in the control's name.
#[must_use]
pub fn icon(shape: Shape) -> View {
    view! {
        <svg class="i" viewBox="0 0 16 16" aria-hidden="true">
            <path d=shape.path()></path>
        </svg>
    }
}

/// The same in 14 px.
#[must_use]
pub fn small_icon(shape: Shape) -> View {
    view! {
        <svg class="i s" viewBox="0 0 16 16" aria-hidden="true">
            <path d=shape.path()></path>
        </svg>
    }
}

/// The arrow head before what unfolds: to the right, and down when open.
#[must_use]
pub fn chevron(is_open: impl Switch) -> View {
    view! {
        <svg class="chev" class:open=is_open viewBox="0 0 12 12" aria-hidden="true">
            <path d="M4.5 2.8L7.8 6 4.5 9.2"></path>
        </svg>
    }
}
