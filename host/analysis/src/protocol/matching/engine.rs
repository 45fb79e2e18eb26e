//! One pass over the events, which updates slots and counts broken rules.

use teeleak_steps::{self as steps, BrokenRules, OrderRule, Proof, Slot, StepOutcome};

use super::{
    group::{GroupKey, ORIGIN_TEXT, RuleBreach, RuleGroups},
    index::SlotKey,
    order::OrderedEvents,
    releases::TextReleases,
    step_matcher::{Matcher, Parent, StepWatch},
    table::{EarlierAcquire, SlotEntry, SlotTable},
};
use crate::{
    model::{Event, Origin},
    protocol::{Key, Scope, StepAction},
};

/// Bounds of the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many positions an event may come too late.
    pub window: usize,
    /// Maximum number of tracked resources, at about 120 bytes each.
    pub resources: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { window: 256, resources: 1 << 18 }
    }
}

pub(crate) struct Engine<'a> {
    events: &'a OrderedEvents<'a>,
    matcher: &'a Matcher,
    pub(crate) table: SlotTable,
    pub(crate) groups: RuleGroups,
    /// Positions of the remaining losses.
    holes: &'a [u64],
    /// Position right after the last loss; 0 for none.
    pub(crate) last_hole: u64,
    /// Whether nothing was lost so far, from the first event on.
    has_beginning: bool,
    /// Last iteration of any event.
    pub(crate) iterations: u32,
    /// Steps taken.
    pub(crate) steps: u64,
    /// Steps without their key.
    pub(crate) keyless: u64,
    /// Releases and uses of resources acquired before the recording started.
    pub(crate) unknown: u64,
    /// Steps implied by other steps but missing from the events.
    pub(crate) missing: u64,
    /// Steps implied by other steps where a damaged line may hide them.
    pub(crate) hidden: u64,
    pub(crate) releases: TextReleases,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(events: &'a OrderedEvents<'a>, matcher: &'a Matcher, limits: Limits) -> Self {
        Self {
            events,
            matcher,
            table: SlotTable::new(limits.resources, events.len()),
            groups: RuleGroups::default(),
            holes: &events.holes,
            last_hole: 0,
            has_beginning: false,
            iterations: 0,
            steps: 0,
            keyless: 0,
            unknown: 0,
            missing: 0,
            hidden: 0,
            releases: TextReleases::default(),
        }
    }

    /// Processes all events; returns false at the first unsorted event that is out of order.
    pub(crate) fn run(&mut self) -> bool {
        let (events, matcher) = (self.events, self.matcher);
        let mut previous: Option<&Event> = None;
        for (at, event) in events.iter() {
            if !events.is_sorted()
                && previous.is_some_and(|one| !OrderedEvents::may_follow(one, event))
            {
                return false;
            }
            previous = Some(event);
            self.look(event, at);
            let [of_ta, of_any] = matcher.steps(event);
            of_ta.iter().for_each(|watch| self.step(watch, event, at));
            of_any.iter().for_each(|watch| self.step(watch, event, at));
        }
        true
    }

    #[inline]
    fn look(&mut self, event: &Event, at: u64) {
        if at == 1 {
            self.has_beginning = event.origin == Origin::Tee && event.seq == 1;
        }
        let late = self.holes.first().is_some_and(|hole| *hole <= at);
        self.holes = &self.holes[usize::from(late)..];
        if late || event.lost_before > 0 {
            self.last_hole = at;
            self.has_beginning = false;
        }
        self.iterations = self.iterations.max(event.iteration.unwrap_or(0));
    }

    /// Processes an event as one step, if it matches.
    #[inline(never)]
    fn step(&mut self, watch: &StepWatch, event: &Event, at: u64) {
        if !watch.matches(event) {
            return;
        }
        let Some(key) = slot_key((watch.resource, watch.scope, &watch.key), event) else {
            self.keyless += 1;
            return;
        };
        self.steps += 1;
        self.table.make_room();
        let own_entry = self.table.find(key);
        let parent =
            watch.parent.as_ref().and_then(|of| self.parent(of, (watch, event), own_entry));
        let Some(slot) = self.table.slot(Some(own_entry)) else { return };
        let ok = !event.has_failed();
        let step = steps::AutomatonStep { action: watch.action.into(), ok, at };
        let slot = if self.is_torn(event, slot) {
            self.restore(watch, step, slot)
        } else {
            self.complete(watch, step, slot)
        };
        let Some(slot) = slot else { return };
        let next = steps::advance(watch.kind, step, slot, self.table.slot(parent));
        if !next.broken.is_empty() {
            self.count_broken((watch, event, at), next.broken, own_entry, parent);
        }
        if step.ok {
            self.store((watch.action, at), &next, own_entry, parent);
            if event.origin == Origin::Text && watch.action == StepAction::Release {
                self.releases.count((key.resource, event.uuid));
            }
        }
    }

    /// The slot, corrected for a missing step if the protocol is partial: an acquire of a held resource
    /// implies a release. `None` for a release without an acquire, as both are over.
    #[inline]
    fn complete(
        &mut self,
        watch: &StepWatch,
        step: steps::AutomatonStep,
        slot: Slot,
    ) -> Option<Slot> {
        if !watch.partial {
            return Some(slot);
        }
        let is_held = slot.held > 0;
        match watch.action {
            StepAction::Acquire if is_held && step.ok => {
                self.missing += 1;
                Some(Slot { held: 0, ..slot })
            }
            StepAction::Release if !is_held => {
                self.missing += u64::from(step.ok);
                None
            }
            _ => Some(slot),
        }
    }

    /// Whether a damaged line after the last step on this resource may hide another one.
    #[inline]
    fn is_torn(&self, event: &Event, slot: Slot) -> bool {
        event.origin == Origin::Text && self.last_hole > slot.since.max(slot.until)
    }

    /// The slot, corrected for one step that a damaged line hides, if only that explains this step. `None`
    /// for a release whose acquire is hidden, as both are over.
    #[cold]
    fn restore(
        &mut self,
        watch: &StepWatch,
        step: steps::AutomatonStep,
        slot: Slot,
    ) -> Option<Slot> {
        let max_held = watch.kind.max_held;
        match watch.action {
            StepAction::Acquire if step.ok && max_held > 0 && slot.held >= max_held => {
                self.hidden += 1;
                Some(Slot { held: max_held - 1, ..slot })
            }
            StepAction::Release if step.ok && slot.outstanding() == 0 => {
                self.hidden += 1;
                None
            }
            _ => self.complete(watch, step, slot),
        }
    }

    /// The parent's entry: that of the acquire for a held resource, else that of the step. A resource
    /// that is acquired again after its parent was released may get another one.
    #[inline]
    fn parent(&mut self, of: &Parent, step: (&StepWatch, &Event), own: u32) -> Option<u32> {
        let (watch, event) = step;
        let SlotEntry { slot, parent: old, .. } = self.table.get(own)?;
        if slot.held > 0 && !slot.is_orphan(self.table.slot(*old))
            || watch.action != StepAction::Acquire && slot.outstanding() > 0
        {
            return *old;
        }
        let (is_new, old) = (slot.outstanding() == 0, *old);
        let key = slot_key((of.resource, of.scope, of.key.as_ref()?), event)?;
        let new = Some(self.table.find(key));
        if new != old && !is_new {
            self.leave(watch, own, old);
        }
        new
    }

    /// Settles a held resource that gets another parent.
    fn leave(&mut self, watch: &StepWatch, own: u32, old: Option<u32>) {
        if let Some((settled, lost_by)) = self.lost_slot(watch, own, old)
            && let Some(entry) = self.table.get_mut(own)
        {
            let old_slot = std::mem::replace(&mut entry.slot, settled);
            if settled.orphans > old_slot.orphans {
                entry.lose(old_slot, lost_by);
            }
        }
    }

    /// The slot of a resource that was held when its old parent was released, and the releasing step.
    fn lost_slot(&self, watch: &StepWatch, own: u32, old: Option<u32>) -> Option<(Slot, u64)> {
        let (slot, old) = (self.table.slot(Some(own))?, self.table.slot(old)?);
        if !slot.is_orphan(Some(old)) {
            return None;
        }
        let settled_slot = slot.settle(watch.kind, Some(old));
        Some((if settled_slot.held > 0 { settled_slot.abandon() } else { settled_slot }, old.until))
    }

    #[inline]
    fn store(
        &mut self,
        step: (StepAction, u64),
        next: &StepOutcome,
        own: u32,
        parent: Option<u32>,
    ) {
        let (action, at) = step;
        if let (Some(parent), Some(next)) = (parent, next.parent)
            && let Some(entry) = self.table.get_mut(parent)
        {
            entry.slot = next;
        }
        let Some(entry) = self.table.get_mut(own) else { return };
        let new_slot = next.slot;
        let old_slot = std::mem::replace(&mut entry.slot, new_slot);
        if new_slot.held == 0 {
            entry.peak = 0;
        }
        if action == StepAction::Acquire {
            entry.parent = parent;
        }
        match action {
            StepAction::Acquire if new_slot.outstanding() == 1 => entry.earlier.clear(),
            // Acquires that lost their parent are among the earlier ones already.
            StepAction::Acquire if old_slot.held == 0 => {}
            StepAction::Acquire if new_slot.since == old_slot.since => {
                entry.earlier.push(EarlierAcquire { at, lost: 0 });
            }
            StepAction::Acquire => {
                entry.lose(old_slot, next.parent.map_or(0, |parent| parent.until));
            }
            StepAction::Release
                if old_slot.held > 1 || old_slot.held == 0 && old_slot.orphans > 0 =>
            {
                entry.earlier.pop();
            }
            StepAction::Release | StepAction::Use => {}
        }
    }

    /// Counts broken rules; `own` and `parent` are the states before the step.
    #[cold]
    fn count_broken(
        &mut self,
        step: (&StepWatch, &Event, u64),
        rules: BrokenRules,
        own: u32,
        parent: Option<u32>,
    ) {
        for rule in rules.iter() {
            self.broken_one(rule, step, own, parent);
        }
    }

    /// Whether an earlier acquire too many is still held: where a text lacks one release, every later
    /// acquire finds the resource held.
    fn is_known_excess(&mut self, event: &Event, own: u32) -> bool {
        let Some(entry) = self.table.get_mut(own) else { return false };
        let n_held = entry.slot.held.saturating_add(1);
        let is_known = event.origin == Origin::Text && n_held <= entry.peak;
        entry.peak = entry.peak.max(n_held);
        is_known
    }

    /// Whether an earlier step came too late for the same release: where a text lacks one acquire, every
    /// step until the next one does.
    fn is_known_lateness(
        &mut self,
        rule: OrderRule,
        event: &Event,
        slots: (u32, Option<u32>),
    ) -> bool {
        let (own, parent) = slots;
        let of_release = match rule {
            OrderRule::AcquireAfterParent => parent,
            OrderRule::UseAfterRelease => Some(own),
            _ => None,
        };
        let entry = of_release.and_then(|at| self.table.get_mut(at));
        let Some(entry) = entry.filter(|_| event.origin == Origin::Text) else { return false };
        std::mem::replace(&mut entry.blamed, entry.slot.until) == entry.slot.until
    }

    fn broken_one(
        &mut self,
        rule: OrderRule,
        step: (&StepWatch, &Event, u64),
        own: u32,
        parent: Option<u32>,
    ) {
        let (watch, event, at) = step;
        let Some(slot) = self.table.slot(Some(own)) else { return };
        if rule == OrderRule::AcquireBeyondLimit && self.is_known_excess(event, own)
            || self.is_known_lateness(rule, event, (own, parent))
        {
            return;
        }
        let parent_slot = self.table.slot(parent);
        let failure = event.result.as_ref().filter(|result| result.is_failure());
        let is_complete = self.has_beginning && !self.table.forgot;
        if rule.says_never() && !is_complete && failure.is_none() {
            self.unknown += 1;
            return;
        }
        let certain = if rule.says_never() {
            is_complete
        } else {
            self.last_hole <= decisive(rule, slot, parent_slot)
        };
        let key = GroupKey { resource: watch.resource << 2 | origin(event), rule, ta: event.uuid };
        let breach = RuleBreach { certain, failure, iteration: event.iteration };
        let Some(group) = self.groups.count(key, &breach) else { return };
        group.example = example(&self.table, (rule, at), own, parent);
        group.example_certain = certain;
    }
}

/// The shortest sequence of steps that breaks a rule, with the step `at` that broke it.
fn example(
    table: &SlotTable,
    (rule, at): (OrderRule, u64),
    own: u32,
    parent: Option<u32>,
) -> Vec<u64> {
    let Some(SlotEntry { slot, earlier, .. }) = table.get(own) else { return vec![at] };
    let mut proof = rule.proof(*slot, table.slot(parent));
    let mut example = Vec::new();
    match (rule, earlier.last()) {
        // It was acquired again and released since; the acquire that lost its parent is older. The
        // first of those acquires set the parent.
        (OrderRule::ReleaseAfterParent | OrderRule::UseAfterParent, Some(last))
            if slot.held == 0 =>
        {
            proof = Proof::default();
            let first = earlier.iter().find(|one| one.lost == last.lost).unwrap_or(last);
            example.extend([first.at, first.lost]);
        }
        (OrderRule::AcquireBeyondLimit, _) => {
            let held_steps = earlier.iter().filter(|one| one.lost == 0);
            example.extend(held_steps.rev().take(8).map(|one| one.at));
        }
        _ => {}
    }
    if rule == OrderRule::ReleaseBeforeChildren {
        let child = table.iter().find(|entry| {
            entry.parent == Some(own)
                && entry.slot.held > 0
                && entry.slot.parent_releases == slot.releases
        });
        proof.add(child.map_or(0, |child| child.slot.since));
    }
    example.extend(proof.as_slice());
    example.push(at);
    example.sort_unstable();
    example.dedup();
    example
}

/// The step after which nothing may be lost for the verdict to be certain.
const fn decisive(rule: OrderRule, slot: Slot, parent: Option<Slot>) -> u64 {
    match (rule, parent) {
        (OrderRule::DoubleRelease | OrderRule::UseAfterRelease, _) => slot.until,
        (OrderRule::AcquireAfterParent, Some(parent)) => parent.until,
        _ => slot.since,
    }
}

pub(crate) const fn origin(event: &Event) -> u32 {
    match event.origin {
        Origin::Tee => 0,
        Origin::Ree => 1,
        Origin::Text => ORIGIN_TEXT,
    }
}

#[inline]
fn scope_of(scope: Scope, event: &Event) -> Option<u64> {
    Some(match scope {
        Scope::Global => 0,
        Scope::Instance => u64::from(event.instance),
        Scope::Session => u64::from(event.opener) << 32 | u64::from(event.session?),
        Scope::Process => u64::from(event.by.as_ref()?.pid),
    })
}

#[inline(always)]
fn slot_key((resource, scope, key): (u32, Scope, &Key), event: &Event) -> Option<SlotKey> {
    let key = key.value(event)?;
    Some(SlotKey { resource: resource << 2 | origin(event), scope: scope_of(scope, event)?, key })
}
