//! What is to be watched, and how.

use std::{path::PathBuf, time::Duration};

use teeleak_analysis::audit::Options;

use super::Targets;

/// What is to be watched, and how.
pub(crate) struct Settings {
    /// Between two looks at the pools.
    pub(crate) poll: Duration,
    /// Between two censuses.
    pub(crate) census: Duration,
    /// Bytes on disk, at most.
    pub(crate) most_bytes: u64,
    /// Percent of a pool that should be free.
    pub(crate) low_water: u8,
    /// What a shell runs at each alarm, and whether what it prints has a place to go to.
    pub(crate) command: Option<String>,
    pub(crate) heard: bool,
    /// How it is judged.
    pub(crate) options: Options,
    /// Who is told figures.
    pub(crate) metrics: Targets,
    /// Where the files of the normal world are, if it is watched, too.
    pub(crate) normal: Option<PathBuf>,
}
