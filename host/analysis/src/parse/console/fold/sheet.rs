//! What is known of one moment, before it is a snapshot.

use super::record_run::ConsoleDump;
use crate::model::{Completeness, Gap, Instance, Pool, Reason, Session, SourceLocation, Time};

/// Instances, and regions of all of them, that a sheet keeps: a text without dumps may load TAs for ever.
const INSTANCES: usize = 256;
const REGIONS: usize = 1 << 15;

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

    /// Regions of all instances.
    fn n_regions(&self) -> usize {
        self.instances.iter().filter_map(|one| one.regions.value()).map(Vec::len).sum()
    }

    /// Site groups and regions.
    pub(super) fn weight(&self) -> usize {
        self.dumps().map(|dump| dump.groups.len()).sum::<usize>() + self.n_regions()
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

/// The gap of something not observed at all.
pub(super) fn absent<T>(what: &str) -> Completeness<T> {
    Completeness::Unobserved(gap(what, Reason::NotOffered, None, 0))
}

/// A gap.
pub(super) fn gap(what: &str, reason: Reason, remedy: Option<&str>, lost: u64) -> Gap {
    Gap { what: what.into(), reason, remedy: remedy.map(Into::into), lost }
}
