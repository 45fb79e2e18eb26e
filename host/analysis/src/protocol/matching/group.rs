//! Broken rules, counted by kind.

use rustc_hash::FxHashMap;
use teeleak_proto::Uuid;
use teeleak_steps::OrderRule;

use crate::model::StepResult;

/// The lowest two bits of a resource whose steps come from a text.
pub(super) const ORIGIN_TEXT: u32 = 2;

/// The key of a group of broken rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct GroupKey {
    /// Kind of resource over all protocols, and origin, as in [`super::index::SlotKey`].
    pub(crate) resource: u32,
    pub(crate) rule: OrderRule,
    pub(crate) ta: Option<Uuid>,
}

impl GroupKey {
    /// Whether the steps are lines of a text.
    pub(crate) const fn is_of_text(&self) -> bool {
        self.resource & 3 == ORIGIN_TEXT
    }
}

/// Rules broken in the same way.
#[derive(Clone, Default, Debug)]
pub(crate) struct Group {
    /// Number of occurrences.
    pub(crate) count: u64,
    /// Certain occurrences: no loss could have changed them.
    pub(crate) certain: u64,
    /// Occurrences whose step failed.
    pub(crate) failed: u64,
    /// Number of iterations with an occurrence.
    pub(crate) iterations: u32,
    /// Occurrences within iterations.
    pub(crate) in_iterations: u64,
    last_iteration: Option<u32>,
    /// Result of the first failed step.
    pub(crate) result: Option<StepResult>,
    /// The shortest sequence that proves it, as positions of events, and whether it is certain.
    pub(crate) example: Vec<u64>,
    pub(crate) example_certain: bool,
}

/// One occurrence of a broken rule.
pub(crate) struct RuleBreach<'r> {
    pub(crate) certain: bool,
    /// Result of the step, if it failed.
    pub(crate) failure: Option<&'r StepResult>,
    pub(crate) iteration: Option<u32>,
}

#[derive(Default)]
pub(crate) struct RuleGroups(FxHashMap<GroupKey, Group>);

impl RuleGroups {
    /// Counts an occurrence; returns its group if that still needs a proof.
    pub(crate) fn count(&mut self, key: GroupKey, one: &RuleBreach<'_>) -> Option<&mut Group> {
        let group = self.0.entry(key).or_default();
        group.count += 1;
        group.certain += u64::from(one.certain);
        if let Some(failure) = one.failure {
            group.failed += 1;
            group.result.get_or_insert_with(|| failure.clone());
        }
        if one.iteration.is_some() {
            group.in_iterations += 1;
            // Events are in order, so an iteration never comes back.
            group.iterations += u32::from(group.last_iteration != one.iteration);
            group.last_iteration = one.iteration;
        }
        let needs_example = group.example.is_empty() || one.certain && !group.example_certain;
        needs_example.then_some(group)
    }

    /// All groups in an order that does not depend on hashes.
    pub(crate) fn into_sorted(self) -> Vec<(GroupKey, Group)> {
        let mut groups: Vec<_> = self.0.into_iter().collect();
        groups.sort_by_key(|(key, _)| *key);
        groups
    }
}
