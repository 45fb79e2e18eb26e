//! The keyboard commands.

use ratatui::crossterm::event::KeyCode;

use super::view::{Panel, View};
use crate::watch::Wanted;

/// Rows that a page key scrolls.
const PAGE: isize = 10;

/// Maximum number of letters in a filter.
const LETTERS: usize = 64;

/// Every key and its function.
pub(super) const HELP: [(&str, &str); 9] = [
    ("Tab 1-6", "next panel, or panel 1-6"),
    ("Up Down", "scroll; also PgUp PgDn Home"),
    ("s", "next sort order"),
    ("/", "show only rows with this text"),
    ("Esc", "show all rows again"),
    ("d", "take a dump now"),
    ("?", "this help"),
    ("q", "end the watch"),
    ("Ctrl-C", "end the watch"),
];

/// Handles a key, and returns the request to the watch.
pub(super) fn typed(code: KeyCode, control: bool, view: &mut View) -> Wanted {
    if control {
        return if code == KeyCode::Char('c') { Wanted::End } else { Wanted::Nothing };
    }
    if view.typing {
        filter(code, view);
        return Wanted::Nothing;
    }
    if view.help {
        view.help = false;
        return if code == KeyCode::Char('q') { Wanted::End } else { Wanted::Nothing };
    }
    match code {
        KeyCode::Char('q') => return Wanted::End,
        KeyCode::Char('d') => return Wanted::Dump,
        KeyCode::Char('?' | 'h') => view.help = true,
        KeyCode::Char('s') => view.sort_next(),
        KeyCode::Char('/') => view.typing = true,
        KeyCode::Esc => view.filter.clear(),
        KeyCode::Tab | KeyCode::Right => view.turn(1),
        KeyCode::BackTab | KeyCode::Left => view.turn(Panel::ALL.len() - 1),
        KeyCode::Char(digit @ '1'..='6') => {
            view.panel = Panel::ALL[digit as usize - '1' as usize];
        }
        other => scroll(other, view),
    }
    Wanted::Nothing
}

fn scroll(code: KeyCode, view: &mut View) {
    match code {
        KeyCode::Down | KeyCode::Char('j') => view.scroll(1),
        KeyCode::Up | KeyCode::Char('k') => view.scroll(-1),
        KeyCode::PageDown | KeyCode::Char(' ') => view.scroll(PAGE),
        KeyCode::PageUp => view.scroll(-PAGE),
        KeyCode::Home => view.scroll(isize::MIN),
        _ => {}
    }
}

fn filter(code: KeyCode, view: &mut View) {
    match code {
        KeyCode::Enter => view.typing = false,
        KeyCode::Esc => {
            view.typing = false;
            view.filter.clear();
        }
        KeyCode::Backspace => {
            view.filter.pop();
        }
        KeyCode::Char(letter) if view.filter.chars().count() < LETTERS => view.filter.push(letter),
        _ => {}
    }
    view.above = [0; Panel::ALL.len()];
}
