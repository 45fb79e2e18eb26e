//! Reports as they are read: at any width, with and without colours, whatever names are in them.

use std::fs;

use teeleak::{Exit, Screen};
use teeleak_proto::{Uuid, pta};
use teeleak_tests::{Answer, Event, Session, Site, Tee, World, golden};

use crate::support::folder;

const PROTOCOL: &str = "leaky-ta/player/drm-player.toml";

/// As a file has it.
const FILE: Screen = Screen { columns: None, unicode: true, color: false, err_color: false };

/// Paths are as short as they are written here, wherever the tests are: lines end by their length.
fn run_on(screen: Screen, words: &[&str]) -> Answer {
    World { screen, ..World::without_tee() }.run(words)
}

/// A report of a wrong order between two processes, with all that grows because of it.
fn wrong_order(screen: Screen, more: &[&str]) -> String {
    let capture = "fixtures/capture/4.10.0.close-before-unmap-2.tlk";
    let answer = run_on(screen, &[&["report", "--protocol", PROTOCOL, capture], more].concat());
    assert_eq!(answer.exit, Exit::Order, "{}", answer.err);
    answer.out
}

/// The report of what strace recorded of two processes.
fn two_processes(screen: Screen) -> String {
    let strace = "fixtures/strace/7.2.two-processes-close-before-unmap.strace";
    run_on(screen, &["analyze", "--protocol", PROTOCOL, strace]).out
}

/// Columns of the longest line; the letters of these reports are one wide.
fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn each_width_has_room() {
    for columns in [20, 40, 80, 120] {
        let screen = Screen { columns: Some(columns), ..FILE };
        for (name, text) in
            [("order", wrong_order(screen, &[])), ("processes", two_processes(screen))]
        {
            assert!(widest(&text) <= columns, "{name} at {columns}:\n{text}");
            if columns != 20 {
                golden(&format!("text.{name}.{columns}.txt"), &text);
            }
        }
    }
}

#[test]
fn nothing_is_cut_from_a_file() {
    let text = two_processes(FILE);
    assert!(text.contains("open_channel > map > unmap > close_channel"), "{text}");
    assert!(widest(&text) > 120, "lines can be searched as a whole");
}

#[test]
fn all_of_it_is_shown_when_asked_for() {
    let all = wrong_order(FILE, &["-v"]);
    golden("text.order.verbose.txt", &all);
    assert!(!all.contains("-v shows"));
    let short = wrong_order(FILE, &[]);
    assert!(short.contains("\n-v shows the evidence"), "{short}");
    let missing = short.lines().filter(|line| !all.contains(line) && !line.starts_with("-v"));
    let missing: Vec<_> = missing.filter(|line| !line.contains(" more)")).collect();
    // Notes have their values as a picture in the one and as numbers in the other, what grows together
    // has its figures, and effects are shown in full: their titles are there.
    let is_effect = |line: &str| match line.trim_start().strip_prefix("effect") {
        Some(title) => all.contains(title.trim_start()),
        None => line.starts_with("               "),
    };
    let is_shown_better =
        |line: &&&str| line.contains('▁') || line.contains("grows with") || is_effect(line);
    let pictures = missing.iter().filter(is_shown_better).count();
    assert_eq!(missing.len(), pictures, "{missing:#?}");
}

#[test]
fn colours_are_taken_when_asked_for() {
    let always = wrong_order(FILE, &["--color", "always"]);
    golden("text.order.color.txt", &always);
    assert!(always.contains("\u{1b}[1m"), "{always}");
    let colored = Screen { color: true, err_color: true, ..FILE };
    assert_eq!(wrong_order(colored, &[]), always);
    let never = wrong_order(colored, &["--color=never"]);
    assert_eq!(never, wrong_order(FILE, &[]));
    assert!(!never.contains('\u{1b}'));
    let wrong = run_on(colored, &["report", "--nonsense", "--color", "never"]);
    assert_eq!((wrong.exit, wrong.err.contains('\u{1b}')), (Exit::Usage, false), "{}", wrong.err);
}

#[test]
fn a_screen_without_unicode_gets_ascii() {
    let text = wrong_order(Screen { unicode: false, columns: Some(80), ..FILE }, &[]);
    assert!(text.is_ascii());
    golden("text.order.ascii.txt", &text);
}

/// A name that would clear the screen, hide what follows, turn it around and add a line.
const EVIL: &str = "a\u{1b}[2J\u{1b}[8m\u{9b}1m\u{202e}\rclean: forged\nclean: forged\u{7}";

fn evil_tee() -> Tee {
    let workload = |tee: &mut Tee, epoch: u32| {
        let site = Site { file: EVIL, line: 7, size: 64, owner: 1, epoch, count: 1 };
        // Not while nothing runs.
        tee.sites.extend((epoch > 4).then_some(site));
        let event = Event { session: epoch, instance: 1, ..Event::default() };
        tee.events.push(Event { kind: pta::EVENT_OPEN, ..event });
        tee.events.push(Event { kind: pta::EVENT_CLOSE, ..event });
    };
    let uuid = Uuid::parse("b3a5a6a6-3e5e-4f0b-9d27-6a1c8e4b7f10").unwrap();
    let sessions = vec![Session { id: 1, instance: 1 }];
    Tee { tas: vec![uuid], sessions, workload: Box::new(workload), ..Tee::default() }
}

/// No escape sequence is left but those of the report's own colours.
fn check_inert(answer: &Answer, what: &str) {
    let text = &answer.out;
    let rest = ["1", "2", "33", "0", "31", "32"]
        .iter()
        .fold(text.clone(), |text, sgr| text.replace(&format!("\u{1b}[{sgr}m"), ""));
    let obeyed = |letter: char| letter.is_control() && letter != '\n';
    assert!(!rest.contains(obeyed) && !rest.contains('\u{202e}'), "{what}: {text:?}");
    assert!(!text.lines().any(|line| line.starts_with("clean: forged")), "{what}: {text}");
    assert!(text.contains("\\u{1b}[2J"), "{what} is not escaped: {text}");
}

#[test]
fn names_of_a_capture_are_inert() {
    let file = folder("text").join("evil.tlk");
    let file = file.to_str().unwrap();
    let run = ["run", "-n", "8", "-o", file, "--color", "always", "--", "true", EVIL];
    let live = World::with(evil_tee()).run(&run);
    assert_eq!(live.exit, Exit::Leak, "{}{}", live.out, live.err);
    check_inert(&live, "run");
    check_inert(&run_on(FILE, &["report", "--color", "always", file]), "report");
    check_inert(&run_on(FILE, &["report", "-v", "--color", "always", file]), "report -v");
    let mut tee = evil_tee();
    tee.sites.push(Site { file: EVIL, line: 7, size: 64, owner: 1, epoch: 0, count: 1 });
    check_inert(&World::with(tee).run(&["snapshot", "--color", "always"]), "snapshot");
}

#[test]
fn names_of_a_log_are_inert() {
    let log = folder("text").join("evil.log");
    let capture = fs::read_to_string("fixtures/log/3.11.vendor-oom-with-call-stack.log");
    let text =
        capture.unwrap().replace("Memory allocation failed", "\u{1b}[2JMemory allocation failed");
    fs::write(&log, text).unwrap();
    for more in ["--color=always", "-v"] {
        let answer = run_on(FILE, &["analyze", more, "--warmup", "0", log.to_str().unwrap()]);
        assert!(!answer.out.contains("\u{1b}[2J"), "{:?}", answer.out);
    }
}
