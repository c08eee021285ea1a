use std::fmt::Write as _;

/// A row to draw. Later layers are drawn over earlier ones.
#[derive(Debug, Clone, Default)]
pub struct DrawnRow {
    /// Levels of indentation.
    pub depth: u32,
    /// What stands before the bar.
    pub label: String,
    /// A character, and the intervals it fills, in nanoseconds; one without length is drawn as `!`.
    pub layers: Vec<(char, Vec<(i64, i64)>)>,
    /// What stands behind the bar.
    pub note: String,
}

/// Draws rows as text, a column for so many nanoseconds; the leftmost layer starts at the left.
/// Intervals are drawn from the column in which they start to before the one in which they end.
#[must_use]
pub fn render(rows: &[DrawnRow], nanos_per_column: i64) -> String {
    let intervals = || rows.iter().flat_map(|row| &row.layers).flat_map(|(_, intervals)| intervals);
    let leftmost = intervals().map(|&(from, _)| from).min().unwrap_or_default();
    let columns = |moment: i64| usize::try_from((moment - leftmost) / nanos_per_column).unwrap_or_default();
    let width = intervals().map(|&(_, to)| columns(to)).max().unwrap_or_default() + 1;
    let indented = |row: &DrawnRow| format!("{:1$}{2}", "", 2 * row.depth as usize, row.label);
    let label_width = rows.iter().map(|row| indented(row).chars().count()).max().unwrap_or_default();
    let mut drawing = String::new();
    for row in rows {
        let mut cells = vec![' '; width];
        for (fill, intervals) in &row.layers {
            for &(from, to) in intervals {
                let (from, to) = (columns(from), columns(to));
                if from >= to {
                    cells[from] = '!';
                } else {
                    cells[from..to].fill(*fill);
                }
            }
        }
        let bar: String = cells.into_iter().collect();
        let line = format!("{:label_width$}  {bar} {}", indented(row), row.note);
        // Writing to a string cannot fail.
        let _ = writeln!(drawing, "{}", line.trim_end());
    }
    drawing
}
