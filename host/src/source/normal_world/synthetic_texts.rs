//! Texts of our own about all processes.

use std::{io::ErrorKind, path::Path};

use anyhow::Result;
use teeleak_analysis::model::LedgerKind;
use teeleak_proto::normal_world::UnreadReason;

use super::{
    bytes::{LedgerText, send_text},
    gaps::{LedgerObstacle, MissedLedgers, rights},
    pages,
    process::ProcessIdentity,
};
use crate::source::Sink;

/// Names of the texts: the kernel has no such files.
const PATH: &str = "/proc/*/fd";
const PAGES_PATH: &str = "/proc/*/pagemap";

/// The texts about all processes.
#[derive(Default)]
pub(super) struct SyntheticTexts {
    pub(super) descriptors: String,
    pages: String,
}

impl SyntheticTexts {
    /// Adds the pages of a TEE client; counts what can't be read.
    pub(super) fn pages_of(
        &mut self,
        folder: &Path,
        pid: u32,
        who: &ProcessIdentity,
        missed: &mut MissedLedgers,
    ) {
        let ledger = LedgerKind::ClientPages.info().name;
        match pages::append_process(folder, pid, who, &mut self.pages) {
            Ok(0) => {}
            Ok(lost) => {
                missed.add(LedgerObstacle::of_room(ledger), lost);
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                missed.add(
                    LedgerObstacle {
                        what: ledger,
                        why: UnreadReason::Refused,
                        remedy: rights().into(),
                    },
                    0,
                );
            }
            // It ended.
            Err(_) => {}
        }
    }

    /// Passes on the texts; `cut` marks an incomplete list of processes.
    pub(super) fn pass_on(
        self,
        cut: bool,
        missed: &mut MissedLedgers,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let compose =
            |title: &str, text: &str| LedgerText { text: [title, text].concat().into_bytes(), cut };
        let tables = compose("descriptors of processes:\n", &self.descriptors);
        send_text(LedgerKind::Descriptors, PATH, &tables, missed, sink)?;
        if self.pages.is_empty() {
            return Ok(());
        }
        let pages = compose("pages of clients of the TEE:\n", &self.pages);
        send_text(LedgerKind::ClientPages, PAGES_PATH, &pages, missed, sink)
    }
}
