//! A series of values by iteration, with the cohorts behind them if known.

/// Objects allocated in one iteration, and how many of them were live after it and later ones.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cohort {
    /// Iteration of the allocation, from 1; 0 for everything older than the series.
    pub born: u32,
    /// How many were live at the end of iteration `born`, `born` + 1, ...; `None` without a complete
    /// snapshot.
    pub alive: Vec<Option<u64>>,
}

impl Cohort {
    /// How many were live at the last snapshot.
    #[must_use]
    pub fn survivors(&self) -> u64 {
        self.alive.iter().rev().flatten().next().copied().unwrap_or(0)
    }
}

/// One quantity over the iterations of a run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series {
    /// Value before the first iteration, then at the end of each; `None` if not observed.
    pub values: Vec<Option<f64>>,
    /// The objects by iteration of their allocation, if known.
    pub cohorts: Option<Vec<Cohort>>,
}

impl Series {
    /// A series without gaps.
    pub fn gauge(values: impl IntoIterator<Item = f64>) -> Self {
        Self { values: values.into_iter().map(Some).collect(), cohorts: None }
    }

    /// A series of counts without gaps. Counts beyond 2^53 lose their lowest bits.
    pub fn counts(values: impl IntoIterator<Item = u64>) -> Self {
        Self::gauge(values.into_iter().map(|value| value as f64))
    }

    /// Number of iterations.
    #[must_use]
    pub fn iterations(&self) -> usize {
        self.values.len().saturating_sub(1)
    }

    /// Number of missing values.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.values.iter().filter(|value| value.is_none()).count()
    }

    /// The observed values with their iterations.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = (usize, f64)> + '_ {
        self.values.iter().enumerate().filter_map(|(at, value)| value.map(|value| (at, value)))
    }

    /// Subtracts a constant growth per iteration: that of idle iterations.
    ///
    /// Whole objects are subtracted from each cohort, too; a fraction belongs to no cohort, so it
    /// drops the cohorts.
    pub fn subtract(&mut self, per_iteration: f64) {
        if per_iteration == 0.0 {
            return;
        }
        let mut idle_total = 0.0;
        for value in &mut self.values {
            if let Some(value) = value {
                *value -= idle_total;
            }
            idle_total += per_iteration;
        }
        self.cohorts = self.cohorts.take().filter(|_| per_iteration.fract() == 0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let per_cohort = per_iteration as u64;
        for cohort in self.cohorts.iter_mut().flatten().filter(|cohort| cohort.born > 0) {
            for alive in cohort.alive.iter_mut().flatten() {
                *alive = alive.saturating_sub(per_cohort);
            }
        }
    }

    /// Live objects by iteration of their allocation.
    pub(super) fn survivors(&self) -> Vec<(u32, u64)> {
        let survivor =
            |cohort: &Cohort| (cohort.born > 0).then(|| (cohort.born, cohort.survivors()));
        self.cohorts.iter().flatten().filter_map(survivor).filter(|(_, left)| *left > 0).collect()
    }

    /// Gain from the first to the last observed value.
    pub(crate) fn gain(&self) -> f64 {
        let mut values = self.points().map(|(_, value)| value);
        let Some(first) = values.next() else { return 0.0 };
        values.next_back().unwrap_or(first) - first
    }
}
