//! What is known of one moment, before it is a snapshot.

use super::record_run::ConsoleDump;
use crate::model::{Completeness, Gap, Instance, Pool, Reason, Session, SourceLocation, Time};

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
    /// All dumps.
    pub(super) fn dumps(&self) -> impl Iterator<Item = &ConsoleDump> {
        self.dump.iter().chain(self.heaps.iter().map(|(_, dump)| dump))
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
