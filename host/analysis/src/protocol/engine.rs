//! One pass over the events: slots, and groups of broken rules.

use teeleak_proto::bind::Action;
use teeleak_steps::{self as steps, Rule, Slot};

use crate::model::Event;

use super::{
    Scope,
    group::{Group, GroupKey, Groups, Instance},
    matcher::{Matcher, Watch},
    order::Ordered,
    table::{SlotKey, Table},
};

/// Bounds of the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many events an event may come too late.
    pub window: usize,
    /// Resources that are remembered at once, at about 120 bytes each.
    pub resources: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { window: 256, resources: 1 << 18 }
    }
}

pub(super) struct Engine<'a> {
    events: &'a Ordered<'a>,
    matcher: &'a Matcher,
    pub(super) table: Table,
    pub(super) groups: Groups,
    holes: std::iter::Peekable<std::iter::Copied<std::slice::Iter<'a, u64>>>,
    /// Position right before which something was lost most lately; 0 for nowhere.
    pub(super) last_hole: u64,
    has_beginning: bool,
    /// Steps taken.
    pub(super) steps: u64,
    /// Steps whose event did not have their key.
    pub(super) keyless: u64,
    /// Releases and uses of what must have been acquired before anything was seen.
    pub(super) unknown: u64,
}

impl<'a> Engine<'a> {
    pub(super) fn new(events: &'a Ordered<'a>, matcher: &'a Matcher, limits: Limits) -> Self {
        Self {
            events,
            matcher,
            table: Table::new(limits.resources),
            groups: Groups::default(),
            holes: events.holes.iter().copied().peekable(),
            last_hole: 0,
            has_beginning: events.has_beginning(),
            steps: 0,
            keyless: 0,
            unknown: 0,
        }
    }

    pub(super) fn run(&mut self) {
        let (events, matcher) = (self.events, self.matcher);
        for (at, event) in events.iter() {
            while let Some(hole) = self.holes.next_if(|hole| *hole <= at) {
                self.last_hole = hole;
            }
            for watch in matcher.steps(event) {
                self.step(watch, event, at);
            }
        }
    }

    fn step(&mut self, watch: &Watch, event: &Event, at: u64) {
        self.table.make_room();
        let Some(key) = slot_key(watch, event) else {
            self.keyless += 1;
            return;
        };
        self.steps += 1;
        let own = self.table.find(key);
        let parent = self.parent(watch, event, own);
        let Some(slot) = self.table.slot(Some(own)) else { return };
        let parent_slot = self.table.slot(parent);
        let result = event.result.unwrap_or(0);
        let step = steps::Step { action: watch.action, ok: result == 0, at };
        let next = steps::advance(watch.kind, step, slot, parent_slot);
        for rule in next.broken.iter() {
            self.broken(rule, (watch, event, at), own, parent);
        }
        if step.ok {
            self.store(own, watch.action, next.slot, at);
            self.store_parent(own, parent, watch.action, next.parent);
        }
    }

    /// The parent's entry: for what is held the one that it was acquired under, else as the step says.
    fn parent(&mut self, watch: &Watch, event: &Event, own: u32) -> Option<u32> {
        let (resource, scope, key) = watch.parent.as_ref()?;
        let entry = self.table.get(own)?;
        if watch.action != Action::Acquire && entry.slot.outstanding() > 0 {
            return entry.parent;
        }
        let key = key.as_ref()?.of(event)?;
        let scope = scope_of(*scope, event)?;
        Some(self.table.find(SlotKey { resource: resource << 2 | origin(event), scope, key }))
    }

    fn store(&mut self, own: u32, action: Action, next: Slot, at: u64) {
        let Some(entry) = self.table.get_mut(own) else { return };
        let before = std::mem::replace(&mut entry.slot, next);
        match action {
            Action::Acquire if next.outstanding() == 1 => entry.earlier.clear(),
            Action::Acquire => {
                let kept = if next.since == before.since { at } else { before.since };
                entry.earlier.push(kept);
            }
            Action::Release if before.held > 1 || before.held == 0 && before.orphans > 0 => {
                entry.earlier.pop();
            }
            Action::Release | Action::Use => {}
        }
    }

    fn store_parent(&mut self, own: u32, parent: Option<u32>, action: Action, next: Option<Slot>) {
        if action == Action::Acquire
            && let Some(entry) = self.table.get_mut(own)
        {
            entry.parent = parent;
        }
        if let (Some(parent), Some(next)) = (parent, next)
            && let Some(entry) = self.table.get_mut(parent)
        {
            entry.slot = next;
        }
    }

    /// Counts a broken rule; `own` and `parent` are as they were before the step.
    fn broken(&mut self, rule: Rule, step: (&Watch, &Event, u64), own: u32, parent: Option<u32>) {
        let (watch, event, at) = step;
        let Some(slot) = self.table.slot(Some(own)) else { return };
        let parent_slot = self.table.slot(parent);
        let result = event.result.unwrap_or(0);
        let whole = self.has_beginning && !self.table.forgot;
        if rule.says_never() && !whole && result == 0 {
            self.unknown += 1;
            return;
        }
        let certain = if rule.says_never() {
            whole
        } else {
            self.last_hole <= decisive(rule, slot, parent_slot)
        };
        let key = GroupKey { resource: watch.resource << 2 | origin(event), rule, ta: event.uuid };
        let one = Instance { certain, result, iteration: event.iteration };
        let Some(group) = self.groups.count(key, &one) else { return };
        let mut proof = rule.proof(slot, parent_slot);
        if rule == Rule::ReleaseBeforeChildren {
            let child = self.table.iter().find(|entry| {
                entry.parent == Some(own)
                    && entry.slot.held > 0
                    && entry.slot.parent_releases == slot.releases
            });
            proof.add(child.map_or(0, |child| child.slot.since));
        }
        remember(group, proof.as_slice(), at, certain);
    }
}

fn remember(group: &mut Group, proof: &[u64], at: u64, certain: bool) {
    group.example = proof.iter().copied().chain([at]).collect();
    group.example_certain = certain;
}

/// The step after which nothing may have been lost for the verdict to be certain.
const fn decisive(rule: Rule, slot: Slot, parent: Option<Slot>) -> u64 {
    match (rule, parent) {
        (Rule::DoubleRelease | Rule::UseAfterRelease, _) => slot.until,
        (Rule::AcquireAfterParent, Some(parent)) => parent.until,
        _ => slot.since,
    }
}

pub(super) const fn origin(event: &Event) -> u32 {
    match event.origin {
        crate::model::Origin::Tee => 0,
        crate::model::Origin::Ree => 1,
        crate::model::Origin::Text => 2,
    }
}

fn scope_of(scope: Scope, event: &Event) -> Option<u64> {
    Some(match scope {
        Scope::Global => 0,
        Scope::Instance => u64::from(event.instance),
        Scope::Session => u64::from(event.opener) << 32 | u64::from(event.session?),
        Scope::Process => u64::from(event.by.as_ref()?.pid),
    })
}

fn slot_key(watch: &Watch, event: &Event) -> Option<SlotKey> {
    Some(SlotKey {
        resource: watch.resource << 2 | origin(event),
        scope: scope_of(watch.scope, event)?,
        key: watch.key.of(event)?,
    })
}
