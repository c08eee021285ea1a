//! Draws the dots.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::state::Picture;
use crate::dom::token;

/// Radius of what matches, of a diamond, and of what does not match, CSS pixels.
const DOT: f64 = 2.2;
const DIAMOND: f64 = 4.0;
const FAINT: f64 = 1.4;

/// The colours, read from the tokens of the style sheet.
#[derive(Debug, Clone)]
pub(super) struct Colours {
    dot: String,
    error: String,
    faint: String,
    ground: String,
    grid: String,
}

impl Colours {
    /// Reads them.
    pub(super) fn read() -> Self {
        let colour = |name: &str| token(name).unwrap_or_default();
        Self {
            dot: colour("--dot"),
            error: colour("--error"),
            faint: colour("--text-3"),
            ground: colour("--surface-1"),
            grid: colour("--border-subtle"),
        }
    }
}

/// What a frame shows.
pub(super) struct Scene<'a> {
    /// The dots.
    pub(super) picture: Option<&'a Picture>,
    /// Size, CSS pixels.
    pub(super) size: (f64, f64),
    /// Device pixels of a CSS pixel.
    pub(super) ratio: f64,
    /// Lines from top to bottom.
    pub(super) columns: &'a [f64],
    /// Lines from left to right.
    pub(super) rows: &'a [f64],
}

/// Draws a frame. Without a drawing context, which only a page that is gone lacks, nothing.
pub(super) fn paint(canvas: &HtmlCanvasElement, colours: &Colours, scene: &Scene<'_>) {
    let context = canvas.get_context("2d").ok().flatten();
    let Some(context) = context.and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok()) else { return };
    let ((width, height), ratio) = (scene.size, scene.ratio);
    let size = ((width * ratio).round() as u32, (height * ratio).round() as u32);
    if (canvas.width(), canvas.height()) != size {
        canvas.set_width(size.0);
        canvas.set_height(size.1);
    }
    // Fails on numbers that are not finite only.
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    context.clear_rect(0.0, 0.0, width, height);
    let hair = ratio.round().max(1.0) / ratio;
    let snap = |at: f64, most: f64| (at * ratio).round().min(most * ratio - 1.0) / ratio;
    context.set_fill_style_str(&colours.grid);
    for x in scene.columns {
        context.fill_rect(snap(*x, width), 0.0, hair, height);
    }
    for y in scene.rows {
        context.fill_rect(0.0, snap(*y, height), width, hair);
    }
    let Some(Picture { grid, scatter, .. }) = scene.picture else { return };
    let x = |column: u32| (f64::from(column) + 0.5) / f64::from(grid.across) * width;
    let y = |row: u32| height - (f64::from(row) + 0.5) / f64::from(grid.up) * height;
    // What there is more of is a little larger, and of what is faint a little darker.
    let weight = |number: u32| f64::from(number.max(1)).log2().min(6.0);

    context.set_fill_style_str(&colours.faint);
    for cell in scatter.cells.iter().filter(|cell| cell.others > 0) {
        context.set_global_alpha(0.28 + 0.07 * weight(cell.others));
        dot(&context, x(cell.x), y(cell.y), FAINT + 0.08 * weight(cell.others));
    }
    context.set_global_alpha(1.0);
    context.set_fill_style_str(&colours.dot);
    for cell in scatter.cells.iter().filter(|cell| cell.ok > 0) {
        dot(&context, x(cell.x), y(cell.y), DOT + 0.25 * weight(cell.ok));
    }
    for cell in scatter.cells.iter().filter(|cell| cell.failed > 0) {
        let half = DIAMOND + 0.3 * weight(cell.failed);
        context.set_fill_style_str(&colours.ground);
        diamond(&context, x(cell.x), y(cell.y), half + 1.0);
        context.set_fill_style_str(&colours.error);
        diamond(&context, x(cell.x), y(cell.y), half);
    }
}

fn dot(context: &CanvasRenderingContext2d, x: f64, y: f64, radius: f64) {
    context.begin_path();
    // Refuses negative radii only.
    let _ = context.arc(x, y, radius, 0.0, std::f64::consts::TAU);
    context.fill();
}

fn diamond(context: &CanvasRenderingContext2d, x: f64, y: f64, half: f64) {
    context.begin_path();
    context.move_to(x, y - half);
    context.line_to(x + half, y);
    context.line_to(x, y + half);
    context.line_to(x - half, y);
    context.close_path();
    context.fill();
}
