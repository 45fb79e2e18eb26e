//! Descriptors of tee-supplicant: cheap enough for every run.
//!
//! Its process is looked for once; each snapshot then lists one folder.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Result;
use teeleak_analysis::model::LedgerKind;
use teeleak_proto::normal_world::UnreadReason;

use super::{
    bytes::{LedgerText, send_text},
    gaps::{LedgerObstacle, MissedLedgers, rights},
    process::{ProcessIdentity, ProcessWalk, append_walk, read_identity, walk},
};
use crate::source::Sink;

/// Its name, as in `/proc/PID/comm`.
const COMM: &str = "tee-supplicant";

/// Name of the text: the kernel has no such file.
const PATH: &str = "/proc/tee-supplicant/fd";

/// Descriptors of tee-supplicant.
pub(crate) struct Supplicant {
    proc: PathBuf,
    /// Its process, and when that started.
    process: Option<(u32, ProcessIdentity)>,
}

impl Supplicant {
    /// The tee-supplicant below `root`, the folder of `proc`.
    pub(crate) fn new(root: &Path) -> Self {
        Self { proc: root.join("proc"), process: None }
    }

    /// Passes on its descriptors, if it runs.
    ///
    /// # Errors
    /// When they can't be passed on.
    pub(crate) fn sample(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.find();
        let Some((pid, identity)) = &self.process else { return Ok(()) };
        let mut missed = MissedLedgers::default();
        match walk(&self.proc.join(pid.to_string())) {
            Ok(walked) => {
                let text = text(*pid, identity, &walked);
                send_text(LedgerKind::Supplicant, PATH, &text, &mut missed, sink)?;
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let (what, why) = (LedgerKind::Supplicant.info().name, UnreadReason::Refused);
                missed.add(LedgerObstacle { what, why, remedy: rights().into() }, 0);
            }
            // It ended.
            Err(_) => self.process = None,
        }
        missed.report(sink)
    }

    /// Looks for its process anew where it is another one.
    fn find(&mut self) {
        let is_same = self.process.as_ref().is_some_and(|(pid, known)| {
            read_identity(&self.proc.join(pid.to_string())).is_some_and(|now| now == *known)
        });
        if !is_same {
            self.process = search(&self.proc);
        }
    }
}

/// The process of this name with the lowest ID.
fn search(proc: &Path) -> Option<(u32, ProcessIdentity)> {
    let entries = fs::read_dir(proc).ok()?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_named = |pid: &u32| {
        let comm = fs::read(proc.join(format!("{pid}/comm")));
        comm.is_ok_and(|comm| comm.trim_ascii_end() == COMM.as_bytes())
    };
    let pid = pids.filter(is_named).min()?;
    Some((pid, read_identity(&proc.join(pid.to_string()))?))
}

fn text(pid: u32, identity: &ProcessIdentity, walked: &ProcessWalk) -> LedgerText {
    let mut text = String::from("descriptors of tee-supplicant:\n");
    append_walk(pid, identity, walked, &mut text);
    LedgerText { text: text.into_bytes(), cut: walked.lost > 0 }
}
