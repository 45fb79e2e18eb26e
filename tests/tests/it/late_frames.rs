//! `teeleak analyze` gives the same answer wherever in a text a frame begins and ends, after however many plain
//! lines.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use serde_json::Value;
use teeleak_tests::teeleak;

use crate::support::folder;

/// Lines of other programs before each dump.
const OTHERS: usize = 750;

/// Lines before the framed part of a text that is framed late, and of one that is framed in its middle.
const LATE: usize = 9_000;
const MIDDLE: usize = 4_500;

/// What one iteration prints on a board: much of other programs, a dump in which a site grows, a close.
fn iteration(lines: &mut Vec<String>, number: usize) {
    for at in number * OTHERS..(number + 1) * OTHERS {
        lines.push(other_line(at));
    }
    let mut records = |count: usize, record: &str| {
        lines.extend((0..count).map(|_| format!("I/TC: buffer: {record}")));
    };
    records(3, "4096 bytes core/kernel/thread.c:210");
    records(10 + 3 * number, "28 bytes core/mm/mobj.c:168");
    records(4, "96 bytes core/tee/tee_svc_storage.c:212");
    records(1, "48 bytes lib/libutils/isoc/bget_malloc.c:833");
    lines.push("D/TC:? 0 tee_ta_close_session:512 csess 0x9e1a4de0 id 3".into());
}

fn other_line(at: usize) -> String {
    let message = match at / 3 % 4 {
        0 => "usb 1-2: new high-speed device number 90 using xhci-hcd",
        1 => "mmc0: new ultra high speed SDR104 SDHC card at address aaaa",
        2 => "random: crng init done",
        _ => "EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode. Opts: (null)",
    };
    match at % 3 {
        0 => format!("camera-hal: frame {at} of stream {} shown", at % 4),
        _ => format!("[{:5}.{:02}0000] {message}", at / 4, at % 4 * 25),
    }
}

/// What a TA prints that runs out of memory.
const PANIC: [&str; 8] = [
    "E/TC:? 0 TA panicked with code 0xffff000c",
    "E/LD:  Status of TA acbe4b66-1ba1-4ab0-8a9f-1d2c7e4b6f10",
    "E/LD:   arch: aarch64",
    "E/LD:  region  0: va 0x40010000 pa 0x0e314000 size 0x002000 flags rw-s (ldelf)",
    "E/LD:  region  1: va 0x40012000 pa 0x0e316000 size 0x008000 flags r-xs (ldelf)",
    "E/LD:  Call stack:",
    "E/LD:   0x000000004001b2f4",
    "E/LD:   0x0000000040017f44",
];

fn story() -> Vec<String> {
    let mut lines = Vec::new();
    for number in 0..14 {
        iteration(&mut lines, number);
        if number == 12 {
            lines.extend(PANIC.map(str::to_owned));
        }
    }
    lines.extend((0..OTHERS).map(other_line));
    lines
}

/// What a frame makes of a line with that number.
type Frame = fn(usize, &str) -> String;

/// A time of day that goes on with the lines.
fn clock(at: usize) -> String {
    format!("{:02}:{:02}:{:02}", 10 + at / 3600, at / 60 % 60, at % 60)
}

fn cut(line: &str, column: usize) -> String {
    let mut lines = String::new();
    for part in line.as_bytes().chunks(column) {
        let _ = writeln!(lines, "{}", String::from_utf8_lossy(part));
    }
    lines
}

fn quoted_printable(line: &str) -> String {
    let (first, rest) = line.split_at(line.len().min(72));
    if rest.is_empty() { format!("{first}=20\n") } else { format!("{first}=\n{rest}=20\n") }
}

fn html(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Frames that are removed and counted, and what the count says.
const REMOVED: &[(&str, &str, Frame)] = &[
    ("mail quotes", "had mail quotes", |_, line| format!("> {line}\n")),
    ("quotes of a quote", "had mail quotes", |_, line| format!("> > {line}\n")),
    ("quoted-printable", "had quoted-printable escapes", |_, line| quoted_printable(line)),
    ("cut at 40", "continued the line before", |_, line| cut(line, 40)),
    ("cut at 57", "continued the line before", |_, line| cut(line, 57)),
    ("cut at 45", "continued the line before", |_, line| cut(line, 45)),
    ("three lines as one", "held several messages", |at, line| {
        line.to_owned() + if at % 3 == 2 { "\n" } else { " " }
    }),
    ("100 lines as one", "held several messages", |at, line| {
        line.to_owned() + if at % 100 == 99 { "\n" } else { " " }
    }),
    ("all lines as one", "held several messages", |_, line| format!("{line} ")),
    ("grep -n", "started with a line number", |at, line| format!("{}:{line}\n", at + 1)),
    ("grep -Hn", "started with a line number", |at, line| {
        format!("a/uart.log:{}:{line}\n", at + 1)
    }),
    ("cat -n", "started with a line number", |at, line| format!("{:>6}\t{line}\n", at + 1)),
    ("an editor", "started with a line number", |at, line| format!("{:>5} | {line}\n", at + 1)),
    ("blanks of a page", "had typographic", |_, line| line.replace(' ', "\u{a0}") + "\n"),
    ("zero width", "had typographic", |_, line| line.replace('/', "/\u{200b}") + "\n"),
    ("HTML", "had HTML", |_, line| html(line) + "<br>\n"),
    ("spans of HTML", "had HTML", |_, line| format!("<span class=\"l\">{}</span>\n", html(line))),
    ("a table", "stood in a table", |_, line| format!("| {line} |\n")),
    ("colours", "had colours", |_, line| format!("[32m{line}[0m\n")),
    ("carriage returns alone", "", |_, line| format!("{line}\r")),
    ("logcat -v process", "a tag of logcat", |_, line| format!("I(    0) {line}  (KERNEL)\n")),
];

/// Frames that readers know: stamps, which say when.
const STAMPS: &[(&str, Frame)] = &[
    ("carriage returns", |_, line| format!("{line}\r\n")),
    ("an indent", |_, line| format!("    {line}\n")),
    ("syslog", |at, line| format!("Mar 11 {} board kernel: {line}\n", clock(at))),
    ("the journal", |at, line| format!("2025-03-11T{}+0100 board kernel: {line}\n", clock(at))),
    ("the journal in full", |at, line| {
        format!("Tue 2025-03-11 {} CET board kernel: {line}\n", clock(at))
    }),
    ("logread", |at, line| format!("Tue Mar 11 {} 2025 kern.info kernel: {line}\n", clock(at))),
    ("dmesg -T", |at, line| format!("[Tue Mar 11 {} 2025] {line}\n", clock(at))),
    ("kmsg", |at, line| format!("6,{at},{},-;{line}\n", 5_000_000 + at * 1_000)),
    ("logcat -v brief", |_, line| format!("I/KERNEL  (    0): {line}\n")),
    ("logcat -v tag", |_, line| format!("I/KERNEL  : {line}\n")),
    ("logcat -v thread", |_, line| format!("I(    0:    0) {line}\n")),
    ("logcat -v long", |at, line| {
        format!("[ 03-11 {}.007     0:    0 I/KERNEL   ]\n{line}\n\n", clock(at))
    }),
    ("logcat -v time", |at, line| format!("03-11 {}.007 I/KERNEL  (    0): {line}\n", clock(at))),
    ("logcat -v threadtime", |at, line| {
        format!("03-11 {}.007     0     0 I KERNEL  : {line}\n", clock(at))
    }),
    ("logcat -v year", |at, line| {
        format!("2025-03-11 {}.007     0     0 I KERNEL  : {line}\n", clock(at))
    }),
    ("logcat -v UTC", |at, line| {
        format!("2025-03-11 {}.007 +0000     0     0 I KERNEL  : {line}\n", clock(at))
    }),
    ("logcat -v usec", |at, line| {
        format!("03-11 {}.007123     0     0 I KERNEL  : {line}\n", clock(at))
    }),
    ("logcat -v epoch", |at, line| {
        format!("{}.123     0     0 I KERNEL  : {line}\n", 1_741_684_801 + at)
    }),
    ("a terminal program", |at, line| format!("[{}.007] {line}\n", clock(at))),
    ("ts", |at, line| format!("Mar 11 {} {line}\n", clock(at))),
    ("docker", |at, line| format!("2025-03-11T{}.007123456Z {line}\n", clock(at))),
    ("ftrace", |at, line| {
        format!("     kworker/0:1-17    [000] d..1.  {}.000100: console: {line}\n", 5 + at)
    }),
    ("trace-cmd", |at, line| {
        format!("     kworker/0:1-17    [000]  {}.000100: console:     {line}\n", 5 + at)
    }),
];

/// A text with a frame around the lines from one number up to another.
fn framed(lines: &[String], frame: Frame, (from, to): (usize, usize)) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        if (from..to).contains(&at) {
            text.push_str(&frame(at, line));
        } else {
            if at == to && !text.ends_with('\n') {
                text.push('\n');
            }
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

/// What a report says, apart from where: one line each for the verdict and its findings.
fn answer(name: &str, text: &str) -> (BTreeSet<String>, String) {
    let path = folder("late-frames").join(name);
    fs::write(&path, text).unwrap();
    let answer = teeleak(&["analyze", "--json", &path.display().to_string()]);
    let report: Value = serde_json::from_str(&answer.out).unwrap();
    let finding = |finding: &Value| {
        ["kind", "subject", "figures", "verdict"].map(|field| finding[field].to_string()).concat()
    };
    let findings = report["findings"].as_array().unwrap().iter().map(finding);
    let findings = findings.chain([report["verdict"].to_string()]).collect();
    (findings, report["inferred"].to_string())
}

/// Checks that a text says the same with frames around ranges of its lines.
fn check<'f>(
    file: &str,
    frames: impl Iterator<Item = (&'f str, &'f str, Frame)>,
    ranges: &[(usize, usize)],
) {
    let lines = story();
    let (bare, _) = answer(file, &framed(&lines, REMOVED[0].2, (0, 0)));
    assert!(bare.len() == 3, "{bare:#?}");
    for (name, sentence, frame) in frames {
        for range in ranges {
            let (findings, inferred) = answer(file, &framed(&lines, frame, *range));
            assert_eq!(findings, bare, "{name} around {range:?}: {inferred}");
            assert!(inferred.contains(sentence), "{name} around {range:?}: {inferred}");
        }
    }
}

#[test]
fn what_was_put_around_lines_late_is_removed_and_counted() {
    let ranges = [(LATE, usize::MAX), (MIDDLE, LATE)];
    check("removed.log", REMOVED.iter().copied(), &ranges);
}

#[test]
fn stamps_that_begin_and_end_late_are_read() {
    check("stamps.log", STAMPS.iter().map(|(name, frame)| (*name, "", *frame)), &[(MIDDLE, LATE)]);
}
