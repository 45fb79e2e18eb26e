//! Where the engine keeps slots: bounded, and what it must forget is counted.

use rustc_hash::FxHashMap;
use teeleak_steps::Slot;

/// Which resource.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
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
    pub(super) earlier: Vec<u64>,
}

impl Entry {
    /// `at` of each acquire that has no release.
    pub(super) fn holds(&self) -> impl Iterator<Item = u64> {
        let latest = (self.slot.held > 0).then_some(self.slot.since);
        self.earlier.iter().copied().chain(latest)
    }
}

/// Slots by key.
pub(super) struct Table {
    index: FxHashMap<SlotKey, u32>,
    entries: Vec<Entry>,
    capacity: usize,
    /// Resources that were held and had to be forgotten.
    pub(super) evicted: u64,
    /// Whether anything, also what was not held, had to be forgotten.
    pub(super) forgot: bool,
}

impl Table {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(16, u32::MAX as usize / 2);
        Self {
            index: FxHashMap::default(),
            entries: Vec::new(),
            capacity,
            evicted: 0,
            forgot: false,
        }
    }

    /// Makes room for one step; indices from before are void.
    pub(super) fn make_room(&mut self) {
        // A step needs at most two entries: its own and its parent's.
        if self.entries.len() + 2 > self.capacity {
            self.sweep();
        }
    }

    /// Index of this resource, known or new.
    pub(super) fn find(&mut self, key: SlotKey) -> u32 {
        let free = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let at = *self.index.entry(key).or_insert(free);
        if at == free {
            self.entries.push(Entry {
                key,
                slot: Slot::default(),
                parent: None,
                earlier: Vec::new(),
            });
        }
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

    /// Forgets half: what is not held first, then what was acquired longest ago.
    fn sweep(&mut self) {
        self.forgot = true;
        let mut order: Vec<(bool, u64, usize)> = self
            .entries
            .iter()
            .enumerate()
            .map(|(at, Entry { slot, .. })| (!slot.is_idle(), slot.since.max(slot.until), at))
            .collect();
        let (gone, _, _) = order.select_nth_unstable(self.capacity / 2);
        let mut keep = vec![true; self.entries.len()];
        for (held, _, at) in gone {
            self.evicted += u64::from(*held);
            if let Some(keep) = keep.get_mut(*at) {
                *keep = false;
            }
        }
        self.retain(&keep);
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
        self.index.clear();
        for (at, entry) in (0..).zip(&mut self.entries) {
            entry.parent =
                entry.parent.and_then(|parent| moved.get(parent as usize).copied().flatten());
            self.index.insert(entry.key, at);
        }
    }
}
