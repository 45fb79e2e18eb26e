//! Running a program and seeing what it takes.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
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
pub struct Taken {
    /// Wall clock, in seconds.
    pub wall: f64,
    /// CPU time of all its threads, in seconds.
    pub cpu: f64,
    /// Most memory it had at once, in bytes.
    pub peak_bytes: u64,
}

impl Taken {
    /// The best of each.
    #[must_use]
    pub fn best(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            peak_bytes: self.peak_bytes.max(other.peak_bytes),
        }
    }
}

/// Seconds that this thread ran for (first field of /proc/thread-self/schedstat, nanoseconds).
///
/// # Errors
/// Without Linux's /proc.
pub fn cpu_seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("needs Linux's /proc")?;
    let first = text.split(' ').next().unwrap_or_default();
    Ok(first.parse::<f64>().with_context(|| format!("expected nanoseconds, found {text:?}"))? / 1e9)
}

/// Runs a program whose output goes to a file, or to nobody; any exit code but those of a crash will do.
///
/// # Errors
/// When it can't be started, or crashes.
pub fn run(command: &mut Command, out: Option<&Path>) -> Result<Taken> {
    let out = match out {
        Some(path) => File::create(path)?.into(),
        None => Stdio::null(),
    };
    command.stdout(out).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    unbroken(wait(&mut child, start)?)
}

/// The same, its output unread, with what `write` writes as its input.
///
/// # Errors
/// As [`run`], and when its input can't be written.
pub fn feed(
    command: &mut Command,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()> + Send,
) -> Result<Taken> {
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let Some(mut pipe) = child.stdin.take() else { bail!("no pipe to {command:?}") };
    thread::scope(|scope| {
        let writer = scope.spawn(move || write(&mut pipe));
        let taken = unbroken(wait(&mut child, start)?)?;
        match writer.join() {
            Ok(written) => written.context("cannot write to the pipe")?,
            Err(_) => bail!("the thread that writes panicked"),
        }
        Ok(taken)
    })
}

/// A file as somebody's input.
///
/// # Errors
/// When it can't be opened.
pub fn input(path: &Path) -> Result<Stdio> {
    Ok(File::open(path).with_context(|| format!("cannot open {}", path.display()))?.into())
}

/// Waits for a program that was started then; gives also how it ended.
///
/// # Errors
/// Without Linux's /proc.
pub fn wait(child: &mut Child, start: Instant) -> Result<(ExitStatus, Taken)> {
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
    Ok((child.wait()?, Taken { wall, cpu, peak_bytes }))
}

fn unbroken((status, taken): (ExitStatus, Taken)) -> Result<Taken> {
    if status.code().is_none_or(|code| code > 100) {
        bail!("a program to compare with ended with {status}");
    }
    Ok(taken)
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
