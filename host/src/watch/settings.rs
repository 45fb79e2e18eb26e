//! The settings of a watch.

use std::{path::PathBuf, time::Duration};

use teeleak_analysis::audit::Options;

use super::Targets;

/// The settings of a watch.
pub(crate) struct Settings {
    /// Time between two polls of the pools.
    pub(crate) poll: Duration,
    /// Time between two snapshots.
    pub(crate) census: Duration,
    /// Maximum bytes on disk.
    pub(crate) most_bytes: u64,
    /// Percentage of a pool that should be free.
    pub(crate) low_water: u8,
    /// Shell command for each alarm, and whether its output goes to standard error.
    pub(crate) command: Option<String>,
    pub(crate) heard: bool,
    /// Options of the audit.
    pub(crate) options: Options,
    /// Where the metrics go.
    pub(crate) metrics: Targets,
    /// Root of the normal world's files, if it is watched, too.
    pub(crate) normal: Option<PathBuf>,
}
