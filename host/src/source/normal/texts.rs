//! Texts of our own about all processes.

use std::{io::ErrorKind, path::Path};

use anyhow::Result;
use teeleak_analysis::model::Ledger;
use teeleak_proto::normal::Why;

use super::{
    bytes::{Read, send_text},
    pages,
    unseen::{Missed, Missing, rights},
    walk::Who,
};
use crate::source::Sink;

/// Names of the texts: the kernel has no such files.
const PATH: &str = "/proc/*/fd";
const PAGES_PATH: &str = "/proc/*/pagemap";

/// The texts about all processes.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) descriptors: String,
    pages: String,
}

impl Texts {
    /// Adds the pages of a TEE client; counts what can't be read.
    pub(super) fn pages_of(&mut self, folder: &Path, pid: u32, who: &Who, missed: &mut Missed) {
        let ledger = Ledger::ClientPages.info().name;
        match pages::tell(folder, pid, who, &mut self.pages) {
            Ok(0) => {}
            Ok(lost) => {
                missed.add(Missing::of_room(ledger), lost);
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                missed.add(Missing { what: ledger, why: Why::Refused, remedy: rights().into() }, 0);
            }
            // It ended.
            Err(_) => {}
        }
    }

    /// Passes on the texts; `cut` marks an incomplete list of processes.
    pub(super) fn pass_on(self, cut: bool, missed: &mut Missed, sink: &mut dyn Sink) -> Result<()> {
        let compose =
            |title: &str, text: &str| Read { text: [title, text].concat().into_bytes(), cut };
        let tables = compose("descriptors of processes:\n", &self.descriptors);
        send_text(Ledger::Descriptors, PATH, &tables, missed, sink)?;
        if self.pages.is_empty() {
            return Ok(());
        }
        let pages = compose("pages of clients of the TEE:\n", &self.pages);
        send_text(Ledger::ClientPages, PAGES_PATH, &pages, missed, sink)
    }
}
