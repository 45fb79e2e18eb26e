//! How many cases were found, missed, or made more of than is there.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use crate::{case::Case, stories::STORIES};

/// Counts of cases.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Counts {
    pub(crate) cases: usize,
    pub(crate) found: usize,
    pub(crate) invented: usize,
    pub(crate) wrong: usize,
    pub(crate) broken: usize,
}

impl Counts {
    fn add(&mut self, case: &Case) {
        let verdict = &case.verdict;
        self.cases += 1;
        self.found += usize::from(verdict.is_found());
        self.invented += usize::from(!verdict.invented.is_empty());
        self.wrong += usize::from(!verdict.wrong.is_empty());
        self.broken += usize::from(!verdict.broken.is_empty());
    }

    /// Per cent of the cases.
    pub(crate) fn percent(&self, count: usize) -> f64 {
        100.0 * count as f64 / self.cases.max(1) as f64
    }
}

/// Counts by story and dialect.
#[derive(Default)]
pub(crate) struct Tally {
    cells: BTreeMap<(String, &'static str), Counts>,
    pub(crate) all: Counts,
}

impl Tally {
    pub(crate) fn add(&mut self, case: &Case) {
        let key = (case.dialect.to_string(), case.story);
        self.cells.entry(key).or_default().add(case);
        self.all.add(case);
    }
}

/// One line per story: how many were found, and in which dialects not all.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.all;
        writeln!(
            f,
            "{} cases: {:.1} % found, {:.1} % with an invention, {:.1} % with a wrong value, {:.1} % broken",
            all.cases,
            all.percent(all.found),
            all.percent(all.invented),
            all.percent(all.wrong),
            all.percent(all.broken),
        )?;
        for (story, _) in STORIES {
            let (mut sum, mut short) = (Counts::default(), String::new());
            for ((dialect, _), cell) in self.cells.iter().filter(|((_, of), _)| of == story) {
                sum.cases += cell.cases;
                sum.found += cell.found;
                sum.invented += cell.invented;
                sum.wrong += cell.wrong;
                sum.broken += cell.broken;
                if cell.found < cell.cases {
                    let _ = write!(short, "; {dialect} {}/{}", cell.found, cell.cases);
                }
            }
            if sum.found == 0 {
                short.clear();
            }
            let Counts { cases, found, invented, wrong, broken } = sum;
            if cases == 0 {
                continue;
            }
            writeln!(
                f,
                "  {story:28} {found:4}/{cases:4} found, {invented:3} invented, {wrong:3} wrong, {broken:3} broken{short}"
            )?;
        }
        Ok(())
    }
}
