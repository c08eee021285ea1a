//! Between the pixels of the picture and its cells.

use super::grid::Grid;

/// Where a cell lies, in CSS pixels of an area: left edge and bottom edge from above.
pub(super) fn corner(grid: &Grid, size: (f64, f64), cell: (u32, u32)) -> (f64, f64) {
    let x = f64::from(cell.0) / f64::from(grid.across) * size.0;
    (x, size.1 - f64::from(cell.1) / f64::from(grid.up) * size.1)
}

/// The place in an area in cells.
pub(super) fn in_cells(grid: &Grid, size: (f64, f64), at: (f64, f64)) -> (f64, f64) {
    (at.0 / size.0 * f64::from(grid.across), (size.1 - at.1) / size.1 * f64::from(grid.up))
}

/// The cell at a place in an area; beyond its edges the outermost.
pub(super) fn cell_at(grid: &Grid, size: (f64, f64), at: (f64, f64)) -> (u32, u32) {
    let (x, y) = in_cells(grid, size, at);
    ((x.max(0.0) as u32).min(grid.across - 1), (y.max(0.0) as u32).min(grid.up - 1))
}
