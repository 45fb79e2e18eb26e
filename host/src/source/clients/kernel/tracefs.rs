//! Our part of tracefs: a group of probes and an instance, both named after this process's ID.
//!
//! ```text
//! kprobe_events                          teeleak_PID/tee_open ...
//! instances/teeleak.PID/trace_pipe       their output
//! ```

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow};
use rustix::fs::OFlags;
use teeleak_analysis::parse::ftrace::PROBES;

use crate::error::NotObservable;

/// Name prefixes of groups and instances, before the process ID.
const GROUP: &str = "teeleak_";
const INSTANCE: &str = "teeleak.";

/// Size of the instance's ring per CPU, in KiB: room for some thousand calls, drained every few
/// hundredths of a second.
const RING_KIB: &str = "1024";

/// The probes and the instance of one process.
pub(super) struct ProbeGroup {
    tracefs: PathBuf,
    pid: u32,
}

impl ProbeGroup {
    pub(super) fn new(tracefs: &Path, pid: u32) -> Self {
        Self { tracefs: tracefs.to_owned(), pid }
    }

    fn group(&self) -> String {
        format!("{GROUP}{}", self.pid)
    }

    fn instance(&self) -> PathBuf {
        self.tracefs.join("instances").join(format!("{INSTANCE}{}", self.pid))
    }

    fn define(&self, line: &str) -> io::Result<()> {
        // Without O_APPEND the kernel would remove all probes of the system.
        let mut events =
            OpenOptions::new().append(true).open(self.tracefs.join("kprobe_events"))?;
        events.write_all(format!("{line}\n").as_bytes())
    }

    /// Creates probes and instance; nothing is recorded before [`Self::switch`].
    pub(super) fn set_up(&self) -> Result<File> {
        for probe in &PROBES {
            let defined = self.define(&probe.definition(&self.group()));
            defined
                .map_err(|error| anyhow!(NotObservable(self.refusal(probe.function, &error))))?;
        }
        let instance = self.instance();
        match fs::create_dir(&instance) {
            // Left by a killed process with the same process ID.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.with_context(|| format!("cannot create {}", instance.display()))?,
        }
        let settings = [
            ("trace_clock", "mono_raw"),
            ("options/record-tgid", "1"),
            ("buffer_size_kb", RING_KIB),
        ];
        for (file, value) in settings {
            self.set(file, value)?;
        }
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let pipe = instance.join("trace_pipe");
        let file = OpenOptions::new().read(true).custom_flags(flags).open(&pipe);
        file.with_context(|| format!("cannot read {}", pipe.display()))
    }

    /// Starts or stops recording.
    pub(super) fn switch(&self, on: bool) -> Result<()> {
        let file = format!("events/{}/enable", self.group());
        self.set(&file, if on { "1" } else { "0" })
    }

    fn set(&self, file: &str, value: &str) -> Result<()> {
        let path = self.instance().join(file);
        fs::write(&path, value)
            .with_context(|| format!("cannot write {value} to {}", path.display()))
    }

    /// Calls whose entry or return the kernel missed for lack of room.
    pub(super) fn missed(&self) -> u64 {
        let profile = self.tracefs.join("kprobe_profile");
        let profile = fs::read_to_string(profile).unwrap_or_default();
        // name, hits, misses
        let misses = profile.lines().filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            PROBES.iter().find(|probe| Some(probe.name) == words.next())?;
            words.nth(1)?.parse::<u64>().ok()
        });
        misses.sum()
    }

    /// Removes probes and instance; missing ones are no error.
    pub(super) fn remove(&self) -> Result<()> {
        // The setup may be incomplete.
        let _ = self.switch(false);
        let instance = self.instance();
        let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        let removed = match fs::remove_dir(&instance) {
            Err(error) if !is_missing(&error) => Err(error),
            _ => Ok(()),
        };
        let group = self.group();
        let events = fs::read_to_string(self.tracefs.join("kprobe_events")).unwrap_or_default();
        for (of, name) in events.lines().filter_map(event) {
            if of == group {
                self.define(&format!("-:{group}/{name}"))
                    .with_context(|| format!("cannot remove the probe {group}/{name}"))?;
            }
        }
        removed.with_context(|| format!("cannot remove {}", instance.display()))
    }

    /// Why the kernel rejected a probe.
    fn refusal(&self, function: &str, error: &io::Error) -> String {
        let log = fs::read_to_string(self.tracefs.join("error_log")).unwrap_or_default();
        let last = log.lines().rev().find_map(|line| line.split_once("error: "));
        let reason = last.map_or_else(String::new, |(_, why)| format!(", {why}"));
        format!(
            "the kernel rejected the probe on {function} ({error}{reason}): run as root on a kernel \
             that is not locked down, or use the preload library or strace"
        )
    }
}

/// Group and name in a line of `kprobe_events`: `r256:teeleak_7/tee_opened optee_open_session ...`.
fn event(line: &str) -> Option<(&str, &str)> {
    line.split(' ').next()?.split_once(':')?.1.split_once('/')
}

/// Removes the probes and instances of killed processes.
pub(super) fn clear_stale(tracefs: &Path, proc: &Path) {
    let events = fs::read_to_string(tracefs.join("kprobe_events")).unwrap_or_default();
    let groups = events.lines().filter_map(event).filter_map(|(group, _)| parse_pid(group, GROUP));
    let instances = fs::read_dir(tracefs.join("instances")).into_iter().flatten().flatten();
    let instances = instances.filter_map(|entry| parse_pid(entry.file_name().to_str()?, INSTANCE));
    let pids: std::collections::BTreeSet<u32> = groups.chain(instances).collect();
    for pid in pids {
        let is_alive = pid != std::process::id() && proc.join(pid.to_string()).exists();
        if !is_alive {
            // A leftover only costs memory: our own group and instance are separate.
            let _ = ProbeGroup::new(tracefs, pid).remove();
        }
    }
}

fn parse_pid(name: &str, start: &str) -> Option<u32> {
    name.strip_prefix(start)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::source::clients::kernel::tracefs::*;

    #[test]
    fn lines_of_the_kernel_name_their_group() {
        let line = "r256:teeleak_7/tee_opened optee_open_session rc=$retval:s32";
        assert_eq!(event(line), Some(("teeleak_7", "tee_opened")));
        assert_eq!(event("p:kprobes/p_do_exit_0 do_exit"), Some(("kprobes", "p_do_exit_0")));
        assert_eq!((parse_pid("teeleak_7", GROUP), parse_pid("teeleak_x", GROUP)), (Some(7), None));
    }
}
