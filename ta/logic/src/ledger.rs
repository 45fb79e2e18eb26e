//! The pairing ledger, kept next to the events: it survives a crashed client, and works without any
//! client.
//!
//! Its size is fixed. A full ledger evicts resources that are not held, first those that can't have
//! children; if all are held, the step is dropped and counted. After a loss or an eviction, "never
//! acquired" is no longer certain: a step that would break such a rule is counted as dropped, and
//! breaks no rule.

use heapless::{Vec, index_map::FnvIndexMap};
use teeleak_proto::{
    Uuid,
    bind::{Action, Bind},
    event::{Event, EventKind},
    ledger::{LedgerHead, LedgerRequest, Outstanding, Violation},
    limits,
    note::Note,
    record::{Record, Writer},
    snapshot::Cursor,
};
use teeleak_steps::{Outcome, Rule, Slot, advance};

use crate::{
    Pta, Refusal,
    binding::{self, Identity, Taken},
    events,
    pta::Scratch,
};

/// Most resources in the ledger; a power of two.
pub const LEDGER_ROOM: usize = 256;

/// Most violations stored with their proof; the head counts all.
pub const VIOLATIONS_ROOM: usize = 32;

/// A resource.
#[derive(Clone, Copy, Default)]
struct Entry {
    slot: Slot,
    /// Its parent at the acquire.
    parent: Option<Identity>,
}

/// The ledger.
pub(crate) struct Ledger {
    bind: Bind,
    entries: FnvIndexMap<Identity, Entry, LEDGER_ROOM>,
    violations: Vec<Violation, VIOLATIONS_ROOM>,
    noticed: u32,
    dropped: u64,
    lost: u64,
    /// Whether a resource without an entry may have been acquired.
    has_holes: bool,
    /// Sequence number of the next event to read.
    next: u64,
}

impl Ledger {
    pub(crate) const fn new() -> Self {
        Self {
            bind: Bind { resources: Vec::new(), steps: Vec::new() },
            entries: FnvIndexMap::new(),
            violations: Vec::new(),
            noticed: 0,
            dropped: 0,
            lost: 0,
            has_holes: false,
            next: 0,
        }
    }

    /// Violations since the last bind.
    pub(crate) fn noticed(&self) -> u32 {
        self.noticed
    }

    /// Switches to another protocol and clears the ledger.
    pub(crate) fn rebind(
        &mut self,
        bind: Bind,
        pta: &mut dyn Pta,
        scratch: &mut Scratch,
    ) -> Result<(), Refusal> {
        binding::check(&bind)?;
        // Skip earlier events.
        let next =
            if watches_events(&bind) { events::pull(pta, scratch, 1, |_, _| {})? } else { 1 };
        self.bind = bind;
        self.entries.clear();
        self.violations.clear();
        (self.noticed, self.dropped, self.lost, self.next) = (0, 0, 0, next);
        self.has_holes = next > 1;
        Ok(())
    }

    /// Reads the events since the last call. An error of the PTA is ignored here: the client's own
    /// request for events returns it.
    pub(crate) fn catch_up(&mut self, pta: &mut dyn Pta, scratch: &mut Scratch) {
        if !watches_events(&self.bind) {
            return;
        }
        let start = self.next;
        let pulled = events::pull(pta, scratch, start, |lost, event| {
            self.lost = self.lost.saturating_add(lost);
            self.has_holes |= lost > 0;
            if let Some(event) = event {
                self.see(event);
            }
        });
        self.next = pulled.unwrap_or(start);
    }

    /// Takes all steps that match an event.
    fn see(&mut self, event: &Event) {
        for step in 0..self.bind.steps.len() {
            if let Some(taken) = binding::of_event(&self.bind, step, event) {
                self.take(&taken);
            }
        }
    }

    /// Takes a step reported by a TA or a client.
    pub(crate) fn note(&mut self, note: &Note, ta: Option<Uuid>) -> Result<(), Refusal> {
        let step = binding::of_note(&self.bind, note, ta, self.next.saturating_sub(1))?;
        self.take(&step);
        Ok(())
    }

    fn take(&mut self, taken: &Taken) {
        let entry = self.entries.get(&taken.of).copied().unwrap_or_default();
        let parent =
            taken.parent.map(|parent| self.entries.get(&parent).copied().unwrap_or_default());
        let previous = (entry.slot, parent.map(|parent| parent.slot));
        let Outcome { slot, parent: parent_slot, broken } =
            advance(taken.kind, taken.step, previous.0, previous.1);
        for rule in broken.iter() {
            if rule.says_never() && self.has_holes {
                self.dropped = self.dropped.saturating_add(1);
            } else {
                self.notice(rule, taken, previous);
            }
        }
        let is_acquired = taken.step.action == Action::Acquire && taken.step.ok;
        let belongs_to = if is_acquired { taken.parent } else { entry.parent };
        let mut is_kept = self.keep(taken.of, Entry { slot, parent: belongs_to }, taken.parent);
        // A parent must not count a child without an entry: its release would go unnoticed.
        if is_kept && let (Some(at), Some(parent), Some(slot)) = (taken.parent, parent, parent_slot)
        {
            is_kept = self.keep(at, Entry { slot, ..parent }, Some(taken.of));
        }
        self.dropped = self.dropped.saturating_add(u64::from(!is_kept));
        self.has_holes |= !is_kept;
    }

    /// Stores an entry unless it is empty; never evicts `spare` for it.
    fn keep(&mut self, at: Identity, entry: Entry, spare: Option<Identity>) -> bool {
        if let Some(known) = self.entries.get_mut(&at) {
            *known = entry;
            return true;
        }
        if entry.slot == Slot::default() {
            return true;
        }
        if self.entries.is_full() {
            let Some(victim) = self.idle(spare) else { return false };
            self.entries.swap_remove(&victim);
            self.has_holes = true;
        }
        self.entries.insert(at, entry).is_ok()
    }

    /// The best entry to evict.
    fn idle(&self, spare: Option<Identity>) -> Option<Identity> {
        let idle =
            self.entries.iter().filter(|(at, entry)| entry.slot.is_idle() && Some(**at) != spare);
        let (at, _) = idle.min_by_key(|(at, entry)| (self.has_children(at), entry.slot.until))?;
        Some(*at)
    }

    fn has_children(&self, at: &Identity) -> bool {
        self.bind.resources.iter().any(|resource| resource.parent == Some(at.resource))
    }

    fn notice(&mut self, rule: Rule, taken: &Taken, (slot, parent): (Slot, Option<Slot>)) {
        self.noticed = self.noticed.saturating_add(1);
        let mut proof = rule.proof(slot, parent);
        if rule == Rule::ReleaseBeforeChildren {
            proof.add(self.child_of(&taken.of).map_or(0, |child| child.since));
        }
        let steps = proof.as_slice().iter().chain([&taken.step.at]).copied();
        let Identity { resource, scope, key } = taken.of;
        let proof = steps.take(limits::PROOF_EVENTS).collect();
        let violation = Violation { rule: rule.number(), resource, scope, key, proof };
        // Only the first violations are stored; the count has all.
        let _ = self.violations.push(violation);
    }

    /// Its child that has been held for the longest time.
    fn child_of(&self, at: &Identity) -> Option<Slot> {
        let children = self.entries.values().filter(|entry| entry.parent == Some(*at));
        children.map(|entry| entry.slot).filter(|slot| slot.held > 0).min_by_key(|slot| slot.since)
    }

    /// Writes a page; returns the start of the next one.
    pub(crate) fn write(&self, request: &LedgerRequest, writer: &mut Writer<'_>) -> Option<Cursor> {
        let held_entries = || self.entries.iter().filter(|(_, entry)| entry.slot.outstanding() > 0);
        let head = LedgerHead {
            outstanding: u32::try_from(held_entries().count()).unwrap_or(u32::MAX),
            violations: self.noticed,
            dropped: self.dropped,
            lost: self.lost,
        };
        let violations = self.violations.iter().cloned().map(Record::Violation);
        let records = held_entries().map(|(at, entry)| outstanding(at, &entry.slot));
        let start = usize::try_from(request.from).unwrap_or(usize::MAX);
        let entries = violations.chain(records).skip(start);
        if writer.push(&Record::Ledger(head)).is_err() {
            return Some(Cursor { index: request.from, ..Cursor::START });
        }
        for (index, record) in (request.from..).zip(entries) {
            if writer.push(&record).is_err() {
                return Some(Cursor { index, ..Cursor::START });
            }
        }
        None
    }
}

/// Whether any step is bound to events other than notes.
pub(crate) fn watches_events(bind: &Bind) -> bool {
    bind.steps.iter().any(|step| step.kind != EventKind::Note)
}

fn outstanding(at: &Identity, slot: &Slot) -> Record<'static> {
    let Identity { resource, scope, key } = *at;
    let (held, since) = (slot.outstanding(), slot.since);
    Record::Outstanding(Outstanding { resource, scope, key, held, since })
}
