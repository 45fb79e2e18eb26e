//! A sample: what was alive at one moment.

use std::sync::Arc;

use teeleak_proto::Uuid;

use super::{Moment, Part, Place, Time};
use crate::model::PoolKind;

/// Who an allocation is for. Numbers are not reused within one boot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OwnerId {
    /// Nobody said.
    Unknown,
    /// The TEE core itself.
    Core,
    /// A TA instance or PTA of the owner table.
    Number(u16),
}

/// What an owner number stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Owner {
    /// Owner number.
    pub number: u16,
    /// UUID of the TA or PTA; `None` for the number that stands for all that had no room.
    pub uuid: Option<Uuid>,
    /// Instance, never used twice in one boot.
    pub instance: u32,
    /// Whether it is a PTA.
    pub pta: bool,
    /// Whether the instance is gone.
    pub gone: bool,
}

/// Live allocations that are alike.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Site {
    /// Source file as the build names it.
    pub file: Arc<str>,
    /// Source line.
    pub line: u32,
    /// Bytes requested by each.
    pub size: u64,
    /// How many there are.
    pub count: u64,
    /// For whom.
    pub owner: OwnerId,
    /// PTA that was serving the owner.
    pub server: OwnerId,
    /// Session of the owner that was being served, where known.
    pub session: Option<u32>,
    /// Epoch they were made in; `None` where nobody keeps epochs. Epoch 0 is all before the first.
    pub epoch: Option<u32>,
    /// Return address of the call, as offset into the core.
    pub caller: Option<u64>,
}

/// A user TA instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instance {
    /// Instance, never used twice in one boot.
    pub id: u32,
    /// UUID of the TA.
    pub uuid: Uuid,
    /// Whether it panicked.
    pub panicked: bool,
    /// Sessions open to it, where known.
    pub ref_count: Option<u32>,
    /// Its regions.
    pub regions: Part<Vec<Region>>,
    /// Its heap, where the stock statistics tell.
    pub heap: Option<Pool>,
}

/// A region of a TA instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Region {
    /// Where the TA sees it.
    pub va: u64,
    /// Bytes mapped.
    pub size: u64,
    /// Physical address, or a keyed hash of it.
    pub pa: Option<u64>,
    /// Whether `pa` is a hash.
    pub hashed: bool,
    /// Read, write, execute for the TA, secure memory: `rwxs` in this order as bits 0 to 3.
    pub access: u8,
    /// `PTA_LEAK_AUDIT_REGION_*` where the PTA told, else 0.
    pub flags: u32,
}

/// An open session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Session {
    /// Session id, unique among those of one opener.
    pub id: u32,
    /// Instance that opened it, 0 for the normal world.
    pub opener: u32,
    /// UUID of the TA or PTA that it is to.
    pub uuid: Uuid,
    /// Instance that serves it, 0 for a PTA.
    pub instance: u32,
    /// `TEE_LOGIN_*` of the client.
    pub login: Option<u32>,
    /// UUID of the client.
    pub client: Option<Uuid>,
}

/// What a pool counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PoolUnit {
    /// Bytes.
    Bytes,
    /// Objects.
    Objects,
}

/// Figures of a pool, named as in `struct pta_stats_alloc`; `None` where nobody counts it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pool {
    /// Which.
    pub kind: PoolKind,
    /// What the figures count.
    pub unit: PoolUnit,
    /// In use now.
    pub allocated: Option<u64>,
    /// Most that ever was in use.
    pub max_allocated: Option<u64>,
    /// What there is in all.
    pub size: Option<u64>,
    /// Biggest free block.
    pub largest_free: Option<u64>,
    /// Sum of the squares of the free blocks.
    pub free2_sum: Option<u64>,
    /// Failed allocations.
    pub num_alloc_fail: Option<u64>,
    /// Biggest failed allocation.
    pub biggest_alloc_fail: Option<u64>,
    /// In use when that one failed.
    pub biggest_alloc_fail_used: Option<u64>,
}

/// What was alive at one moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// When, in terms of the run.
    pub moment: Moment,
    /// When, by a clock.
    pub time: Option<Time>,
    /// Where it begins in its source.
    pub place: Place,
    /// Epoch that allocations made after this sample belong to, where epochs are kept.
    pub epoch: Option<u32>,
    /// Live allocations of the core heap.
    pub sites: Part<Vec<Site>>,
    /// What the owner numbers stand for.
    pub owners: Part<Vec<Owner>>,
    /// User TA instances with their regions.
    pub instances: Part<Vec<Instance>>,
    /// Open sessions.
    pub sessions: Part<Vec<Session>>,
    /// Pools.
    pub pools: Part<Vec<Pool>>,
}
