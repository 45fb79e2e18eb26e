//! `teeleak watch --tui`: a live screen of the watch.
//!
//! ```text
//! polls, snapshots ─> facts ─┐
//! keys ─────────────> view ──┴─> tables ──> draw ──> Console
//! ```
//!
//! Invariants:
//! - It shows data that the watch requests anyway: it never queries the TEE itself.
//! - Facts, view and tables know neither the terminal nor the TEE, and are bounded as the watch is.
//! - The terminal is restored however the watch ends: see [`terminal()`].

mod console;
mod draw;
mod facts;
mod history;
mod keys;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod view;

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, Write},
    os::fd::BorrowedFd,
    path::Path,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context as _, Result};
pub use console::{ConsoleInput, TuiConsole};
use facts::ScreenFacts;
pub use ratatui;
use teeleak_analysis::{
    alarm::Alarm,
    model::{Observation, Pool},
    text,
};
pub use terminal::terminal;
use view::View;

use crate::watch::{Viewer, ViewerRequest};

/// Maximum number of messages in memory.
const SAID: usize = 500;

/// Messages of the watch, which would otherwise go to standard error.
#[derive(Clone, Default)]
pub(crate) struct MessageLog(Rc<RefCell<MessageLines>>);

#[derive(Default)]
struct MessageLines {
    whole: VecDeque<String>,
    /// Number of old lines that were dropped.
    forgotten: u64,
    /// Number of lines that were not shown yet.
    fresh: usize,
    begun: Vec<u8>,
}

impl MessageLog {
    /// Lines since the last call.
    fn fresh(&self) -> Vec<String> {
        let mut lines = self.0.borrow_mut();
        let n = std::mem::take(&mut lines.fresh).min(lines.whole.len());
        lines.whole.iter().skip(lines.whole.len() - n).cloned().collect()
    }

    /// Prints all lines again, after the screen is closed.
    pub(crate) fn repeat(&self, out: &mut dyn Write) -> io::Result<()> {
        let lines = self.0.borrow();
        if lines.forgotten > 0 {
            writeln!(out, "teeleak: {} older lines were dropped", text::number(lines.forgotten))?;
        }
        lines.whole.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

impl Write for MessageLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let lines = &mut *self.0.borrow_mut();
        for byte in bytes {
            if *byte != b'\n' {
                lines.begun.push(*byte);
                continue;
            }
            lines.whole.push_back(String::from_utf8_lossy(&lines.begun).into_owned());
            lines.begun.clear();
            lines.fresh += 1;
            if lines.whole.len() > SAID {
                lines.whole.pop_front();
                lines.forgotten += 1;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The screen of a watch.
pub(crate) struct Tui {
    console: Box<dyn TuiConsole>,
    said: MessageLog,
    /// The folder of the watch, which messages omit.
    folder: String,
    facts: ScreenFacts,
    view: View,
}

impl Tui {
    /// Shows a watch on `console`; its messages go to `said` instead of standard error.
    pub(crate) fn new(
        console: Box<dyn TuiConsole>,
        said: MessageLog,
        folder: &Path,
        (unicode, low_water): (bool, u8),
    ) -> Self {
        let folder = format!("{}/", folder.display());
        Self { console, said, folder, facts: ScreenFacts::new(low_water), view: View::new(unicode) }
    }

    /// Lines that came since the last time, as they are shown.
    fn fresh_lines(&self) -> Vec<String> {
        let lines = self.said.fresh().into_iter();
        lines.map(|line| line.replace(&self.folder, "")).collect()
    }
}

impl Viewer for Tui {
    fn on_poll(&mut self, now: Duration, pools: &[Pool], kept: &Observation) {
        self.facts.record_poll(now, pools, kept);
    }

    fn on_census(&mut self, now: Duration, kept: &Observation) {
        self.facts.record_snapshot(now, kept);
    }

    fn on_alarm(&mut self, now: Duration, alarm: &Alarm) {
        let mut lines = self.fresh_lines();
        // The newest line is the alarm's: it was written right before.
        let newest = lines.pop().unwrap_or_else(|| alarm.to_string());
        for line in lines {
            self.facts.add_line(now, &line);
        }
        self.facts.add_alarm(now, &newest);
    }

    fn look(&mut self, now: Duration) -> Result<ViewerRequest> {
        self.facts.set_time(now);
        for line in self.fresh_lines() {
            self.facts.add_line(now, &line);
        }
        let mut request = ViewerRequest::Nothing;
        while let Some(input) = self.console.input().context("cannot read keyboard input")? {
            if let ConsoleInput::Key { code, control } = input {
                request = keys::handle_key(code, control, &mut self.view);
            }
            if request != ViewerRequest::Nothing {
                break;
            }
        }
        let (facts, view) = (&self.facts, &mut self.view);
        self.console
            .draw(&mut |frame| draw::draw(frame, facts, view))
            .context("cannot draw on the terminal")?;
        Ok(request)
    }

    fn input(&self) -> Option<BorrowedFd<'_>> {
        self.console.waits_for()
    }
}
