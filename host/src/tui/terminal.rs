//! The terminal of this process. It is restored at the end, after an error, and before the message
//! of a panic. SIGTERM and SIGINT end the watch normally, so they restore it, too.

use std::{
    io::{self, IsTerminal as _, Stdout},
    os::fd::{AsFd as _, BorrowedFd},
    panic,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Result, bail};
use ratatui::{
    Frame, Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor::Show,
        event::{self, Event, KeyEventKind, KeyModifiers},
        execute,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
};

use super::{Console, Input};

/// Whether the terminal is in use. A process has only one.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal of standard input and output.
///
/// # Errors
/// When either is not a terminal.
pub fn terminal() -> Result<Box<dyn Console>> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        bail!(
            "--tui needs a terminal as standard input and output; without --tui, a watch prints alarms \
             to standard error"
        );
    }
    Ok(Box::new(Screen { stdin: io::stdin(), terminal: None }))
}

/// The terminal, set up when it is first drawn on.
struct Screen {
    stdin: io::Stdin,
    terminal: Option<Terminal<CrosstermBackend<Stdout>>>,
}

impl Console for Screen {
    fn input(&mut self) -> io::Result<Option<Input>> {
        while self.terminal.is_some() && event::poll(Duration::ZERO)? {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    let control = key.modifiers.contains(KeyModifiers::CONTROL);
                    return Ok(Some(Input::Key { code: key.code, control }));
                }
                Event::Resize(..) => return Ok(Some(Input::Resized)),
                _ => {}
            }
        }
        Ok(None)
    }

    fn draw(&mut self, paint: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()> {
        let terminal = match &mut self.terminal {
            Some(terminal) => terminal,
            none => none.insert(take()?),
        };
        terminal.draw(paint).map(drop)
    }

    fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        Some(self.stdin.as_fd())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        give_back();
        before(info);
    }));
    TAKEN.store(true, Ordering::Relaxed);
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen)?;
    Terminal::new(CrosstermBackend::new(io::stdout()))
}

fn give_back() {
    if TAKEN.swap(false, Ordering::Relaxed) {
        // If the terminal is gone, there is nothing to restore.
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
