//! Ledgers that could not be read: why, and the remedy.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use anyhow::Result;
use teeleak_proto::{
    frame::FrameKind,
    normal_world::{UnreadLedger, UnreadReason},
};

use crate::source::{Sink, observer::send};

/// The remedy for missing permissions.
pub(super) fn rights() -> &'static str {
    if rustix::process::geteuid().is_root() {
        "give teeleak CAP_SYS_PTRACE and CAP_SYS_ADMIN"
    } else {
        "run teeleak as root"
    }
}

/// The remedy for a missing debugfs.
const DEBUGFS: &str = "mount -t debugfs none /sys/kernel/debug (CONFIG_DEBUG_FS=y)";

/// Something that was not observed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct LedgerObstacle {
    pub(crate) what: &'static str,
    pub(crate) why: UnreadReason,
    pub(crate) remedy: String,
}

/// Everything not observed in one snapshot, with counts where known.
#[derive(Default)]
pub(super) struct MissedLedgers(BTreeMap<LedgerObstacle, u64>);

impl MissedLedgers {
    /// Adds something not observed; `lost` is the count, 0 if unknown.
    pub(super) fn add(&mut self, missing: LedgerObstacle, lost: u64) {
        *self.0.entry(missing).or_default() += lost;
    }

    /// Passes on all entries.
    pub(super) fn report(&self, sink: &mut dyn Sink) -> Result<()> {
        self.0.iter().try_for_each(|(LedgerObstacle { what, why, remedy }, lost)| {
            let gap = UnreadLedger { what, why: *why, remedy, lost: *lost };
            send(FrameKind::NormalUnseen, &gap, sink)
        })
    }
}

impl LedgerObstacle {
    /// Why a file could not be read; `option` is the remedy for a missing one.
    pub(super) fn of_error(what: &'static str, error: &io::Error, option: &str) -> Self {
        let (why, remedy) = match error.kind() {
            ErrorKind::PermissionDenied => (UnreadReason::Refused, rights()),
            ErrorKind::NotFound => (UnreadReason::Absent, option),
            _ => (UnreadReason::Moved, ""),
        };
        Self { what, why, remedy: remedy.to_owned() }
    }

    /// More than the limit allows to read.
    pub(super) fn of_room(what: &'static str) -> Self {
        Self { what, why: UnreadReason::NoRoom, remedy: String::new() }
    }

    /// Why all files of a ledger are missing.
    pub(super) fn of_path(root: &Path, path: &str, what: &'static str, option: &str) -> Self {
        if path.starts_with("sys/kernel/debug/") {
            let debugfs = fs::read_dir(root.join("sys/kernel/debug"));
            match debugfs.map(|mut entries| entries.next().is_none()) {
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return Self { what, why: UnreadReason::Refused, remedy: rights().into() };
                }
                Ok(false) => {}
                _ => {
                    let remedy = format!("{DEBUGFS}, and {option}");
                    return Self { what, why: UnreadReason::Absent, remedy };
                }
            }
        }
        Self { what, why: UnreadReason::Absent, remedy: option.into() }
    }
}
