//! A snapshot of the TEE: live objects and pools at one moment.

use std::sync::Arc;

use teeleak_proto::Uuid;

use super::{CallStack, Completeness, Moment, SourceLocation, TaName, Time};
use crate::model::PoolKind;

/// The owner of an allocation. Numbers are not reused within one boot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OwnerId {
    /// Unknown.
    Unknown,
    /// The TEE core itself.
    Core,
    /// A TA instance or PTA of the owner table.
    Number(u16),
}

/// An entry of the owner table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Owner {
    /// Owner number.
    pub number: u16,
    /// UUID of the TA or PTA; `None` for the entry that collects all owners beyond the table.
    pub uuid: Option<Uuid>,
    /// Instance number, unique within one boot.
    pub instance: u32,
    /// Whether it is a PTA.
    pub pta: bool,
    /// Whether the instance has ended.
    pub gone: bool,
}

/// Live allocations of one site, grouped by all the fields below.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Site {
    /// Source file, as named by the build.
    pub file: Arc<str>,
    /// Source line.
    pub line: u32,
    /// Bytes per allocation, as requested.
    pub size: u64,
    /// Number of allocations.
    pub count: u64,
    /// Owner.
    pub owner: OwnerId,
    /// PTA that was serving the owner.
    pub server: OwnerId,
    /// Session of the owner that was being served, if known.
    pub session: Option<u32>,
    /// Epoch of the allocations; `None` without epochs. Epoch 0 is everything before the first.
    pub epoch: Option<u32>,
    /// Return address of the allocating call, as an offset into the TEE core.
    pub caller: Option<u64>,
    /// Call stack of the allocations, if recorded; it starts with the caller.
    pub stack: Option<CallStack>,
}

/// A user TA instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instance {
    /// Instance number, unique within one boot.
    pub id: u32,
    /// UUID of the TA.
    pub uuid: Uuid,
    /// Whether it panicked.
    pub panicked: bool,
    /// Number of open sessions, if known.
    pub ref_count: Option<u32>,
    /// Its regions.
    pub regions: Completeness<Vec<Region>>,
    /// Its heap, if the stock statistics include it.
    pub heap: Option<Pool>,
    /// What it has handles of, if they were counted.
    pub handles: Option<Handles>,
}

/// What a TA has handles of, as the TEE core lists it: also what is under construction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Handles {
    /// Objects (`TEE_ObjectHandle`).
    pub objects: u32,
    /// Operations (`TEE_OperationHandle`).
    pub operations: u32,
    /// Object enumerators (`TEE_ObjectEnumHandle`).
    pub enumerators: u32,
}

impl Handles {
    /// All of them.
    #[must_use]
    pub fn total(self) -> u64 {
        [self.objects, self.operations, self.enumerators].map(u64::from).into_iter().sum()
    }
}

/// A region of a TA instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Region {
    /// Virtual address in the TA.
    pub va: u64,
    /// Bytes mapped.
    pub size: u64,
    /// Physical address, or a keyed hash of it.
    pub pa: Option<u64>,
    /// Whether `pa` is a hash.
    pub hashed: bool,
    /// Read, write, execute for the TA, secure memory: `rwxs` in this order as bits 0 to 3.
    pub access: u8,
    /// `PTA_LEAK_AUDIT_REGION_*` from the PTA, else 0.
    pub flags: u32,
}

/// An open session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Session {
    /// Session id, unique per opener.
    pub id: u32,
    /// Instance that opened it, 0 for the normal world.
    pub opener: u32,
    /// UUID of the TA or PTA that serves it.
    pub uuid: Uuid,
    /// Instance that serves it, 0 for a PTA.
    pub instance: u32,
    /// `TEE_LOGIN_*` of the client.
    pub login: Option<u32>,
    /// UUID of the client.
    pub client: Option<Uuid>,
}

/// The unit of a pool.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PoolUnit {
    /// Bytes.
    Bytes,
    /// Objects.
    Objects,
}

/// Figures of a pool, named as in `struct pta_stats_alloc`; `None` if not counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pool {
    /// The pool.
    pub kind: PoolKind,
    /// Unit of the figures.
    pub unit: PoolUnit,
    /// In use now.
    pub allocated: Option<u64>,
    /// Peak use.
    pub max_allocated: Option<u64>,
    /// Total size.
    pub size: Option<u64>,
    /// Largest free block.
    pub largest_free: Option<u64>,
    /// Sum of the squares of the free blocks.
    pub free2_sum: Option<u64>,
    /// Failed allocations.
    pub num_alloc_fail: Option<u64>,
    /// Largest failed allocation.
    pub biggest_alloc_fail: Option<u64>,
    /// In use when the largest one failed.
    pub biggest_alloc_fail_used: Option<u64>,
    /// Allocations since boot that succeeded, freed or not.
    pub num_alloc: Option<u64>,
}

impl Pool {
    /// A pool of which no figure is known.
    #[must_use]
    pub const fn without_figures(kind: PoolKind, unit: PoolUnit) -> Self {
        Self {
            kind,
            unit,
            allocated: None,
            max_allocated: None,
            size: None,
            largest_free: None,
            free2_sum: None,
            num_alloc_fail: None,
            biggest_alloc_fail: None,
            biggest_alloc_fail_used: None,
            num_alloc: None,
        }
    }
}

/// Live allocations of the heap of one TA.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaHeapDump {
    /// The TA.
    pub ta: TaName,
    /// Live allocations.
    pub sites: Completeness<Vec<Site>>,
}

/// Live objects and pools at one moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// When, relative to the run.
    pub moment: Moment,
    /// When, by a clock.
    pub time: Option<Time>,
    /// Position of its start in the source.
    pub place: SourceLocation,
    /// Epoch of allocations after this snapshot, if epochs are kept.
    pub epoch: Option<u32>,
    /// Live allocations of the core heap.
    pub sites: Completeness<Vec<Site>>,
    /// The owner table.
    pub owners: Completeness<Vec<Owner>>,
    /// User TA instances with their regions.
    pub instances: Completeness<Vec<Instance>>,
    /// Open sessions.
    pub sessions: Completeness<Vec<Session>>,
    /// Pools.
    pub pools: Completeness<Vec<Pool>>,
    /// Heaps of TAs that a dump lists.
    pub heaps: Vec<TaHeapDump>,
}

impl Sample {
    /// All pools, the heaps of the TAs among them.
    pub fn all_pools(&self) -> impl Iterator<Item = &Pool> {
        let instances = self.instances.value().into_iter().flatten();
        let heaps = instances.filter_map(|instance| instance.heap.as_ref());
        self.pools.value().into_iter().flatten().chain(heaps)
    }

    /// The live allocations of the core heap, then those of each TA's heap.
    pub fn all_sites(&self) -> impl Iterator<Item = (PoolKind, &Completeness<Vec<Site>>)> {
        let heaps = self.heaps.iter().map(|dump| (PoolKind::TaHeap(dump.ta), &dump.sites));
        std::iter::once((PoolKind::CoreHeap, &self.sites)).chain(heaps)
    }
}
