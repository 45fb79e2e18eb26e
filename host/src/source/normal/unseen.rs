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
    normal::{Unseen, Why},
};

use crate::source::{Sink, live::send};

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
pub(crate) struct Missing {
    pub(crate) what: &'static str,
    pub(crate) why: Why,
    pub(crate) remedy: String,
}

/// Everything not observed in one snapshot, with counts where known.
#[derive(Default)]
pub(super) struct Missed(BTreeMap<Missing, u64>);

impl Missed {
    /// Adds something not observed; `lost` is the count, 0 if unknown.
    pub(super) fn add(&mut self, missing: Missing, lost: u64) {
        *self.0.entry(missing).or_default() += lost;
    }

    /// Passes on all entries.
    pub(super) fn tell(&self, sink: &mut dyn Sink) -> Result<()> {
        self.0.iter().try_for_each(|(Missing { what, why, remedy }, lost)| {
            let gap = Unseen { what, why: *why, remedy, lost: *lost };
            send(FrameKind::NormalUnseen, &gap, sink)
        })
    }
}

impl Missing {
    /// Why a file could not be read; `option` is the remedy for a missing one.
    pub(super) fn of_error(what: &'static str, error: &io::Error, option: &str) -> Self {
        let (why, remedy) = match error.kind() {
            ErrorKind::PermissionDenied => (Why::Refused, rights()),
            ErrorKind::NotFound => (Why::Absent, option),
            _ => (Why::Moved, ""),
        };
        Self { what, why, remedy: remedy.to_owned() }
    }

    /// More than the limit allows to read.
    pub(super) fn of_room(what: &'static str) -> Self {
        Self { what, why: Why::NoRoom, remedy: String::new() }
    }

    /// Why all files of a ledger are missing.
    pub(super) fn of_path(root: &Path, path: &str, what: &'static str, option: &str) -> Self {
        if path.starts_with("sys/kernel/debug/") {
            let debugfs = fs::read_dir(root.join("sys/kernel/debug"));
            match debugfs.map(|mut entries| entries.next().is_none()) {
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return Self { what, why: Why::Refused, remedy: rights().into() };
                }
                Ok(false) => {}
                _ => {
                    let remedy = format!("{DEBUGFS}, and {option}");
                    return Self { what, why: Why::Absent, remedy };
                }
            }
        }
        Self { what, why: Why::Absent, remedy: option.into() }
    }
}
