//! Progress of long steps, on standard error.
//!
//! On a terminal there is one line with every step under way and its seconds;
//! elsewhere a plain line when a step starts, every half minute and when it
//! ends.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a plain log repeats that a step is still going on.
const REMINDER: Duration = Duration::from_secs(30);
/// How often the terminal's line is redrawn.
const REDRAW: Duration = Duration::from_millis(200);

/// A step that is under way; it ends when this is dropped.
#[derive(Debug)]
pub struct Step {
    id: u64,
    name: String,
    started: Instant,
    done: bool,
}

struct Active {
    name: String,
    started: Instant,
    reminded: Instant,
}

#[derive(Default)]
struct Board {
    next: u64,
    active: BTreeMap<u64, Active>,
    ticking: bool,
}

fn board() -> MutexGuard<'static, Board> {
    static BOARD: OnceLock<Mutex<Board>> = OnceLock::new();
    BOARD.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints a line above the line of the steps under way.
pub fn say(line: &str) {
    let board = board();
    print(line, &board);
}

/// Starts a step called `name`.
#[must_use]
pub fn step(name: &str) -> Step {
    let mut board = board();
    let id = board.next;
    board.next += 1;
    let now = Instant::now();
    if !std::io::stderr().is_terminal() {
        print(&format!("{name} ..."), &board);
    }
    let active = Active { name: name.to_owned(), started: now, reminded: now };
    board.active.insert(id, active);
    if !board.ticking {
        board.ticking = true;
        thread::spawn(tick);
    }
    Step { id, name: name.to_owned(), started: now, done: false }
}

impl Step {
    /// Ends the step well; `result` is what came of it, such as a size.
    pub fn done(mut self, result: &str) {
        self.done = true;
        let seconds = self.started.elapsed().as_secs_f32();
        let separator = if result.is_empty() { "" } else { ", " };
        let mut board = board();
        board.active.remove(&self.id);
        print(&format!("{}: {seconds:.1} s{separator}{result}", self.name), &board);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut board = board();
        board.active.remove(&self.id);
        let seconds = self.started.elapsed().as_secs_f32();
        print(&format!("{}: gave up after {seconds:.1} s", self.name), &board);
    }
}

fn tick() {
    loop {
        thread::sleep(REDRAW);
        let mut board = board();
        if board.active.is_empty() {
            board.ticking = false;
            return;
        }
        if std::io::stderr().is_terminal() {
            draw(&board);
        } else {
            remind(&mut board);
        }
    }
}

fn remind(board: &mut Board) {
    let now = Instant::now();
    let mut lines = Vec::new();
    for active in board.active.values_mut() {
        if now - active.reminded >= REMINDER {
            active.reminded = now;
            let seconds = (now - active.started).as_secs();
            lines.push(format!("{}: {seconds} s so far", active.name));
        }
    }
    for line in lines {
        print(&line, board);
    }
}

fn status(board: &Board) -> String {
    let names: Vec<String> = board
        .active
        .values()
        .map(|active| format!("{} {} s", active.name, active.started.elapsed().as_secs()))
        .collect();
    names.join(" | ")
}

fn draw(board: &Board) {
    const FRAMES: [char; 4] = ['|', '/', '-', '\\'];
    let oldest = board.active.values().map(|a| a.started.elapsed()).max();
    let frame = oldest.unwrap_or_default().as_millis() / REDRAW.as_millis() % 4;
    let frame = FRAMES[usize::try_from(frame).unwrap_or(0)];
    let line: String = status(board).chars().take(76).collect();
    let mut out = std::io::stderr().lock();
    // A closed standard error is no reason to stop building.
    let _ = write!(out, "\r\x1b[K{frame} {line}").and_then(|()| out.flush());
}

fn print(line: &str, board: &Board) {
    let terminal = std::io::stderr().is_terminal();
    let clear = if terminal { "\r\x1b[K" } else { "" };
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "{clear}lab: {line}");
    drop(out);
    if terminal && !board.active.is_empty() {
        draw(board);
    }
}
