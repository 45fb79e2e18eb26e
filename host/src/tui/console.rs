//! What a screen is drawn on, and who types.

use std::{io, os::fd::BorrowedFd};

use ratatui::{Frame, crossterm::event::KeyCode};

/// What somebody did at the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// Typed.
    Key {
        /// Which key.
        code: KeyCode,
        /// Whether the control key was held.
        control: bool,
    },
    /// Made it another size.
    Resized,
}

impl Input {
    /// A letter.
    #[must_use]
    pub const fn letter(letter: char) -> Self {
        Self::key(KeyCode::Char(letter))
    }

    /// A key by itself.
    #[must_use]
    pub const fn key(code: KeyCode) -> Self {
        Self::Key { code, control: false }
    }
}

/// A terminal.
pub trait Console {
    /// What somebody did, if anything; never waits.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn input(&mut self) -> io::Result<Option<Input>>;

    /// Draws a screen.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn draw(&mut self, paint: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()>;

    /// What can be read when somebody typed.
    fn waits_for(&self) -> Option<BorrowedFd<'_>>;
}
