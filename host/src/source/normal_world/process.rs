//! One process: its identity, its descriptors and its dma-bufs.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt::Write as _,
    fs,
    io::{self, ErrorKind},
    os::unix::ffi::OsStrExt as _,
    path::Path,
};

use anyhow::Result;
use teeleak_analysis::model::LedgerKind;

use super::{
    bytes::{LedgerText, MOST_BYTES, read, send_text},
    gaps::MissedLedgers,
};
use crate::source::Sink;

/// Most descriptors to read per process.
const MOST_FDS: usize = 1 << 14;

/// Most kinds of descriptors to list per process.
const KINDS: usize = 8;

/// Most bytes of `fdinfo`, `stat` and `limits`: a few lines each.
const FEW: usize = 4096;

/// Identity of a process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ProcessIdentity {
    /// Start time in clock ticks since boot: `starttime` of proc_pid_stat(5).
    pub(super) start: u64,
    pub(super) comm: String,
    /// Descriptor limit; `None` for unlimited or unknown.
    pub(super) limit: Option<u64>,
}

/// Reads the identity of a process; `None` if it ended.
pub(super) fn read_identity(folder: &Path) -> Option<ProcessIdentity> {
    let stat = fs::read(folder.join("stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // pid (comm) state ppid ...; the name may contain any character.
    let (head, rest) = stat.rsplit_once(')')?;
    let comm = head.split_once('(').map_or("", |(_, comm)| comm);
    // The state is field 3, the start time field 22.
    let start = rest.split_whitespace().nth(22 - 3)?.parse().ok()?;
    let limits = read(&folder.join("limits"), FEW).map(|read| read.text).unwrap_or_default();
    Some(ProcessIdentity {
        start,
        comm: plain(comm),
        limit: limit(&String::from_utf8_lossy(&limits)),
    })
}

/// Appends the line of a process.
pub(super) fn append_process(pid: u32, who: &ProcessIdentity, fds: u64, text: &mut String) {
    let ProcessIdentity { start, comm, limit } = who;
    let limit = limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string());
    // Writing to memory never fails.
    let _ = writeln!(text, "pid {pid} start {start} fds {fds} limit {limit} comm {comm}");
}

/// Appends the lines of a process and its kinds of descriptors.
pub(super) fn append_walk(
    pid: u32,
    who: &ProcessIdentity,
    walked: &ProcessWalk,
    text: &mut String,
) {
    append_process(pid, who, walked.fds, text);
    for (n, kind) in &walked.kinds {
        let _ = writeln!(text, " {n} {kind}");
    }
}

/// A name without control characters.
pub(super) fn plain(name: &str) -> String {
    name.chars().map(|one| if one.is_control() { '?' } else { one }).collect()
}

/// `Max open files            1024                 524288               files`
fn limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The descriptors of a process.
#[derive(Default)]
pub(super) struct ProcessWalk {
    /// Number of descriptors.
    pub(super) fds: u64,
    /// Kinds with their counts, the most frequent first.
    pub(super) kinds: Vec<(u64, String)>,
    /// Descriptors of dma-bufs.
    pub(super) buffers: Vec<u32>,
    /// Whether it is a TEE client.
    pub(super) client: bool,
    /// Descriptors beyond the limit, not read.
    pub(super) lost: u64,
}

/// Reads the descriptors of a process.
///
/// # Errors
/// When they are not readable by this user, or the process ended.
pub(super) fn walk(folder: &Path) -> io::Result<ProcessWalk> {
    let mut walked = ProcessWalk::default();
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    for entry in fs::read_dir(folder.join("fd"))? {
        // The process ended.
        let Ok(entry) = entry else { break };
        walked.fds += 1;
        if walked.fds > MOST_FDS as u64 {
            walked.lost += 1;
            continue;
        }
        let target = match fs::read_link(entry.path()) {
            Ok(target) => target,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(error),
            // Closed meanwhile.
            Err(_) => continue,
        };
        if is_dma_buf(target.as_os_str()) {
            let fd: Option<u32> = entry.file_name().to_str().and_then(|fd| fd.parse().ok());
            walked.buffers.extend(fd);
        }
        walked.client |= is_of_client(target.as_os_str());
        *kinds.entry(kind(&target)).or_default() += 1;
    }
    walked.buffers.sort_unstable();
    walked.kinds = kinds.into_iter().map(|(kind, n)| (n, kind)).collect();
    walked.kinds.sort_by(|one, other| other.cmp(one));
    let rare_kinds = walked.kinds.split_off(walked.kinds.len().min(KINDS));
    let n_others: u64 = rare_kinds.into_iter().map(|(n, _)| n).sum();
    walked.kinds.extend((n_others > 0).then(|| (n_others, "others".to_owned())));
    Ok(walked)
}

/// `/dmabuf:name` since Linux 5.3, `anon_inode:dmabuf` before.
fn is_dma_buf(target: &OsStr) -> bool {
    let target = target.as_bytes();
    target.starts_with(b"/dmabuf:") || target == b"anon_inode:dmabuf"
}

/// The TEE's client device, `/dev/tee0`, or memory shared with the TEE (Linux `drivers/tee`).
fn is_of_client(target: &OsStr) -> bool {
    let number = target.as_bytes().strip_prefix(b"/dev/tee");
    number.is_some_and(|number| number.first().is_some_and(u8::is_ascii_digit))
        || target == "anon_inode:tee_shm"
}

/// Kind of a descriptor: `socket`, `/dev/null`, `/tmp/*`.
fn kind(target: &Path) -> String {
    if is_dma_buf(target.as_os_str()) {
        return "dma-buf".into();
    }
    let text = target.to_string_lossy();
    let kind = match text.split_once(":[") {
        Some((kind, _)) if !kind.starts_with('/') && kind != "anon_inode" => kind.to_owned(),
        _ if !text.starts_with('/') || text.starts_with("/dev/") => text.into_owned(),
        _ => {
            let folder = target.parent().map_or_else(String::new, |folder| {
                folder.to_string_lossy().trim_end_matches('/').to_owned()
            });
            format!("{folder}/*")
        }
    };
    plain(&kind)
}

/// Passes on the `fdinfo` of a process's dma-bufs.
///
/// # Errors
/// When it can't be passed on.
pub(super) fn pass_on_buffers(
    folder: &Path,
    shown: &str,
    buffers: &[u32],
    missed: &mut MissedLedgers,
    sink: &mut dyn Sink,
) -> Result<()> {
    for fd in buffers {
        // Closed meanwhile, or the process ended.
        let Ok(text) = read(&folder.join(format!("fdinfo/{fd}")), FEW) else { continue };
        send_text(LedgerKind::DmaBuf, &format!("{shown}/fdinfo/{fd}"), &text, missed, sink)?;
    }
    Ok(())
}

/// Passes on the mappings of dma-bufs of a process, if any.
///
/// # Errors
/// When it can't be passed on.
pub(super) fn pass_on_mappings(
    folder: &Path,
    shown: &str,
    missed: &mut MissedLedgers,
    sink: &mut dyn Sink,
) -> Result<()> {
    let Ok(maps) = read(&folder.join("maps"), MOST_BYTES) else { return Ok(()) };
    let lines = maps.text.split_inclusive(|byte| *byte == b'\n');
    let buffer_lines = lines.filter(|line| memchr::memmem::find(line, b"dmabuf").is_some());
    let text: Vec<u8> = buffer_lines.flatten().copied().collect();
    if text.is_empty() && !maps.cut {
        return Ok(());
    }
    let path = format!("{shown}/maps");
    send_text(LedgerKind::DmaBuf, &path, &LedgerText { text, cut: maps.cut }, missed, sink)
}

#[cfg(test)]
mod tests {
    use crate::source::normal_world::process::*;

    #[test]
    fn descriptors_that_are_alike_have_a_name() {
        for (target, name) in [
            ("socket:[123]", "socket"),
            ("pipe:[7]", "pipe"),
            ("anon_inode:[eventpoll]", "anon_inode:[eventpoll]"),
            ("anon_inode:dmabuf", "dma-buf"),
            ("/dmabuf:halbuf", "dma-buf"),
            ("/dev/null", "/dev/null"),
            ("/tmp/one (deleted)", "/tmp/*"),
            ("/file", "/*"),
        ] {
            assert_eq!(kind(Path::new(target)), name);
        }
    }

    #[test]
    fn clients_of_the_tee_are_known() {
        let is = |target| is_of_client(OsStr::new(target));
        assert!(is("/dev/tee0") && is("anon_inode:tee_shm"));
        assert!(!is("/dev/teepriv0") && !is("/dev/tee") && !is("/dev/null"));
    }

    #[test]
    fn this_process_is_known() {
        let folder = Path::new("/proc/self");
        let who = read_identity(folder).unwrap();
        assert!(who.start > 0 && who.limit.is_some_and(|limit| limit > 0), "{who:?}");
        let walked = walk(folder).unwrap();
        assert_eq!(walked.kinds.iter().map(|(n, _)| n).sum::<u64>(), walked.fds);
    }

    #[test]
    fn limits_are_read() {
        let text = "Limit                     Soft Limit           Hard Limit           Units\n\
                    Max open files            1024                 524288               files\n";
        assert_eq!(limit(text), Some(1024));
        assert_eq!(limit("Max open files            unlimited  unlimited  files\n"), None);
    }
}
