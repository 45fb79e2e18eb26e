//! Taking a snapshot, page by page.

use serde::{Deserialize, Serialize};

/// Requests the next page of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SnapshotRequest {
    /// Which sections, as a sum of [`Section::bit`]s.
    pub sections: u32,
    /// Epochs below this one are counted together, as epoch 0.
    pub epoch_from: u32,
    /// Where to continue; [`SnapshotCursor::START`] for the first page.
    pub cursor: SnapshotCursor,
}

/// A position in a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SnapshotCursor {
    /// Index of the section in [`Section::ALL`].
    pub section: u8,
    /// Part of the section, 0 for its start; opaque to all but the TA.
    pub part: u32,
    /// Next entry in that part.
    pub index: u32,
}

impl SnapshotCursor {
    /// The start of a snapshot.
    pub const START: Self = Self { section: 0, part: 0, index: 0 };
}

/// The sections of a snapshot; [`Section::ALL`] is their order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Section {
    /// Pools.
    Pools,
    /// Live allocations of the core heap, grouped.
    Sites,
    /// Live allocations of the core heap, one by one.
    Records,
    /// The meanings of owner numbers.
    Owners,
    /// User TA instances.
    Instances,
    /// Open sessions.
    Sessions,
    /// Regions of every instance.
    Regions,
    /// Call stacks that the sites name; since version 2, and only with `PTA_LEAK_AUDIT_FEATURE_STACKS`.
    Stacks,
}

impl Section {
    /// All sections in reply order: single allocations come last, since one reply of the PTA holds
    /// all the others.
    pub const ALL: [Self; 8] = [
        Self::Sites,
        Self::Stacks,
        Self::Pools,
        Self::Owners,
        Self::Instances,
        Self::Sessions,
        Self::Regions,
        Self::Records,
    ];

    /// Its index in [`Self::ALL`].
    #[must_use]
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|section| *section == self).unwrap_or(Self::ALL.len())
    }

    /// Its bit in [`SnapshotRequest::sections`].
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Head of a section, or of a part of it: one for each query to the PTA. Where a page ends within a
/// part, the next page repeats its head with a `lost` of 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SectionHead {
    /// The section.
    pub section: Section,
    /// `TEE_Result` of the query to the PTA; entries follow only after 0.
    pub result: u32,
    /// Instance whose regions follow, 0 in other sections.
    pub instance: u32,
    /// Number of objects: allocations walked, instances, sessions, regions.
    pub total: u32,
    /// Objects without an entry.
    pub lost: u32,
    /// `PTA_LEAK_AUDIT_REPLY_*`.
    pub flags: u32,
    /// Equal in two heads of a section if nothing changed in between.
    pub generation: u64,
    /// Counter ticks that the listed objects were locked; 0 if an earlier head has it.
    pub lock_ticks: u64,
}
