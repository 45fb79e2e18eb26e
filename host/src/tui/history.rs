//! A bounded series of values, the newest last.

use std::collections::VecDeque;

/// Maximum number of values: four minutes at one poll per second.
const KEPT: usize = 240;

/// A bounded series of values, the newest last.
#[derive(Clone, Default, Debug)]
pub(super) struct History(VecDeque<f64>);

impl History {
    pub(super) fn push(&mut self, value: f64) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(value);
    }

    /// The newest values, at most `most`.
    pub(super) fn last(&self, most: usize) -> Vec<f64> {
        self.0.iter().skip(self.0.len().saturating_sub(most)).copied().collect()
    }
}

impl FromIterator<f64> for History {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut history = Self::default();
        values.into_iter().for_each(|value| history.push(value));
        history
    }
}
