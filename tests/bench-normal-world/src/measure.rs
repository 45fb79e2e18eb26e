//! Running a program and seeing what it takes.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// Between two looks at a program that runs.
const GLANCE: Duration = Duration::from_millis(2);

/// Ticks of the CPU clock per second in /proc/PID/stat (`sysconf(_SC_CLK_TCK)` of every Linux).
const TICKS: f64 = 100.0;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// Wall clock, in seconds.
    pub(crate) wall: f64,
    /// CPU time of all its threads, in seconds.
    pub(crate) cpu: f64,
    /// Most memory it had at once, in bytes.
    pub(crate) peak_bytes: u64,
}

impl Taken {
    /// The best of each.
    pub(crate) fn best(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            peak_bytes: self.peak_bytes.max(other.peak_bytes),
        }
    }
}

/// Runs a program whose output goes to a file, or to nobody; any exit code but those of a crash will do.
pub(crate) fn run(command: &mut Command, out: Option<&Path>) -> Result<Taken> {
    let out = match out {
        Some(path) => fs::File::create(path)?.into(),
        None => Stdio::null(),
    };
    command.stdout(out).stderr(Stdio::null());
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    watch(child, start)
}

fn watch(mut child: Child, start: Instant) -> Result<Taken> {
    let id = child.id();
    let mut peak_bytes = 0;
    // A program that has ended keeps its CPU time until somebody waits for it, but no memory.
    let cpu = loop {
        peak_bytes = peak_bytes.max(peak(id).unwrap_or(0));
        let (state, cpu) = stat(id)?;
        if state == 'Z' {
            break cpu;
        }
        thread::sleep(GLANCE);
    };
    let wall = start.elapsed().as_secs_f64();
    let status = child.wait()?;
    if status.code().is_none_or(|code| code > 100) {
        bail!("a program to compare with ended with {status}");
    }
    Ok(Taken { wall, cpu, peak_bytes })
}

/// Most memory it had at once, in bytes (`VmHWM` of proc(5)).
fn peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// State and CPU time in seconds (fields 3, 14 and 15 of proc(5)'s stat).
fn stat(id: u32) -> Result<(char, f64)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).context("needs Linux's /proc")?;
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let mut fields = fields.split(' ');
    let state = fields.next().and_then(|state| state.chars().next()).unwrap_or('?');
    let ticks: f64 = fields.skip(10).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Ok((state, ticks / TICKS))
}
