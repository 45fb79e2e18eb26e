//! The keyboard commands.

use ratatui::crossterm::event::KeyCode;

use super::view::{Panel, View};
use crate::watch::ViewerRequest;

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
pub(super) fn handle_key(code: KeyCode, control: bool, view: &mut View) -> ViewerRequest {
    if control {
        return if code == KeyCode::Char('c') {
            ViewerRequest::End
        } else {
            ViewerRequest::Nothing
        };
    }
    if view.typing {
        filter(code, view);
        return ViewerRequest::Nothing;
    }
    if view.help {
        view.help = false;
        return if code == KeyCode::Char('q') {
            ViewerRequest::End
        } else {
            ViewerRequest::Nothing
        };
    }
    match code {
        KeyCode::Char('q') => return ViewerRequest::End,
        KeyCode::Char('d') => return ViewerRequest::Dump,
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
    ViewerRequest::Nothing
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
