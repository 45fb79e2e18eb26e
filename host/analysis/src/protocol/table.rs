//! Where the engine keeps slots: bounded, and what it must forget is counted.

use teeleak_steps::Slot;

use super::index::{Hash, Index};

/// Which resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SlotKey {
    /// Kind of resource over all protocols, and origin.
    pub(super) resource: u32,
    pub(super) scope: u64,
    pub(super) key: u64,
}

/// A resource.
pub(super) struct Entry {
    pub(super) key: SlotKey,
    pub(super) slot: Slot,
    /// Index of the parent's entry, as of the last acquire.
    pub(super) parent: Option<u32>,
    /// Steps that acquired it and were not undone, beyond `slot.since`: rare.
    pub(super) earlier: Vec<Earlier>,
}

/// A step that acquired what was acquired anew since.
#[derive(Clone, Copy)]
pub(super) struct Earlier {
    pub(super) at: u64,
    /// Step that released the parent meanwhile, 0 for none.
    pub(super) lost: u64,
}

impl Entry {
    /// Each acquire that has no release.
    pub(super) fn holds(&self) -> impl Iterator<Item = Earlier> {
        let latest = (self.slot.held > 0).then_some(Earlier { at: self.slot.since, lost: 0 });
        self.earlier.iter().copied().chain(latest)
    }

    /// Notes that all that was held, as of `before`, lost its parent by the step `lost`.
    pub(super) fn lose(&mut self, before: Slot, lost: u64) {
        // Before the others of the same hold: it is the one that set the parent, so it has to be
        // there as long as any of them is.
        let first = self.earlier.iter().position(|one| one.lost == 0);
        let first = first.unwrap_or(self.earlier.len());
        self.earlier.insert(first, Earlier { at: before.since, lost: 0 });
        for one in self.earlier.iter_mut().filter(|one| one.lost == 0) {
            one.lost = lost;
        }
    }
}

/// Released resources that are remembered at least, to tell a double release: what fits a cache.
const IDLE: usize = 1 << 13;

/// Slots by key.
pub(super) struct Table {
    /// Indices of entries by their keys.
    index: Index,
    entries: Vec<Entry>,
    capacity: usize,
    /// Entries at which to forget some.
    sweep_at: usize,
    /// Resources that were held and had to be forgotten.
    pub(super) evicted: u64,
    /// Whether anything, also what was not held, had to be forgotten.
    pub(super) forgot: bool,
}

impl Table {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(16, u32::MAX as usize / 2);
        Self {
            index: Index::new(),
            entries: Vec::new(),
            sweep_at: capacity.min(IDLE),
            capacity,
            evicted: 0,
            forgot: false,
        }
    }

    /// Makes room for one step; indices from before are void.
    pub(super) fn make_room(&mut self) {
        // A step needs at most two entries: its own and its parent's.
        if self.entries.len() + 2 > self.sweep_at {
            self.sweep();
        }
    }

    /// Index of this resource, known or new.
    #[inline]
    pub(super) fn find(&mut self, key: SlotKey) -> u32 {
        let hash = Hash::of(key);
        let is_it = |at: u32| self.entries[at as usize].key == key;
        match self.index.find(hash, is_it) {
            Ok(known) => known,
            Err(free) => self.add(key, hash, free),
        }
    }

    fn add(&mut self, key: SlotKey, hash: Hash, free: usize) -> u32 {
        let at = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { key, slot: Slot::default(), parent: None, earlier: Vec::new() });
        let entries = &self.entries;
        self.index.put(free, hash, at, |at| Hash::of(entries[at as usize].key));
        at
    }

    pub(super) fn get(&self, at: u32) -> Option<&Entry> {
        self.entries.get(at as usize)
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Entry> {
        self.entries.get_mut(at as usize)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn slot(&self, at: Option<u32>) -> Option<Slot> {
        self.get(at?).map(|entry| entry.slot)
    }

    /// Forgets the older half of what nothing depends on; where too much is held for that to help,
    /// also what was acquired longest ago.
    fn sweep(&mut self) {
        self.forgot = true;
        let needed = self.needed();
        let n_needed = needed.iter().filter(|needed| **needed).count();
        let full = n_needed > self.capacity / 4 * 3;
        let idle = self.entries.len() - n_needed;
        let n_gone = if full { self.entries.len() - self.capacity / 2 } else { idle.div_ceil(2) };
        let ages = self.entries.iter().map(|entry| entry.slot.since.max(entry.slot.until));
        let mut order: Vec<(bool, u64, usize)> = needed
            .iter()
            .zip(ages)
            .enumerate()
            .map(|(at, (needed, age))| (*needed, age, at))
            .collect();
        if n_gone < order.len() {
            order.select_nth_unstable(n_gone);
        }
        let mut keep = vec![true; self.entries.len()];
        for (needed, _, at) in order.into_iter().take(n_gone) {
            self.evicted += u64::from(needed);
            if let Some(keep) = keep.get_mut(at) {
                *keep = false;
            }
        }
        self.retain(&keep);
        self.sweep_at = self.capacity.min(self.entries.len() + IDLE);
    }

    /// What is held, and the parents of it.
    fn needed(&self) -> Vec<bool> {
        let mut needed: Vec<_> = self.entries.iter().map(|entry| !entry.slot.is_idle()).collect();
        let held = self.entries.iter().filter(|entry| !entry.slot.is_idle());
        for parent in held.filter_map(|entry| entry.parent) {
            if let Some(needed) = needed.get_mut(parent as usize) {
                *needed = true;
            }
        }
        needed
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut moved = Vec::with_capacity(keep.len());
        let mut next = 0;
        for keep in keep {
            moved.push(keep.then_some(next));
            next += u32::from(*keep);
        }
        let mut kept = keep.iter();
        self.entries.retain(|_| kept.next().is_some_and(|keep| *keep));
        for entry in &mut self.entries {
            entry.parent =
                entry.parent.and_then(|parent| moved.get(parent as usize).copied().flatten());
        }
        self.index.refill(self.entries.iter().map(|entry| Hash::of(entry.key)));
    }
}
