//! CPU time, which counts alike whether or not the machine is busy with other things.

use std::{
    fs,
    process::{Child, ExitStatus},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};

/// Ticks of the CPU clock per second in /proc/PID/stat (`sysconf(_SC_CLK_TCK)` of every Linux).
const TICKS: f64 = 100.0;

/// Between two looks at a program that runs.
const GLANCE: Duration = Duration::from_millis(5);

/// Seconds that this thread ran for (first field of /proc/thread-self/schedstat, nanoseconds).
pub(crate) fn seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").context("needs Linux's /proc")?;
    let first = text.split(' ').next().unwrap_or_default();
    Ok(first.parse::<f64>().with_context(|| format!("expected nanoseconds, found {text:?}"))? / 1e9)
}

/// Waits for a program; also gives the seconds that it ran for, over all its threads.
pub(crate) fn wait(child: &mut Child) -> Result<(ExitStatus, f64)> {
    // A program that has ended keeps its CPU time until somebody waits for it.
    let seconds = loop {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
        let fields = stat.rsplit(") ").next().unwrap_or_default();
        let mut fields = fields.split(' ');
        if fields.next() == Some("Z") {
            // Fields 14 and 15 of proc(5)'s stat.
            let ticks = fields.skip(10).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
            break ticks.sum::<f64>() / TICKS;
        }
        thread::sleep(GLANCE);
    };
    Ok((child.wait()?, seconds))
}
