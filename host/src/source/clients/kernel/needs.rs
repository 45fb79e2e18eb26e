//! Requirements of the kernel probes.

use std::{
    fmt, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};
use teeleak_analysis::parse::ftrace::PROBES;

/// Where tracefs is mounted, see Documentation/trace/ftrace.rst.
const TRACEFS: [&str; 2] = ["sys/kernel/tracing", "sys/kernel/debug/tracing"];

/// Start of the line in the `README` of tracefs that lists what return probes can fetch; function
/// arguments since Linux 6.9.
const AT_RETURN: &str = "kernel return probes support:";

/// The first missing requirement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ProbeObstacle {
    /// tracefs is not mounted, or not accessible to this user.
    Tracefs,
    /// The kernel has no `kprobe_events`.
    Kprobes,
    /// `kprobe_events` is not writable by this user.
    Rights,
    /// A function of the optee driver.
    Driver(&'static str),
    /// The kernel is too old.
    Old,
}

impl fmt::Display for ProbeObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tracefs => f.write_str("tracefs is not mounted, or not accessible to this user"),
            Self::Kprobes => f.write_str("this kernel has no kprobe_events"),
            Self::Rights => f.write_str("kprobe_events is not writable"),
            Self::Driver(function) => {
                write!(f, "the kernel has no {function}: the optee driver is not loaded")
            }
            Self::Old => f.write_str(
                "return probes cannot read function arguments: expected Linux 6.9 or newer",
            ),
        }
    }
}

impl ProbeObstacle {
    /// What to do next.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Tracefs => "as root: mount -t tracefs tracefs /sys/kernel/tracing",
            Self::Kprobes => "build the kernel with CONFIG_KPROBES=y and CONFIG_KPROBE_EVENTS=y",
            Self::Rights => "run as root, on a kernel that is not locked down",
            Self::Driver(_) => "load it (modprobe optee)",
            Self::Old => "use the preload library or strace",
        }
    }
}

/// Checks all requirements below `root`.
pub(crate) fn look(root: &Path) -> Result<(), ProbeObstacle> {
    tracefs(root)?;
    driver(root)
}

/// Checks all requirements but the driver; returns the path of tracefs.
pub(super) fn tracefs(root: &Path) -> Result<PathBuf, ProbeObstacle> {
    let places = TRACEFS.iter().map(|place| root.join(place));
    let mut mounted = places.filter(|at| at.join("trace").exists());
    let tracefs = mounted.next().ok_or(ProbeObstacle::Tracefs)?;
    let kprobes = tracefs.join("kprobe_events");
    if !kprobes.exists() {
        return Err(ProbeObstacle::Kprobes);
    }
    if access(&kprobes, Access::WRITE_OK).is_err() {
        return Err(ProbeObstacle::Rights);
    }
    let readme = fs::read_to_string(tracefs.join("README")).unwrap_or_default();
    if supports_arguments(&readme) { Ok(tracefs) } else { Err(ProbeObstacle::Old) }
}

/// Looks up the driver's functions; slow, since a kernel has some 100,000.
pub(super) fn driver(root: &Path) -> Result<(), ProbeObstacle> {
    absent(&root.join("proc/kallsyms"))
        .map_or(Ok(()), |function| Err(ProbeObstacle::Driver(function)))
}

/// The first function missing in the kernel.
fn absent(kallsyms: &Path) -> Option<&'static str> {
    let mut missing_functions: Vec<_> = PROBES.iter().map(|probe| probe.function).collect();
    if let Ok(file) = fs::File::open(kallsyms) {
        // address, type, name, and the module in brackets
        for line in BufReader::new(file).lines().map_while(Result::ok) {
            let name = line.split_ascii_whitespace().nth(2);
            missing_functions.retain(|function| name != Some(*function));
            if missing_functions.is_empty() {
                break;
            }
        }
    }
    missing_functions.first().copied()
}

fn supports_arguments(readme: &str) -> bool {
    let line = readme.lines().find_map(|line| line.trim_start().strip_prefix(AT_RETURN));
    line.is_some_and(|line| line.contains("$arg<N>"))
}

#[cfg(test)]
mod tests {
    use super::supports_arguments;

    #[test]
    fn arguments_of_return_probes_are_detected() {
        let fetch = "\t           $stack<index>, $stack, $retval, $comm, $arg<N>,\n";
        let new = "\t    kernel return probes support: $retval, $arg<N>, $comm\n";
        assert!(supports_arguments(&format!("{fetch}{new}")));
        assert!(!supports_arguments(fetch));
    }
}
