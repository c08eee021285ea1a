//! Figures beside what they must be and what they aim at.

/// Prints one figure under another.
pub struct Table;

impl Table {
    /// The head.
    pub fn new() -> Self {
        println!("  {:58} {:>12} {:>9} {:>9}", "", "", "must", "aim");
        Self
    }

    /// What follows, in a line.
    pub fn part(&self, name: &str) {
        println!("{name}");
    }

    /// A figure that has no bound.
    pub fn figure(&self, name: &str, figure: f64, unit: &str) {
        println!("  {name:58} {:>12}", with_unit(figure, unit));
    }

    /// A figure that must be at most so much, and aims at less.
    pub fn at_most(&self, name: &str, figure: f64, unit: &str, [must, aim]: [f64; 2]) {
        self.line(name, figure, unit, [must, aim], figure <= must, figure <= aim);
    }

    /// A figure that must be at least so much, and aims at more.
    pub fn at_least(&self, name: &str, figure: f64, unit: &str, [must, aim]: [f64; 2]) {
        self.line(name, figure, unit, [must, aim], figure >= must, figure >= aim);
    }

    fn line(&self, name: &str, figure: f64, unit: &str, [must, aim]: [f64; 2], is_good: bool, is_best: bool) {
        let verdict = match (is_good, is_best) {
            (_, true) => "aim",
            (true, false) => "must",
            (false, false) => "MISSED",
        };
        println!("  {name:58} {:>12} {must:>9} {aim:>9}   {verdict}", with_unit(figure, unit));
    }
}

fn with_unit(figure: f64, unit: &str) -> String {
    match figure {
        0.0..10.0 => format!("{figure:.2} {unit}"),
        10.0..1_000.0 => format!("{figure:.1} {unit}"),
        _ => format!("{figure:.0} {unit}"),
    }
}
