//! The engine's table of slots: bounded, with dropped entries counted.

use teeleak_steps::Slot;

use super::index::{Hash, Index, SlotKey};

/// A resource.
pub(crate) struct SlotEntry {
    pub(crate) key: SlotKey,
    pub(crate) slot: Slot,
    /// Index of the parent's entry, as of the last acquire.
    pub(crate) parent: Option<u32>,
    /// Outstanding acquires other than `slot.since`: rare.
    pub(crate) earlier: Vec<EarlierAcquire>,
    /// How often it was held when an acquire was one too many, since it was free.
    pub(crate) peak: u32,
    /// The release that steps of a text came too late for, if that was counted.
    pub(crate) blamed: u64,
}

/// An outstanding acquire of a resource that was acquired again since.
#[derive(Clone, Copy)]
pub(crate) struct EarlierAcquire {
    pub(crate) at: u64,
    /// Step that released the parent since, 0 for none.
    pub(crate) lost: u64,
}

impl SlotEntry {
    /// All acquires without a release.
    pub(crate) fn acquires(&self) -> impl Iterator<Item = EarlierAcquire> {
        let latest =
            (self.slot.held > 0).then_some(EarlierAcquire { at: self.slot.since, lost: 0 });
        self.earlier.iter().copied().chain(latest)
    }

    /// Notes that everything held in `before` lost its parent by the step `lost`.
    pub(crate) fn lose(&mut self, before: Slot, lost: u64) {
        // Before the others of the same hold: it set the parent, so it has to stay as long as any
        // of them.
        let first = self.earlier.iter().position(|one| one.lost == 0);
        let first = first.unwrap_or(self.earlier.len());
        self.earlier.insert(first, EarlierAcquire { at: before.since, lost: 0 });
        for one in self.earlier.iter_mut().filter(|one| one.lost == 0) {
            one.lost = lost;
        }
    }
}

/// Minimum number of released resources kept to detect double releases: fits into a cache.
const IDLE: usize = 1 << 13;

/// Added to the rank of entries that must be kept; larger than any position.
const NEEDED: u64 = 1 << 63;

/// Slots by key.
pub(crate) struct SlotTable {
    /// Indices of entries by their keys.
    index: Index,
    entries: Vec<SlotEntry>,
    capacity: usize,
    /// Number of entries at which to drop some.
    sweep_at: usize,
    /// Number of held resources that were dropped.
    pub(crate) evicted: u64,
    /// Whether any entry, held or not, was dropped.
    pub(crate) forgot: bool,
}

impl SlotTable {
    /// A table of at most `capacity` resources, sized for `steps` steps.
    pub(crate) fn new(capacity: usize, steps: usize) -> Self {
        let capacity = capacity.clamp(16, u32::MAX as usize / 2);
        let room = steps.min(capacity).min(2 * IDLE);
        Self {
            index: Index::new(room),
            entries: Vec::with_capacity(room),
            sweep_at: capacity.min(IDLE),
            capacity,
            evicted: 0,
            forgot: false,
        }
    }

    /// Makes room for one step; invalidates earlier indices.
    #[inline]
    pub(crate) fn make_room(&mut self) {
        // A step needs at most two entries: its own and its parent's.
        if self.entries.len() + 2 > self.sweep_at {
            self.sweep();
        }
    }

    /// Index of this resource, known or new.
    #[inline]
    pub(crate) fn find(&mut self, key: SlotKey) -> u32 {
        let hash = Hash::new(key);
        let is_it = |at: u32| self.entries[at as usize].key == key;
        match self.index.find(hash, is_it) {
            Ok(known) => known,
            Err(free) => self.add(key, hash, free),
        }
    }

    fn add(&mut self, key: SlotKey, hash: Hash, free: usize) -> u32 {
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(SlotEntry {
            key,
            slot: Slot::default(),
            parent: None,
            earlier: Vec::new(),
            peak: 0,
            blamed: 0,
        });
        let entries = &self.entries;
        self.index.insert(free, hash, index, |at| Hash::new(entries[at as usize].key));
        index
    }

    #[inline]
    pub(crate) fn get(&self, at: u32) -> Option<&SlotEntry> {
        self.entries.get(at as usize)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut SlotEntry> {
        self.entries.get_mut(at as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &SlotEntry> {
        self.entries.iter()
    }

    #[inline]
    pub(crate) fn slot(&self, at: Option<u32>) -> Option<Slot> {
        self.get(at?).map(|entry| entry.slot)
    }

    /// Drops the older half of the entries that nothing depends on; if too many are held for that to
    /// help, also the oldest held ones.
    #[cold]
    fn sweep(&mut self) {
        self.forgot = true;
        let ranks = self.ranks();
        let n_needed = ranks.iter().filter(|rank| **rank >= NEEDED).count();
        let full = n_needed > self.capacity / 4 * 3;
        let n_gone = if full {
            ranks.len() - self.capacity / 2
        } else {
            (ranks.len() - n_needed).div_ceil(2)
        };
        if let Some(last) = n_gone.checked_sub(1) {
            let last = *ranks.clone().select_nth_unstable(last).1;
            let is_forgotten = |rank: &u64| *rank <= last;
            self.evicted +=
                ranks.iter().filter(|rank| **rank >= NEEDED && is_forgotten(rank)).count() as u64;
            self.retain(&ranks.iter().map(|rank| !is_forgotten(rank)).collect::<Vec<_>>());
        }
        self.sweep_at = self.capacity.min(self.entries.len() + IDLE);
    }

    /// The order in which entries may be dropped: by age, and held ones and their parents last. Entries
    /// of equal age are empty or belong to one step.
    fn ranks(&self) -> Vec<u64> {
        let age = |entry: &SlotEntry| entry.slot.since.max(entry.slot.until);
        let mut ranks: Vec<_> = self.entries.iter().map(age).collect();
        for (at, entry) in
            self.entries.iter().enumerate().filter(|(_, entry)| !entry.slot.is_idle())
        {
            ranks[at] |= NEEDED;
            if let Some(parent) = entry.parent.and_then(|parent| ranks.get_mut(parent as usize)) {
                *parent |= NEEDED;
            }
        }
        ranks
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut next = 0;
        let number = |keep: &bool| {
            let number = keep.then_some(next);
            next += u32::from(*keep);
            number
        };
        let new_indices: Vec<_> = keep.iter().map(number).collect();
        let mut flags = keep.iter();
        self.entries.retain(|_| flags.next().is_some_and(|keep| *keep));
        for entry in &mut self.entries {
            entry.parent =
                entry.parent.and_then(|parent| new_indices.get(parent as usize).copied().flatten());
        }
        self.index.refill(self.entries.iter().map(|entry| Hash::new(entry.key)));
    }
}
