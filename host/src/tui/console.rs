//! The terminal that a screen is drawn on, and its keyboard.

use std::{io, os::fd::BorrowedFd};

use ratatui::{Frame, crossterm::event::KeyCode};

/// Input from the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// A key was pressed.
    Key {
        /// Which key.
        code: KeyCode,
        /// Whether the control key was held.
        control: bool,
    },
    /// The terminal was resized.
    Resized,
}

impl Input {
    /// A letter key.
    #[must_use]
    pub const fn letter(letter: char) -> Self {
        Self::key(KeyCode::Char(letter))
    }

    /// A key without the control key.
    #[must_use]
    pub const fn key(code: KeyCode) -> Self {
        Self::Key { code, control: false }
    }
}

/// A terminal.
pub trait Console {
    /// The next input, if any; never waits.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn input(&mut self) -> io::Result<Option<Input>>;

    /// Draws a screen.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn draw(&mut self, paint: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()>;

    /// The descriptor that becomes readable on input.
    fn waits_for(&self) -> Option<BorrowedFd<'_>>;
}
