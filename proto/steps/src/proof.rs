//! The earlier steps that prove a broken rule.

use crate::{OrderRule, Slot};

/// `at` of the steps that prove it, in order, excluding the step that broke the rule.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Proof {
    steps: [u64; Self::STEPS],
    used: usize,
}

impl Proof {
    /// Most steps of a proof.
    pub const STEPS: usize = 4;

    /// The steps.
    #[must_use]
    pub fn as_slice(&self) -> &[u64] {
        self.steps.get(..self.used).unwrap_or_default()
    }

    /// Adds a step that is not in the slots, such as the acquire of a child; 0 adds none.
    pub fn add(&mut self, at: u64) {
        if at == 0 || self.as_slice().contains(&at) {
            return;
        }
        if let Some(free) = self.steps.get_mut(self.used) {
            *free = at;
            self.used += 1;
        }
        if let Some(steps) = self.steps.get_mut(..self.used) {
            steps.sort_unstable();
        }
    }
}

impl OrderRule {
    /// The earlier steps that prove the violation, given the slots before it.
    ///
    /// For [`OrderRule::ReleaseBeforeChildren`] the caller, which stores the slots, adds the acquire of
    /// a child.
    #[must_use]
    pub fn proof(self, slot: Slot, parent: Option<Slot>) -> Proof {
        let parent = parent.unwrap_or_default();
        let steps = match self {
            Self::ReleaseBeforeChildren | Self::AcquireBeyondLimit | Self::ReleaseFailed => {
                [slot.since, 0, 0]
            }
            Self::ReleaseAfterParent | Self::UseAfterParent => {
                [slot.since, parent.since, parent.until]
            }
            Self::AcquireAfterParent => [parent.since, parent.until, 0],
            Self::DoubleRelease | Self::UseAfterRelease => [slot.since, slot.until, 0],
            Self::AcquireWithoutParent | Self::ReleaseWithoutAcquire | Self::UseWithoutAcquire => {
                [0; 3]
            }
        };
        let mut proof = Proof::default();
        for at in steps {
            proof.add(at);
        }
        proof
    }
}
