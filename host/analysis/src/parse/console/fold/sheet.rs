//! What is known of one moment, before it is a snapshot.

use super::record_run::ConsoleDump;
use crate::model::{Completeness, Gap, Instance, Pool, Reason, Session, SourceLocation, Time};

/// Instances, and regions of all of them, that a sheet keeps: a text without dumps may load TAs for ever.
const INSTANCES: usize = 256;
const REGIONS: usize = 1 << 15;

/// Pools that a sheet keeps: an OP-TEE has four, and a heap for each TA.
const POOLS: usize = 64;

/// What a pool weighs, and an instance besides its regions: as much memory as that many regions take.
pub(super) const POOL_WEIGHT: usize = 4;
const INSTANCE_WEIGHT: usize = 4;

/// Dump, region maps and pools of one moment.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) place: SourceLocation,
    pub(super) time: Option<Time>,
    /// Number of boots before it, and of its iteration: of marks, or of snapshots, since the last boot.
    pub(super) boot: u32,
    pub(super) number: u32,
    pub(super) dump: Option<ConsoleDump>,
    pub(super) instances: Vec<Instance>,
    pub(super) pools: Vec<Pool>,
    pub(super) sessions: Vec<Session>,
    /// Dumps of TAs' heaps, by the number of the TA.
    pub(super) heaps: Vec<(usize, ConsoleDump)>,
}

impl Sheet {
    /// Adds an instance, or what is newly known of one; returns how many had to make room for it.
    pub(super) fn add_instance(&mut self, instance: Instance) -> u64 {
        match self.instances.iter_mut().find(|known| known.id == instance.id) {
            Some(known) => *known = instance,
            None => self.instances.push(instance),
        }
        let mut n_dropped = 0;
        while self.instances.len() > 1
            && (self.instances.len() > INSTANCES || self.n_regions() > REGIONS)
        {
            self.instances.remove(0);
            n_dropped += 1;
        }
        n_dropped
    }

    /// Adds a pool, or newer figures of one; returns whether there was room for it.
    pub(super) fn add_pool(&mut self, pool: Pool) -> bool {
        let has_room = self.pools.len() < POOLS;
        match self.pools.iter_mut().find(|known| known.kind == pool.kind) {
            Some(known) => *known = pool,
            None if has_room => self.pools.push(pool),
            None => return false,
        }
        true
    }

    /// Regions of all instances.
    fn n_regions(&self) -> usize {
        self.instances.iter().filter_map(|one| one.regions.value()).map(Vec::len).sum()
    }

    /// Memory that it takes, as a number of site groups, regions, sessions.
    pub(super) fn weight(&self) -> usize {
        let n_groups = self.dumps().map(|dump| dump.groups.len()).sum::<usize>();
        let of_instances = self.instances.iter().map(weight_of).sum::<usize>();
        n_groups + of_instances + self.sessions.len() + self.pools.len() * POOL_WEIGHT
    }

    /// All dumps.
    fn dumps(&self) -> impl Iterator<Item = &ConsoleDump> {
        self.dump.iter().chain(self.heaps.iter().map(|(_, dump)| dump))
    }

    /// The dump of the core's heap, or of its only TA's.
    pub(super) fn main_dump(&mut self) -> Option<&mut ConsoleDump> {
        match (&mut self.dump, &mut *self.heaps) {
            (Some(dump), _) | (None, [(_, dump)]) => Some(dump),
            _ => None,
        }
    }
}

/// What an instance weighs.
pub(super) fn weight_of(instance: &Instance) -> usize {
    INSTANCE_WEIGHT + instance.regions.value().map_or(0, Vec::len)
}

/// The gap of something not observed at all.
pub(super) fn absent<T>(what: &str) -> Completeness<T> {
    Completeness::Unobserved(gap(what, Reason::NotOffered, None, 0))
}

/// A gap.
pub(super) fn gap(what: &str, reason: Reason, remedy: Option<&str>, lost: u64) -> Gap {
    Gap { what: what.into(), reason, remedy: remedy.map(Into::into), lost }
}
