//! What is said of all processes together, in texts of our own.

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

/// What the texts are called: the kernel has no files that say it.
const PATH: &str = "/proc/*/fd";
const PAGES_PATH: &str = "/proc/*/pagemap";

/// What is said of all processes together.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) descriptors: String,
    pages: String,
}

impl Texts {
    /// Adds the pages of a client of the TEE; what can't be had is counted.
    pub(super) fn pages_of(&mut self, folder: &Path, pid: u32, who: &Who, missed: &mut Missed) {
        let what = Ledger::ClientPages.name();
        match pages::tell(folder, pid, who, &mut self.pages) {
            Ok(0) => {}
            Ok(lost) => {
                missed.add(Missing { what, why: Why::NoRoom, remedy: String::new() }, lost);
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                missed.add(Missing { what, why: Why::Refused, remedy: rights().into() }, 0);
            }
            // It ended.
            Err(_) => {}
        }
    }

    /// Passes them on; `cut` where there were more processes.
    pub(super) fn pass_on(self, cut: bool, sink: &mut dyn Sink) -> Result<()> {
        let texts = [
            ("descriptors of processes:\n", self.descriptors, PATH),
            ("pages of clients of the TEE:\n", self.pages, PAGES_PATH),
        ];
        texts.into_iter().filter(|(_, text, path)| *path == PATH || !text.is_empty()).try_for_each(
            |(title, text, path)| {
                let text = format!("{title}{text}").into_bytes();
                send_text(path, &Read { text, cut }, sink)
            },
        )
    }
}
