//! The normal-world kernel's information about OP-TEE: little, but always available.

use std::{fs::OpenOptions, io, ops::ControlFlow, os::unix::fs::OpenOptionsExt as _, path::Path};

use rustix::fs::OFlags;

use crate::source::{
    available::{KMSG, read_available},
    meminfo::MemoryFigures,
};

/// Most log lines to show, the newest ones.
const LINES: usize = 10;

/// Most log records to read.
const RECORDS: usize = 100_000;

/// Longest record of the log, in bytes (`CONSOLE_EXT_LOG_MAX` of Linux kernel/printk).
const RECORD_BYTES: usize = 8192;

/// Lines from one file of the kernel.
#[derive(Debug)]
pub struct KernelAnswer {
    /// Path of the file.
    pub from: &'static str,
    /// The lines, or the read error.
    pub lines: io::Result<Vec<String>>,
}

/// Reads all sources.
pub(super) fn ask() -> Vec<KernelAnswer> {
    vec![
        KernelAnswer { from: KMSG, lines: log() },
        KernelAnswer { from: "/proc/meminfo", lines: memory() },
    ]
}

/// Lines of the kernel log about OP-TEE.
fn log() -> io::Result<Vec<String>> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(KMSG)?;
    let mut lines = Vec::new();
    let mut records = 0;
    read_available(&mut file, &mut vec![0; RECORD_BYTES], |record| {
        lines.extend(about_tee(&String::from_utf8_lossy(record)));
        records += 1;
        if records < RECORDS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    lines.drain(..lines.len().saturating_sub(LINES));
    Ok(lines)
}

/// The message of a record (`level,seq,time,flags;message`), if it is about OP-TEE.
fn about_tee(record: &str) -> Option<String> {
    let (_, message) = record.lines().next()?.split_once(';')?;
    let lower = message.to_lowercase();
    let keywords = ["optee", "op-tee", "tee-supplicant", "print_oom"].iter();
    { keywords }.any(|name| lower.contains(name)).then(|| message.to_owned())
}

/// Free and contiguous memory; secure buffers come from the latter.
fn memory() -> io::Result<Vec<String>> {
    let figures = MemoryFigures::read(Path::new("/"))?;
    let lines = figures.lines(&["MemFree", "Cma"]);
    Ok(lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
}

#[cfg(test)]
mod tests {
    use super::about_tee;

    #[test]
    fn messages_about_tee_are_selected() {
        let message = about_tee("6,812,1234567,-;optee: revision 4.10 (0)\n SUBSYSTEM=platform\n");
        assert_eq!(message.as_deref(), Some("optee: revision 4.10 (0)"));
        assert_eq!(about_tee("6,813,1234568,-;usb 1-1: new device"), None);
    }
}
