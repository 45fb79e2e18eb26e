//! Shows the progress of reading on a terminal.

use std::{
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Pause between two checks for the end.
const GLANCE: Duration = Duration::from_millis(2);

/// Pause between two progress lines.
const UPDATE_INTERVAL: Duration = Duration::from_millis(200);

const MEGABYTE: f64 = 1e6;

/// Where to show progress.
pub(crate) struct ReadProgress<'p> {
    /// The output.
    pub(crate) out: &'p mut dyn Write,
    /// Whether it is a terminal.
    pub(crate) terminal: bool,
}

impl ReadProgress<'_> {
    /// Shows `bytes` and `total` (compressed size on disk; 0 if unknown) until `done`.
    pub(super) fn watch(self, bytes: &AtomicU64, total: u64, done: impl Fn() -> bool) {
        if !self.terminal {
            return;
        }
        let terminal = self.out;
        let start = Instant::now();
        let mut last_update = start;
        let mut is_visible = false;
        while !done() {
            thread::sleep(GLANCE);
            if last_update.elapsed() >= UPDATE_INTERVAL {
                last_update = Instant::now();
                let read = bytes.load(Ordering::Relaxed) as f64 / MEGABYTE;
                let speed = read / start.elapsed().as_secs_f64();
                let total_text = if total > 0 {
                    format!(" of {:.0} MB on disk", total as f64 / MEGABYTE)
                } else {
                    String::new()
                };
                // A terminal that disappears must not stop the analysis.
                is_visible |=
                    write!(terminal, "\r{read:.0} MB{total_text}, {speed:.0} MB/s\x1b[K").is_ok();
                let _ = terminal.flush();
            }
        }
        if is_visible {
            let _ = write!(terminal, "\r\x1b[K");
            let _ = terminal.flush();
        }
    }
}
