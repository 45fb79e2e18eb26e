//! The transition function.

use teeleak_proto::bind::BindAction;

use crate::{BrokenRules, OrderRule, Slot, SlotKind};

/// One step, successful or failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AutomatonStep {
    /// Its effect on the resource.
    pub action: BindAction,
    /// Whether it succeeded.
    pub ok: bool,
    /// Number of the step, never 0: stored in [`Slot::since`] and [`Slot::until`] for proofs.
    pub at: u64,
}

/// The result of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepOutcome {
    /// The slot of the step's key.
    pub slot: Slot,
    /// The slot of its parent; `None` for a kind without a parent.
    pub parent: Option<Slot>,
    /// Rules that the step broke.
    pub broken: BrokenRules,
}

/// Takes a step.
///
/// `parent` is `None` for a kind of resource without a parent, and the default slot for an unknown
/// parent.
#[must_use]
#[inline]
pub fn advance(
    kind: SlotKind,
    step: AutomatonStep,
    slot: Slot,
    parent: Option<Slot>,
) -> StepOutcome {
    let mut next = StepOutcome { slot, parent, broken: BrokenRules::NONE };
    match step.action {
        BindAction::Acquire => acquire(kind, step, &mut next),
        BindAction::Use => check_use(&mut next),
        BindAction::Release => release(kind, step, &mut next),
    }
    next
}

#[inline]
fn acquire(kind: SlotKind, step: AutomatonStep, next: &mut StepOutcome) {
    if let Some(parent) = next.parent
        && parent.held == 0
    {
        next.broken.insert(match parent.releases {
            0 => OrderRule::AcquireWithoutParent,
            _ => OrderRule::AcquireAfterParent,
        });
    }
    if !step.ok {
        return;
    }
    next.slot = next.slot.settle(kind, next.parent);
    if next.slot.is_orphan(next.parent) {
        next.slot = next.slot.abandon();
    }
    if kind.max_held != 0 && next.slot.held >= kind.max_held {
        next.broken.insert(OrderRule::AcquireBeyondLimit);
    }
    if next.slot.held == 0 {
        next.slot.since = step.at;
        next.slot.parent_releases = next.parent.map_or(0, |parent| parent.releases);
        if let Some(parent) = &mut next.parent
            && !kind.ends_with_parent
        {
            parent.children = parent.children.saturating_add(1);
        }
    }
    next.slot.held = next.slot.held.saturating_add(1);
}

#[inline]
fn check_use(next: &mut StepOutcome) {
    let slot = next.slot;
    if slot.is_orphan(next.parent) || slot.held == 0 && slot.orphans > 0 {
        next.broken.insert(OrderRule::UseAfterParent);
    } else if slot.held == 0 {
        next.broken.insert(match slot.releases {
            0 => OrderRule::UseWithoutAcquire,
            _ => OrderRule::UseAfterRelease,
        });
    }
}

#[inline]
fn release(kind: SlotKind, step: AutomatonStep, next: &mut StepOutcome) {
    let slot = next.slot;
    let orphan = slot.is_orphan(next.parent);
    if orphan || slot.held == 0 && slot.orphans > 0 {
        next.broken.insert(OrderRule::ReleaseAfterParent);
    } else if slot.held == 0 {
        next.broken.insert(match slot.releases {
            0 => OrderRule::ReleaseWithoutAcquire,
            _ => OrderRule::DoubleRelease,
        });
    } else if !step.ok {
        next.broken.insert(OrderRule::ReleaseFailed);
    }
    if !step.ok {
        return;
    }
    match slot.held {
        // An orphan was released after all, or it was acquired before observation started.
        0 if slot.orphans > 0 => next.slot.orphans -= 1,
        0 => {}
        held => next.slot.held = held - 1,
    }
    if next.slot.held > 0 {
        return;
    }
    next.slot.count_release(step.at);
    if slot.children > 0 {
        next.broken.insert(OrderRule::ReleaseBeforeChildren);
        next.slot.children = 0;
    }
    if slot.held > 0
        && !orphan
        && !kind.ends_with_parent
        && let Some(parent) = &mut next.parent
    {
        parent.children = parent.children.saturating_sub(1);
    }
}
