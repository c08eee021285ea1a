//! Carries the shapes of `bars` out on the canvas of the visible rows.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher},
};

use js_sys::Array;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::{
    bars::{BAR_HEIGHT, BAR_TOP, BASELINE, DIAMOND, Ink, Lane, Layers, ROW, Shape},
    palette::Palette,
    scale::{Scale, Tick},
    window::{Answered, Drawn},
};

/// Size of labels in bars, CSS pixels.
const LABEL: &str = "10.5px";
/// So many widths of texts are kept.
const MOST_WIDTHS: usize = 4_096;

/// What a frame shows.
pub(crate) struct Scene<'a> {
    /// The rows that have come.
    pub(crate) rows: Option<&'a Answered>,
    /// Which of them.
    pub(crate) drawn: Drawn,
    /// Time and width.
    pub(crate) scale: Scale,
    /// Device pixels of a CSS pixel.
    pub(crate) ratio: f64,
    /// What is shown of them.
    pub(crate) layers: Layers,
    /// The grid.
    pub(crate) ticks: &'a [Tick],
}

/// Paints, and keeps what is costly to find out: colours and widths of texts.
#[derive(Default)]
pub(crate) struct Painter {
    palette: Option<Palette>,
    /// By text; plain and strong.
    widths: [HashMap<String, f64, BuildHasherDefault<DefaultHasher>>; 2],
}

impl Painter {
    /// The theme has changed: colours are read anew.
    pub(crate) fn forget_colours(&mut self) {
        self.palette = None;
        self.widths = Default::default();
    }

    /// Paints a frame. Without a drawing context, which only a page that is gone lacks, nothing.
    pub(crate) fn paint(&mut self, canvas: &HtmlCanvasElement, scene: &Scene<'_>) {
        let Some(context) = context(canvas) else { return };
        let palette = self.palette.get_or_insert_with(Palette::read);
        let height = f64::from(scene.drawn.count()) * ROW;
        let ratio = scene.ratio;
        let size = ((scene.scale.width * ratio).round() as u32, (height * ratio).round() as u32);
        if (canvas.width(), canvas.height()) != size {
            canvas.set_width(size.0);
            canvas.set_height(size.1);
        }
        // These fail on numbers that are not finite only, which there are none of.
        let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, scene.scale.width, height);
        context.set_fill_style_str(&palette.grid);
        let hair = ratio.round().max(1.0) / ratio;
        for tick in scene.ticks {
            context.fill_rect((tick.x * ratio).round() / ratio, 0.0, hair, height);
        }
        let Some(rows) = scene.rows else { return };
        let mut font = Font { family: &palette.font, is_strong: None };
        let widths = &mut self.widths;
        let mut shapes = Vec::new();
        {
            let mut measure = |text: &str, is_strong: bool| {
                let widths = &mut widths[usize::from(is_strong)];
                if let Some(width) = widths.get(text) {
                    return *width;
                }
                font.select(&context, is_strong);
                let width = context.measure_text(text).map_or(0.0, |metrics| metrics.width());
                if widths.len() >= MOST_WIDTHS {
                    widths.clear();
                }
                widths.insert(text.to_owned(), width);
                width
            };
            let mut lane = Lane { scale: scene.scale, ratio, layers: scene.layers, measure: &mut measure };
            for index in scene.drawn.first..scene.drawn.end {
                if let Some(row) = rows.row(index) {
                    let top = f64::from(index - scene.drawn.first) * ROW;
                    shapes.extend(lane.row(row).into_iter().map(|shape| (top, shape)));
                }
            }
        }
        for (top, shape) in &shapes {
            draw(&context, palette, &mut font, ratio, *top, shape);
        }
    }
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// The font of labels; setting it is costly, so it is set on change only.
struct Font<'a> {
    family: &'a str,
    is_strong: Option<bool>,
}

impl Font<'_> {
    fn select(&mut self, context: &CanvasRenderingContext2d, is_strong: bool) {
        if self.is_strong != Some(is_strong) {
            self.is_strong = Some(is_strong);
            context.set_font(&format!("{} {LABEL} {}", if is_strong { 500 } else { 400 }, self.family));
        }
    }
}

fn draw(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    font: &mut Font<'_>,
    ratio: f64,
    top: f64,
    shape: &Shape,
) {
    let snap = |y: f64| (y * ratio).round() / ratio;
    let fill = |ink: Ink| context.set_fill_style_str(palette.colour(ink));
    let line = |width: f64| (width * ratio).round().max(1.0) / ratio;
    match shape {
        Shape::Bar { left, right, fill: body, outline, parts, ink } => {
            let (y, end) = (snap(top + BAR_TOP), snap(top + BAR_TOP + BAR_HEIGHT));
            let (width, height) = (right - left, end - y);
            let is_round = width >= 6.0;
            fill(*body);
            if is_round {
                rounded(context, *left, y, width, height, 2.0);
                context.fill();
            } else {
                context.fill_rect(*left, y, width, height);
            }
            fill(*ink);
            for (from, to) in parts {
                // The rounded corners of the bar stay free.
                let at_corner = is_round && (*from < left + 1.0 || *to > right - 1.0);
                let inset = if at_corner { hair(ratio) } else { 0.0 };
                context.fill_rect(*from, y + inset, to - from, height - 2.0 * inset);
            }
            if let Some(outline) = outline {
                let thick = line(if *outline == Ink::Error { 1.5 } else { 1.0 }).min(width / 2.0);
                context.set_stroke_style_str(palette.colour(*outline));
                context.set_line_width(thick);
                let inset = thick / 2.0;
                if is_round {
                    rounded(context, left + inset, y + inset, width - thick, height - thick, 2.0 - inset.min(1.0));
                    context.stroke();
                } else {
                    context.stroke_rect(left + inset, y + inset, width - thick, height - thick);
                }
            }
        }
        Shape::Dashed { left, right } => {
            let thick = line(1.0);
            let (y, end) = (snap(top + BAR_TOP), snap(top + BAR_TOP + BAR_HEIGHT));
            context.set_stroke_style_str(palette.colour(Ink::Missing));
            context.set_line_width(thick);
            // An array of numbers is a valid pattern.
            let _ = context.set_line_dash(&Array::of2(&3.0.into(), &2.0.into()));
            rounded(context, left + thick / 2.0, y + thick / 2.0, right - left - thick, end - y - thick, 1.5);
            context.stroke();
            let _ = context.set_line_dash(&Array::new());
        }
        Shape::Rect { left, top: within, width, height, ink } => {
            fill(*ink);
            let (y, end) = (snap(top + within), snap(top + within + height));
            context.fill_rect(*left, y, *width, end - y);
        }
        Shape::Diamond { x, ink } => {
            let y = snap(top + BAR_TOP + BAR_HEIGHT / 2.0);
            fill(Ink::Ground);
            diamond(context, *x, y, DIAMOND + 1.25);
            fill(*ink);
            diamond(context, *x, y, DIAMOND);
        }
        Shape::Text { x, ink, text, is_strong } => {
            font.select(context, *is_strong);
            fill(*ink);
            // Fails on numbers that are not finite only.
            let _ = context.fill_text(text, *x, snap(top + BASELINE));
        }
    }
}

fn hair(ratio: f64) -> f64 {
    ratio.round().max(1.0) / ratio
}

fn rounded(context: &CanvasRenderingContext2d, x: f64, y: f64, width: f64, height: f64, radius: f64) {
    context.begin_path();
    // Refuses negative radii only.
    let _ = context.round_rect_with_f64(x, y, width, height, radius.max(0.0));
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
