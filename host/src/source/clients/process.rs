//! Process information from `proc`, see proc(5).

use std::{fs, path::Path};

use teeleak_analysis::parse::ftrace::TraceNote;

/// Whether a process exists and is no zombie.
pub(super) fn runs(proc: &Path, pid: u32) -> bool {
    let stat = fs::read_to_string(proc.join(format!("{pid}/stat")));
    let Ok(stat) = stat else { return false };
    // pid (comm) state ...; the name may contain any character.
    let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
    !matches!(state, Some('Z' | 'X') | None)
}

/// The users of a process: real, effective, saved and of the file system; `None` if it does not exist.
pub(super) fn users(proc: &Path, pid: u32) -> Option<Vec<u32>> {
    let status = fs::read_to_string(proc.join(format!("{pid}/status"))).ok()?;
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    Some(ids.split_whitespace().filter_map(|id| id.parse().ok()).collect())
}

/// The process of a thread.
pub(super) fn of_thread(proc: &Path, tid: u32) -> Option<u32> {
    let status = fs::read_to_string(proc.join(format!("{tid}/status"))).ok()?;
    number(&status, "Tgid:")
}

/// The note about a process; only the end is known for one that no longer exists.
pub(super) fn note(proc: &Path, pid: u32) -> TraceNote {
    let read = |name: &str| fs::read_to_string(proc.join(format!("{pid}/{name}")));
    let status = read("status").unwrap_or_default();
    let exe = fs::read_link(proc.join(format!("{pid}/exe")));
    TraceNote::Process {
        pid,
        ppid: number(&status, "PPid:").unwrap_or(0),
        ended: !runs(proc, pid),
        comm: read("comm").map(|comm| comm.trim_end().to_owned()).unwrap_or_default(),
        exe: exe.map(|exe| exe.to_string_lossy().into_owned()).unwrap_or_default(),
    }
}

fn number(status: &str, name: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::source::clients::process::*;

    #[test]
    fn this_process_is_there() {
        let (proc, pid) = (Path::new("/proc"), std::process::id());
        assert!(runs(proc, pid));
        assert_eq!(of_thread(proc, pid), Some(pid));
        assert!(users(proc, pid).unwrap().contains(&rustix::process::getuid().as_raw()));
        let TraceNote::Process { ended, exe, .. } = note(proc, pid) else { panic!("another note") };
        assert!(!ended && exe.starts_with('/'), "{exe}");
    }

    #[test]
    fn one_that_never_was_is_gone() {
        let TraceNote::Process { ended, comm, .. } = note(Path::new("/nowhere"), 1) else {
            panic!("another note")
        };
        assert_eq!((ended, &*comm), (true, ""));
        assert_eq!(users(Path::new("/nowhere"), 1), None);
    }
}
