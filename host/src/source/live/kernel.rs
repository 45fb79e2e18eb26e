//! What the kernel of the normal world tells of OP-TEE: little, but it can always be asked.

use std::{fs::OpenOptions, io, ops::ControlFlow, os::unix::fs::OpenOptionsExt as _, path::Path};

use rustix::fs::OFlags;

use crate::source::{
    available::{KMSG, read_available},
    meminfo::MemoryFigures,
};

/// Lines of the log that are told, the newest ones.
const LINES: usize = 10;

/// Records of the log that are read at most.
const RECORDS: usize = 100_000;

/// Longest record of the log, in bytes (`CONSOLE_EXT_LOG_MAX` of Linux kernel/printk).
const RECORD_BYTES: usize = 8192;

/// An answer of the kernel.
#[derive(Debug)]
pub struct Told {
    /// Where it was read.
    pub from: &'static str,
    /// Lines, or why there are none.
    pub lines: io::Result<Vec<String>>,
}

/// All that it is asked.
pub(super) fn ask() -> Vec<Told> {
    vec![Told { from: KMSG, lines: log() }, Told { from: "/proc/meminfo", lines: memory() }]
}

/// Lines of the kernel's log that are about OP-TEE.
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

/// Contiguous memory, of which secure buffers are taken.
fn memory() -> io::Result<Vec<String>> {
    let figures = MemoryFigures::read(Path::new("/"))?;
    let lines = figures.lines(&["MemFree", "Cma"]);
    Ok(lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect())
}

#[cfg(test)]
mod tests {
    use super::about_tee;

    #[test]
    fn messages_about_tee_are_told() {
        let told = about_tee("6,812,1234567,-;optee: revision 4.10 (0)\n SUBSYSTEM=platform\n");
        assert_eq!(told.as_deref(), Some("optee: revision 4.10 (0)"));
        assert_eq!(about_tee("6,813,1234568,-;usb 1-1: new device"), None);
    }
}
