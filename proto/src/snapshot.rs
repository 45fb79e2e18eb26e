//! Taking a census, page by page.

use serde::{Deserialize, Serialize};

/// Asks for the next page of a census.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SnapshotRequest {
    /// Which sections, as a sum of [`Section::bit`]s.
    pub sections: u32,
    /// Epochs below this one are counted together, as epoch 0.
    pub epoch_from: u32,
    /// Where to go on; [`Cursor::START`] begins.
    pub cursor: Cursor,
}

/// A place in a census.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// Index of the section in [`Section::ALL`].
    pub section: u8,
    /// What the section is divided by, 0 for its beginning; the TA alone knows what it means.
    pub part: u32,
    /// Next entry in that part.
    pub index: u32,
}

impl Cursor {
    /// The beginning.
    pub const START: Self = Self { section: 0, part: 0, index: 0 };
}

/// The sections of a census; [`Section::ALL`] has the order in which they come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Section {
    /// What can run out.
    Pools,
    /// Live allocations of the core heap, grouped.
    Sites,
    /// Live allocations of the core heap, one by one.
    Records,
    /// What the owner numbers stand for.
    Owners,
    /// User TA instances.
    Instances,
    /// Open sessions.
    Sessions,
    /// Regions of every instance.
    Regions,
}

impl Section {
    /// All sections in the order in which they are told: single allocations come last, since all the
    /// others are in one reply of the PTA.
    pub const ALL: [Self; 7] = [
        Self::Sites,
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

/// Head of a section, or of a part of it: one for each time that the PTA was asked. Where a page
/// ends within a part, the next one begins with its head again, and that one's `lost` is 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SectionHead {
    /// Which one.
    pub section: Section,
    /// `TEE_Result` of asking the PTA for it; entries follow only after 0.
    pub result: u32,
    /// Instance whose regions follow, 0 in other sections.
    pub instance: u32,
    /// Objects there were: allocations walked, instances, sessions, regions.
    pub total: u32,
    /// Objects that no entry tells of.
    pub lost: u32,
    /// `PTA_LEAK_AUDIT_REPLY_*`.
    pub flags: u32,
    /// The same in two heads of a section when nothing was changed in between.
    pub generation: u64,
    /// Counter ticks during which what is listed was locked; 0 when that was told in a head before.
    pub lock_ticks: u64,
}
