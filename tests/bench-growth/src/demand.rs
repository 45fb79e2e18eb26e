//! What must hold, and whether it does.

use std::fmt;

/// The bound of a figure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// A figure that must hold.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// The worst of it.
    pub(crate) value: f64,
    /// Where that was.
    pub(crate) place: String,
    pub(crate) limit: Limit,
    pub(crate) unit: &'static str,
}

impl Figure {
    /// A share in percent.
    pub(crate) fn share(name: String, share: f64, place: String, limit: Limit) -> Self {
        Self { name, value: 100.0 * share, place, limit, unit: "%" }
    }

    pub(crate) fn is_met(&self) -> bool {
        match self.limit {
            Limit::AtMost(most) => self.value <= most,
            Limit::AtLeast(least) => self.value >= least,
        }
    }

    /// Whether it is further from its limit than another one of the same.
    fn is_worse(&self, other: &Self) -> bool {
        match self.limit {
            Limit::AtMost(_) => self.value > other.value,
            Limit::AtLeast(_) => self.value < other.value,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = if self.is_met() { "met" } else { "MISSED" };
        let (bound, limit) = match self.limit {
            Limit::AtMost(limit) => ("at most", limit),
            Limit::AtLeast(limit) => ("at least", limit),
        };
        let Self { name, value, place, unit, .. } = self;
        write!(f, "{met:6} | {name:66} | {value:8.2} {unit:5} | {bound:8} {limit} {unit} | {place}")
    }
}

/// All figures, the worst of each.
#[derive(Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    pub(crate) fn push(&mut self, figure: Figure) {
        match self.0.iter_mut().find(|other| other.name == figure.name) {
            Some(other) if figure.is_worse(other) => *other = figure,
            Some(_) => {}
            None => self.0.push(figure),
        }
    }

    pub(crate) fn print(&self) {
        println!("\nwhat must hold, the worst of all seeds");
        self.0.iter().for_each(|figure| println!("{figure}"));
        let missed = self.0.iter().filter(|figure| !figure.is_met()).count();
        println!("{} of {} met", self.0.len() - missed, self.0.len());
    }

    pub(crate) fn are_met(&self) -> bool {
        self.0.iter().all(Figure::is_met)
    }
}

impl Extend<Figure> for Figures {
    fn extend<I: IntoIterator<Item = Figure>>(&mut self, figures: I) {
        figures.into_iter().for_each(|figure| self.push(figure));
    }
}
