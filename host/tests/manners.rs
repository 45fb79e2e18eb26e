//! The program itself, where what it writes to is gone, full, closed or narrow: no panic, and the right
//! exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{
    fs::{self, File},
    io::{self, Read as _},
    os::{fd::OwnedFd, unix::process::ExitStatusExt as _},
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

/// Exit codes of the README.
const CLEAN: i32 = 0;
const LEAK: i32 = 1;
const USAGE: i32 = 2;

fn fixture(name: &str) -> String {
    format!("{}/../tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn capture() -> String {
    fixture("capture/4.10.0.leak-session.tlk")
}

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

fn teeleak(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_teeleak"));
    command.args(words).stdin(Stdio::null());
    for variable in
        ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "COLUMNS", "GITHUB_STEP_SUMMARY"]
    {
        command.env_remove(variable);
    }
    command.env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
    command
}

fn run(mut command: Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(stdout), text(stderr));
    assert!(!err.contains("panicked"), "{err}");
    (status.code().expect("it ends by itself"), out, err)
}

/// A pipe that nobody reads.
fn broken() -> OwnedFd {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Everything that prints, with the exit code that it has when all is well.
fn all_that_print() -> Vec<(Vec<String>, i32)> {
    let (capture, log) = (capture(), fixture("log/3.11.vendor-oom-with-call-stack.log"));
    let lines: [(&[&str], i32); 9] = [
        (&["report", &capture], LEAK),
        (&["report", "-v", &capture], LEAK),
        (&["report", "--json", &capture], LEAK),
        (&["report", "--color", "always", &capture], LEAK),
        (&["diff", &capture, &capture], CLEAN),
        (&["diff", "--good", &capture, &capture], CLEAN),
        (&["--help"], CLEAN),
        (&["completions", "bash"], CLEAN),
        (&["analyze", "--tee", "/dev/null/none", &log], USAGE),
    ];
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    lines.into_iter().map(|(words, exit)| (owned(words), exit)).collect()
}

fn words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    for (line, exit) in all_that_print() {
        let mut command = teeleak(&words(&line));
        command.stdout(broken());
        let (code, _, err) = run(command);
        assert_eq!(code, exit, "{line:?}: {err}");
        let mut command = teeleak(&words(&line));
        command.stdout(broken()).stderr(broken());
        assert_eq!(command.status().unwrap().code(), Some(exit), "{line:?}, nobody hears it");
    }
}

#[test]
fn a_full_disk_is_reported() {
    for (line, exit) in all_that_print().into_iter().filter(|(_, exit)| *exit != USAGE) {
        let full = || File::options().write(true).open("/dev/full").unwrap();
        let mut command = teeleak(&words(&line));
        command.stdout(full());
        let (code, _, err) = run(command);
        assert_eq!(code, USAGE, "{line:?}, else {exit}");
        assert!(err.contains("No space left on device"), "{line:?}: {err}");
        let mut command = teeleak(&words(&line));
        command.stdout(full()).stderr(full());
        assert_eq!(command.status().unwrap().code(), Some(USAGE), "{line:?}, nobody hears it");
    }
}

#[test]
fn a_closed_stream_is_no_panic() {
    for (line, exit) in all_that_print() {
        for closed in [">&-", "2>&-", "<&- >&- 2>&-"] {
            let script = format!("exec \"$0\" \"$@\" {closed}");
            let mut command = Command::new("sh");
            command.args(["-c", &script, env!("CARGO_BIN_EXE_teeleak")]).args(&line);
            let (code, _, err) = run(command);
            assert_eq!(code, exit, "{line:?} {closed}: {err}");
        }
    }
}

/// Files that reports are written to.
const FILES: [&str; 4] = ["--html", "--junit", "--sarif", "--markdown"];

#[test]
fn files_that_cannot_be_written_are_reported() {
    let file = scratch("a-file");
    fs::write(&file, "").unwrap();
    // Whoever is root may write into folders that nobody may write into, but not into a file.
    let below = file.join("report").display().to_string();
    let folder = scratch("").display().to_string();
    for (target, why) in [
        (&*below, "Not a directory"),
        ("/dev/full", "No space left on device"),
        (&*folder, "Is a directory"),
    ] {
        for option in FILES {
            let (code, out, err) = run(teeleak(&["report", option, target, &capture()]));
            assert_eq!(code, USAGE, "{option} {target}: {err}");
            assert!(err.contains(&format!("cannot write {target}")), "{option}: {err}");
            assert!(err.contains(why), "{option}: {err}");
            assert!(out.starts_with("leak: "), "the report itself is printed: {out}");
        }
    }
    let rejected = run(teeleak(&["analyze", "--rejected", &below, &fixture("log")]));
    assert_eq!(rejected.0, USAGE, "{}", rejected.2);
    let pages = run(teeleak(&["man", &below]));
    assert_eq!(pages.0, USAGE, "{}", pages.2);
    assert!(pages.2.contains("cannot write manual pages into"), "{}", pages.2);
}

#[test]
fn the_lines_that_were_rejected_need_room() {
    let log = fixture("log/3.11.vendor-oom-with-call-stack.log");
    let damaged = scratch("damaged.log");
    let text = fs::read_to_string(log).unwrap().replace("size ", "size x");
    fs::write(&damaged, text).unwrap();
    let answer = run(teeleak(&["analyze", "--rejected", "/dev/full", damaged.to_str().unwrap()]));
    assert!(answer.0 == USAGE || answer.1.contains(", 0 damaged"), "{}{}", answer.1, answer.2);
}

/// What is printed on a terminal of so many columns.
fn on_terminal(mut command: Command, columns: u16) -> (i32, String) {
    let main = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&main).unwrap();
    unlockpt(&main).unwrap();
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&main, size).unwrap();
    let name = ptsname(&main, Vec::new()).unwrap().into_string().unwrap();
    let side = File::options().read(true).write(true).open(name).unwrap();
    let mut child = command.stdout(side).spawn().unwrap();
    // It holds the other end until it ends.
    drop(command);
    let mut text = Vec::new();
    // The end of a terminal is an error.
    let _ = File::from(main).read_to_end(&mut text);
    (child.wait().unwrap().code().unwrap(), String::from_utf8(text).unwrap().replace('\r', ""))
}

/// Text without colours.
fn plain(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('m').map_or("", |cut| cut.1))
}

#[test]
fn a_terminal_of_40_columns_is_enough() {
    for columns in [40, 80, 132] {
        for command in ["report", "diff"] {
            let capture = capture();
            let mut line = vec![command, &capture];
            line.extend((command == "diff").then_some(&*capture));
            let (_, text) = on_terminal(teeleak(&line), columns);
            assert!(text.contains('\u{1b}'), "a terminal has colours: {text}");
            let text = plain(&text);
            let long = text.lines().find(|line| line.chars().count() > columns.into());
            assert_eq!(long, None, "{command} on {columns} columns:\n{text}");
        }
    }
}

#[test]
fn colours_are_left_out_where_nobody_wants_them() {
    for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        for is_ci in [false, true] {
            let mut command = teeleak(&["report", &capture()]);
            command.env(variable, value).envs(is_ci.then_some(("CI", "true")));
            let (_, text) = on_terminal(command, 80);
            assert!(!text.contains('\u{1b}'), "{variable}={value}, CI: {is_ci}");
        }
    }
    let mut command = teeleak(&["report", "--color=always", &capture()]);
    command.env("NO_COLOR", "1");
    assert!(run(command).1.contains("\u{1b}[1m"), "who asks for it gets it");
    assert!(!run(teeleak(&["report", &capture()])).1.contains('\u{1b}'), "a pipe has none");
}

#[test]
fn columns_are_those_that_are_asked_for() {
    let mut command = teeleak(&["report", &capture()]);
    command.env("COLUMNS", "50").env("LC_ALL", "C");
    let (code, text, _) = run(command);
    assert_eq!(code, LEAK);
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 50), "{text}");
}

#[test]
fn a_screen_needs_a_terminal() {
    let folder = scratch("no-watch");
    let (code, out, err) = run(teeleak(&["watch", "--tui", "--dir", folder.to_str().unwrap()]));
    assert_eq!((code, &*out), (USAGE, ""));
    assert!(err.contains("--tui needs a terminal"), "{err}");
    assert!(!folder.exists(), "nothing was begun");
}

#[test]
fn a_command_that_only_reads_ends_at_the_first_signal() {
    let fifo = scratch("signals.fifo");
    for signal in [Signal::TERM, Signal::INT] {
        let _ = fs::remove_file(&fifo);
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
        let mut program = teeleak(&["analyze", fifo.to_str().unwrap()]).spawn().unwrap();
        // It returns once the program reads.
        let writer = File::options().write(true).open(&fifo).unwrap();
        kill_process(Pid::from_child(&program), signal).unwrap();
        assert_eq!(program.wait().unwrap().signal(), Some(signal.as_raw()));
        drop(writer);
    }
}
