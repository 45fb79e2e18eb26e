//! How far reading has come, for somebody who watches.

use std::{
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Between two looks at whether all is done.
const GLANCE: Duration = Duration::from_millis(2);

/// Between two lines for the person who watches.
const TELL: Duration = Duration::from_millis(200);

const MEGABYTE: f64 = 1e6;

/// Where progress is shown.
pub(crate) struct Progress<'p> {
    /// Where to.
    pub(crate) out: &'p mut dyn Write,
    /// Whether that is a terminal.
    pub(crate) terminal: bool,
}

impl Progress<'_> {
    /// Shows how `bytes` grows towards `total` (as packed on disk; 0 if unknown) until `done`.
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
            if last_update.elapsed() >= TELL {
                last_update = Instant::now();
                let read = bytes.load(Ordering::Relaxed) as f64 / MEGABYTE;
                let speed = read / start.elapsed().as_secs_f64();
                let total_text = if total > 0 {
                    format!(" of {:.0} MB on disk", total as f64 / MEGABYTE)
                } else {
                    String::new()
                };
                // A terminal that goes away is no reason to stop.
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
