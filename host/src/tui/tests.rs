//! Keys, sorting and filtering, without a terminal and without a TEE.

use ratatui::{Terminal, backend::TestBackend, crossterm::event::KeyCode};
use teeleak_analysis::model::{Observation, Pool, PoolKind, PoolUnit};

use super::{
    draw::draw,
    facts::ScreenFacts,
    keys::handle_key,
    table,
    view::{Panel, View},
};
use crate::tui::*;

fn pool(kind: PoolKind, used: u64, failures: u64) -> Pool {
    Pool {
        kind,
        unit: PoolUnit::Bytes,
        allocated: Some(used),
        max_allocated: Some(used),
        size: Some(1000),
        largest_free: None,
        free2_sum: None,
        num_alloc_fail: Some(failures),
        biggest_alloc_fail: None,
        biggest_alloc_fail_used: None,
        num_alloc: None,
    }
}

fn facts() -> ScreenFacts {
    let mut facts = ScreenFacts::new(10);
    let named = PoolKind::Named("evil\u{1b}[2J\nname\u{202e}".into());
    let pools = [pool(PoolKind::CoreHeap, 950, 0), pool(PoolKind::TaRam, 10, 3), pool(named, 5, 0)];
    facts.record_poll(Duration::from_secs(60), &pools, &Observation::default());
    facts.add_alarm(Duration::from_secs(70), "teeleak: alarm: core heap is low\u{1b}[0m");
    facts
}

fn names(facts: &ScreenFacts, view: &View) -> Vec<String> {
    table::panel_table(Panel::Pools, facts, view)
        .rows
        .iter()
        .map(|row| row.cells[0].clone())
        .collect()
}

fn press(keys: &[KeyCode], view: &mut View) -> ViewerRequest {
    keys.iter().map(|key| handle_key(*key, false, view)).last().unwrap_or(ViewerRequest::Nothing)
}

fn letters(text: &str) -> Vec<KeyCode> {
    text.chars().map(KeyCode::Char).collect()
}

#[test]
fn rows_are_sorted_by_what_is_asked_for() {
    let (facts, mut view) = (facts(), View::new(true));
    assert_eq!(names(&facts, &view)[0], "core heap");
    press(&letters("1s"), &mut view);
    assert_eq!(names(&facts, &view)[0], "TA memory");
    press(&letters("ss"), &mut view);
    assert_eq!(view.sort(Panel::Pools), 0, "it goes round");
}

#[test]
fn a_filter_takes_letters_for_letters() {
    let (facts, mut view) = (facts(), View::new(true));
    assert_eq!(press(&letters("/ta mq"), &mut view), ViewerRequest::Nothing);
    assert_eq!((&*view.filter, names(&facts, &view).len()), ("ta mq", 0));
    press(&[KeyCode::Backspace, KeyCode::Enter], &mut view);
    assert_eq!(names(&facts, &view), ["TA memory"]);
    assert_eq!(press(&letters("q"), &mut view), ViewerRequest::End);
    press(&[KeyCode::Esc], &mut view);
    assert_eq!(names(&facts, &view).len(), 3);
}

#[test]
fn keys_ask_for_what_they_are_for() {
    let mut view = View::new(true);
    assert_eq!(press(&letters("d"), &mut view), ViewerRequest::Dump);
    assert_eq!(handle_key(KeyCode::Char('c'), true, &mut view), ViewerRequest::End);
    press(&letters("?"), &mut view);
    assert!(view.help);
    assert_eq!(press(&letters("d"), &mut view), ViewerRequest::Nothing, "it closes the help");
    press(&[KeyCode::BackTab, KeyCode::BackTab], &mut view);
    assert_eq!(view.panel, Panel::Alarms);
}

#[test]
fn names_are_inert() {
    let (facts, view) = (facts(), View::new(true));
    let all = names(&facts, &view).concat() + &facts.lines[0].text;
    assert!(!all.contains(['\u{1b}', '\n', '\u{202e}']) && all.contains("\\u{1b}[2J"), "{all}");
}

#[test]
fn any_size_is_drawn() {
    let facts = facts();
    for (width, height) in [(1, 1), (3, 2), (10, 4), (40, 12), (60, 20), (120, 36), (500, 200)] {
        for unicode in [true, false] {
            let mut view = View::new(unicode);
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            for keys in ["1", "2", "3", "4", "5", "6", "?", "/x"] {
                press(&letters(keys), &mut view);
                view.scroll(1000);
                terminal.draw(|frame| draw(frame, &facts, &mut view)).unwrap();
            }
        }
    }
}

/// A terminal that nobody sees or types at.
struct Unseen;

impl TuiConsole for Unseen {
    fn input(&mut self) -> io::Result<Option<ConsoleInput>> {
        Ok(None)
    }

    fn draw(&mut self, _: &mut dyn FnMut(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        Ok(())
    }

    fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

#[test]
fn alarms_are_counted_by_what_they_are_not_by_what_a_line_says() {
    let mut lines = MessageLog::default();
    let mut tui = Tui::new(Box::new(Unseen), lines.clone(), Path::new("/var/watch"), (true, 10));
    writeln!(lines, "teeleak: alarm: said by a command").unwrap();
    writeln!(lines, "teeleak: core heap runs out (see /var/watch/dump-1)").unwrap();
    tui.on_alarm(Duration::ZERO, &Alarm::Leak("core heap runs out".into()));
    writeln!(lines, "teeleak: going on").unwrap();
    tui.look(Duration::ZERO).unwrap();
    let shown: Vec<_> = { tui.facts.lines.iter() }.map(|line| (&*line.text, line.alarm)).collect();
    let wanted = [
        ("alarm: said by a command", false),
        ("core heap runs out (see dump-1)", true),
        ("going on", false),
    ];
    assert_eq!((tui.facts.alarms, &shown[..]), (1, &wanted[..]));
}

#[test]
fn what_was_said_is_bounded_and_said_again() {
    let mut said = MessageLog::default();
    for n in 0..SAID + 5 {
        writeln!(said, "line {n}").unwrap();
    }
    assert_eq!(said.fresh().len(), SAID);
    assert!(said.fresh().is_empty());
    let mut out = Vec::new();
    said.repeat(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.starts_with("teeleak: 5 older lines were dropped\nline 5\n"), "{out}");
}
