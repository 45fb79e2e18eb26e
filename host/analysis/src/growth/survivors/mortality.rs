//! Mortality of objects by age, added up once, so that a query for every age costs no more than
//! reading the cohorts.

use super::Cohort;

/// Number of freed objects, out of how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Mortality {
    pub(super) died: u64,
    pub(super) exposed: u64,
}

impl Mortality {
    pub(super) fn hazard(&self) -> f64 {
        if self.exposed == 0 { 0.0 } else { self.died as f64 / self.exposed as f64 }
    }
}

/// Mortality at all ages.
pub(super) struct MortalityTable {
    /// Objects allocated within the series, up to each age.
    young: Vec<Mortality>,
    /// All objects at any age. Those older than the series count as old from its start.
    all: Mortality,
}

impl MortalityTable {
    pub(super) fn new(cohorts: &[Cohort]) -> Self {
        let mut young = vec![Mortality::default()];
        let mut total = Mortality::default();
        for cohort in cohorts {
            let mut previous = None;
            for (age, alive) in cohort.alive.iter().enumerate() {
                let Some(alive) = *alive else { continue };
                let Some(exposed) = previous.replace(alive) else { continue };
                let died = exposed.saturating_sub(alive);
                let add = |toll: &mut Mortality| {
                    toll.exposed += exposed;
                    toll.died += died;
                };
                add(&mut total);
                if cohort.born > 0 {
                    young.resize(young.len().max(age + 1), Mortality::default());
                    add(&mut young[age]);
                }
            }
        }
        let mut sum = Mortality::default();
        for toll in &mut young {
            sum = Mortality { died: sum.died + toll.died, exposed: sum.exposed + toll.exposed };
            *toll = sum;
        }
        Self { young, all: total }
    }

    /// Mortality up to `age`, and beyond it.
    pub(super) fn at_age(&self, age: usize) -> (Mortality, Mortality) {
        let young = self.young.get(age).or(self.young.last()).copied().unwrap_or_default();
        let old = Mortality {
            died: self.all.died - young.died,
            exposed: self.all.exposed - young.exposed,
        };
        (young, old)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use crate::growth::survivors::mortality::*;

    /// The same, counted anew for each age.
    fn naive(cohorts: &[Cohort], age: usize) -> (Mortality, Mortality) {
        let add = |toll: &mut Mortality, cohort: &Cohort, ages: Range<usize>| {
            let mut before = None;
            for (age, alive) in cohort.alive.iter().enumerate() {
                let Some(alive) = *alive else { continue };
                if let Some(before) = before.replace(alive)
                    && age > ages.start
                    && age <= ages.end
                {
                    toll.exposed += before;
                    toll.died += before.saturating_sub(alive);
                }
            }
        };
        let (mut young, mut old) = (Mortality::default(), Mortality::default());
        for cohort in cohorts {
            let settles_at = if cohort.born == 0 { 0 } else { age };
            add(&mut young, cohort, 0..settles_at);
            add(&mut old, cohort, settles_at..usize::MAX);
        }
        (young, old)
    }

    fn cohort() -> impl Strategy<Value = Cohort> {
        let alive = prop::collection::vec(prop::option::weighted(0.8, 0_u64..50), 0..20);
        (0_u32..5, alive).prop_map(|(born, alive)| Cohort { born, alive })
    }

    proptest! {
        #[test]
        fn adding_up_once_is_counting_anew(cohorts in prop::collection::vec(cohort(), 0..12)) {
            let tolls = MortalityTable::new(&cohorts);
            for age in 0..25 {
                prop_assert_eq!(tolls.at_age(age), naive(&cohorts, age));
            }
        }
    }
}
