//! A log says the same whatever mail, a form, an editor or a recorder did to it.

#![allow(clippy::unwrap_used, reason = "a test ends with its first error")]

use std::{fmt::Write as _, fs, path::Path};

use proptest::prelude::*;
use teeleak_analysis::{
    model::{Accounting, Observation},
    parse::{
        console::{Assembler, ChunkFacts, IterationSplit, Rules, scan, scan_unframed},
        framing::{BEGIN, Framing, TextUnframer},
    },
};

/// Reads a text as `teeleak analyze` does, in pieces of `size` bytes.
fn read(text: &[u8], size: usize) -> Observation {
    let begin = &text[..text.len().min(BEGIN)];
    let mut assembler = Assembler::new("log", IterationSplit::default());
    let mut facts = ChunkFacts::new(false);
    let framing = Framing::detect(begin).or_else(|| Framing::begin_in(text));
    let Some(framing) = framing else {
        scan(text, &Rules::default(), &mut facts);
        assembler.push(&mut facts);
        return assembler.finish();
    };
    let (mut chunk, mut source_lines) = (Vec::new(), Vec::new());
    let mut take = |line: &[u8], lines: u32| {
        chunk.extend_from_slice(line);
        chunk.push(b'\n');
        source_lines.push(lines);
    };
    let mut unframer = TextUnframer::new(framing);
    for piece in text.chunks(size) {
        unframer.push(piece, &mut take);
    }
    unframer.end(&mut take);
    if !unframer.is_ended() {
        chunk.pop();
    }
    let counts = unframer.counts();
    scan_unframed(&chunk, &source_lines, &Rules::default(), &mut facts);
    assembler.push(&mut facts);
    assembler.note_framing(&counts);
    assembler.finish()
}

fn is_exact(lines: Accounting) -> bool {
    lines.read == lines.parsed + lines.ignored + lines.rejected
}

/// What a log says, without times and places.
fn facts(observation: &Observation) -> String {
    let mut facts = String::new();
    for sample in &observation.samples {
        let _ = writeln!(facts, "sample {:?} {:?}", sample.sites.value(), sample.pools.value());
        for instance in sample.instances.value().into_iter().flatten() {
            let _ = writeln!(facts, "  {} {:?}", instance.uuid, instance.regions.value());
        }
    }
    for incident in &observation.incidents {
        let addresses: Vec<_> = incident.stack.iter().map(|frame| frame.address).collect();
        let _ = writeln!(facts, "incident {:?} {addresses:x?}", incident.kind);
    }
    for event in &observation.events {
        let _ = writeln!(facts, "event {:?} {:?} {:?}", event.kind, event.uuid, event.session);
    }
    let _ = writeln!(facts, "damaged {}", observation.accounting.rejected);
    facts
}

/// The logs among the fixtures, by name.
fn logs() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/log");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let logs = entries.filter(|path| path.extension().is_some_and(|end| end == "log"));
    logs.map(|path| (path.file_name().unwrap().to_string_lossy().into(), fs::read(&path).unwrap()))
        .collect()
}

type Frame = fn(usize, &str) -> String;

/// Frames that change each line alone.
const FRAMES: &[(&str, Frame)] = &[
    ("carriage returns", |_, line| format!("{line}\r\n")),
    ("mail quotes", |_, line| format!("> {line}\n")),
    ("grep -n", |number, line| format!("{}:{line}\n", number + 1)),
    ("grep -n with a name", |number, line| format!("logs/uart.log:{}:{line}\n", number + 1)),
    ("cat -n", |number, line| format!("{:>6}\t{line}\n", number + 1)),
    ("syslog", |_, line| format!("Mar 11 10:20:01 board kernel: {line}\n")),
    ("logread", |_, line| format!("Tue Mar 11 10:20:01 2025 kern.info kernel: {line}\n")),
    ("logcat", |_, line| format!("03-11 10:20:01.007     0     0 I KERNEL  : {line}\n")),
    ("kmsg", |number, line| format!("6,{number},5000000,-;{line}\n")),
    ("HTML", |_, line| {
        let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        format!("{line}<br>\n")
    }),
    ("blanks of a page", |_, line| format!("{}\n", line.replace(' ', "\u{a0}"))),
    ("quoted-printable", |_, line| quoted_printable(line)),
    ("quotes of a quote", |_, line| format!("> > {line}\n")),
    ("line ends twice", |_, line| format!("{line}\r\r\n")),
    ("carriage returns alone", |_, line| format!("{line}\r")),
    ("a table", |_, line| format!("| {line} |\n")),
    ("colours without their escape", |_, line| format!("[32m{line}[0m\n")),
    ("typography", |_, line| line.replace('-', "\u{2011}").replace("ff", "\u{fb00}") + "\n"),
    ("the journal", |_, line| format!("2025-03-11T10:20:01+0100 board kernel: {line}\n")),
    ("the journal in full", |_, line| {
        format!("Tue 2025-03-11 10:20:01 CET board kernel: {line}\n")
    }),
    ("BusyBox", |_, line| format!("Mar 11 10:20:01 board kern.info kernel: {line}\n")),
    ("logcat of a program", |_, line| format!("03-11 10:20:01.007 I/KERNEL  (    0): {line}\n")),
    ("logcat with seconds", |_, line| format!("1741684801.123     0     0 I KERNEL  : {line}\n")),
    ("levels", |_, line| format!("<6>{line}\n")),
    ("dmesg -T", |_, line| format!("[Tue Mar 11 10:20:01 2025] {line}\n")),
    ("Tera Term", |_, line| format!("[Tue Mar 11 10:20:01.007 2025] {line}\n")),
    ("MobaXterm", |_, line| format!("[2025-03-11 10:20.01] {line}\n")),
    ("tio", |_, line| format!("[10:20:01.007] {line}\n")),
    ("a serial logger", |_, line| format!("[10:20:01:007]{line}\n")),
    ("ts", |_, line| format!("Mar 11 10:20:01 {line}\n")),
    ("ts in seconds", |_, line| format!("1741684801.123456 {line}\n")),
    ("docker", |_, line| format!("2025-03-11T10:20:01.007123456Z {line}\n")),
    ("docker compose", |_, line| format!("optee-1  | {line}\n")),
    ("Jenkins", |_, line| format!("[2025-03-11T10:20:01.007Z] {line}\n")),
    ("GitLab", |_, line| format!("2025-03-11T10:20:01.007123Z 00O {line}\n")),
];

/// Frames around frames: what people do to a log that something else framed before.
const OUTER: [&str; 8] = [
    "mail quotes",
    "quotes of a quote",
    "grep -n",
    "cat -n",
    "HTML",
    "blanks of a page",
    "quoted-printable",
    "carriage returns",
];

/// Frames that nothing is put around: mailers decode what they quote, and lines of one frame end in the other.
const INNERMOST: [&str; 2] = ["quoted-printable", "carriage returns alone"];

/// Which logs have all pairs of frames around them: one of so many.
const SOME: usize = 23;

#[test]
fn pairs_of_frames_give_the_same_facts() {
    let mut different = Vec::new();
    for (name, text) in plain_logs().step_by(SOME) {
        let bare = read(text.as_bytes(), 4096);
        for (inner_name, inner) in FRAMES.iter().filter(|(name, _)| !INNERMOST.contains(name)) {
            let inside = framed(*inner, &text);
            for (outer_name, outer) in FRAMES.iter().filter(|(name, _)| OUTER.contains(name)) {
                let observation = read(framed(*outer, &inside).as_bytes(), 4096);
                let is_numbered = |name: &str| name.starts_with("grep") || name == "cat -n";
                // Nothing behind two numbers shows where a line of a table begins.
                let is_clear = text.contains("/TC:") && *outer_name != "cat -n";
                let is_numbered_twice =
                    is_numbered(inner_name) && is_numbered(outer_name) && !is_clear;
                let is_possible = inner_name != outer_name && !is_numbered_twice;
                // Stamps make lines wider than quoted-printable leaves whole.
                let is_broken = *outer_name == "quoted-printable";
                let facts = if is_broken { facts_of_lines } else { facts };
                if is_possible && facts(&observation) != facts(&bare) {
                    different.push(format!("{name} in {inner_name} in {outer_name}"));
                }
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

/// What a mail archive has before the one mail that matters.
fn prose(bytes: usize) -> String {
    let mut text = String::new();
    for number in 0.. {
        if text.len() > bytes {
            break;
        }
        let _ =
            writeln!(text, "The board of test {number} was set up again, and it ran all night.");
    }
    text
}

#[test]
fn frames_that_begin_after_300_kilobytes_give_the_same_facts() {
    let before = prose(300 << 10);
    let mut different = Vec::new();
    for (name, text) in plain_logs().step_by(SOME) {
        let bare = facts(&read(text.as_bytes(), 4096));
        for frame_name in ["mail quotes", "grep -n", "HTML", "blanks of a page", "a table"] {
            let (_, frame) = FRAMES.iter().find(|(name, _)| *name == frame_name).unwrap();
            let late = before.clone() + &framed(*frame, &text);
            // Nothing behind its number shows where a line of a table begins.
            let is_clear = frame_name != "grep -n" || text.contains("/TC:");
            if is_clear && facts(&read(late.as_bytes(), 1 << 16)) != bare {
                different.push(format!("{name} in {frame_name}"));
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

fn quoted_printable(line: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for byte in line.bytes() {
        let is_plain = matches!(byte, b' '..=b'~') && byte != b'=';
        let escaped = if is_plain { char::from(byte).to_string() } else { format!("={byte:02X}") };
        if width + escaped.len() > 75 {
            text.push_str("=\n");
            width = 0;
        }
        width += escaped.len();
        text.push_str(&escaped);
    }
    // Blanks at the end of a line are lost otherwise.
    text + "=20\n"
}

fn framed(frame: Frame, text: &str) -> String {
    text.lines().enumerate().map(|(number, line)| frame(number, line)).collect()
}

/// Logs that are framed or damaged already, and those whose lines have nothing that shows where one starts.
const OTHERS: [&str; 8] = [
    "lines-cut",
    "mail-quotes",
    "shared-uart",
    "contended",
    "damaged-once",
    "left-out",
    "xtest",
    "pauses",
];

/// Logs whose lines are all whole and readable, with the number of each given by its newline.
fn plain_logs() -> impl Iterator<Item = (String, String)> {
    logs().into_iter().filter_map(|(name, text)| {
        let text = String::from_utf8(text).ok()?;
        let is_plain = text.ends_with('\n')
            && !text.contains(['\0', '\r', '\u{1b}'])
            && !OTHERS.iter().any(|other| name.contains(other));
        is_plain.then_some((name, text))
    })
}

#[test]
fn every_frame_of_lines_gives_the_same_facts() {
    let mut different = Vec::new();
    for (name, text) in plain_logs() {
        let bare = facts(&read(text.as_bytes(), 4096));
        for (frame_name, frame) in FRAMES {
            let observation = read(framed(*frame, &text).as_bytes(), 4096);
            assert!(is_exact(observation.accounting), "{name} {frame_name}");
            if facts(&observation) != bare {
                different.push(format!("{name} in {frame_name}"));
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

/// A mail with a body in base64, 57 bytes a line.
fn base64_mail(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut mail =
        "Subject: a log\nContent-Transfer-Encoding: base64\nMIME-Version: 1.0\n\n".to_owned();
    for line in text.as_bytes().chunks(57) {
        for group in line.chunks(3) {
            let bits = group
                .iter()
                .chain(&[0; 3])
                .take(3)
                .fold(0, |bits, byte| bits << 8 | usize::from(*byte));
            let digits = (0..4).map(|at| char::from(DIGITS[bits >> (18 - 6 * at) & 63]));
            mail.extend(digits.take(group.len() + 1));
            mail.extend(std::iter::repeat_n('=', 3 - group.len()));
        }
        mail.push('\n');
    }
    mail + "\n--next part--\n"
}

/// Logs whose dumps only the single lines between them separate: lines of a body are no lines of the log.
const BY_LINES: [&str; 2] = ["records-that-lost-bytes", "loads-that-fail-between-steady-dumps"];

#[test]
fn bodies_in_base64_give_the_same_facts() {
    let mut different = Vec::new();
    let is_by_lines = |name: &str| BY_LINES.iter().any(|other| name.contains(other));
    for (name, text) in plain_logs().filter(|(name, _)| !is_by_lines(name)) {
        let bare = facts(&read(text.as_bytes(), 4096));
        for mail in [base64_mail(&text), format!("{}{}", prose(100 << 10), base64_mail(&text))] {
            let observation = read(mail.as_bytes(), 4096);
            assert!(is_exact(observation.accounting), "{name}");
            if facts(&observation) != bare {
                different.push(name.clone());
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn utf16_gives_the_same_facts() {
    for (name, text) in plain_logs() {
        let bare = facts(&read(text.as_bytes(), 4096));
        let bytes: Vec<u8> = ['\u{feff}']
            .into_iter()
            .chain(text.chars())
            .collect::<String>()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(facts(&read(&bytes, 4095)), bare, "{name}");
    }
}

/// Cuts lines at a column, as a form does.
fn cut(text: &str, column: usize) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        for (at, character) in line.chars().enumerate() {
            if at > 0 && at % column == 0 {
                wrapped.push('\n');
            }
            wrapped.push(character);
        }
        wrapped.push('\n');
    }
    wrapped
}

/// Logs that cut lines leave without what shows where one starts: a table of `xtest` has lines that are a whole
/// number shorter than the page, so that the rest of the number is a number of its own; and records that take two
/// lines each have no single lines between their dumps any more.
const AMBIGUOUS: [&str; 2] =
    ["request-larger-than-the-pool", "loads-that-fail-between-steady-dumps"];

/// What a log says; a damaged line counts once for each line that it was cut into.
fn facts_of_lines(observation: &Observation) -> String {
    let mut observation = observation.clone();
    observation.accounting.rejected = observation.accounting.rejected.min(1);
    facts(&observation)
}

#[test]
fn lines_cut_at_a_column_give_the_same_facts() {
    let mut different = Vec::new();
    let is_ambiguous = |name: &str| AMBIGUOUS.iter().any(|other| name.contains(other));
    for (name, text) in plain_logs().filter(|(name, _)| !is_ambiguous(name)) {
        let bare = facts_of_lines(&read(text.as_bytes(), 4096));
        for column in [40, 57, 72, 80, 100] {
            let wrapped = cut(&text, column);
            let continued = wrapped.lines().count() - text.lines().count();
            let observation = read(wrapped.as_bytes(), 4096);
            assert!(is_exact(observation.accounting), "{name} {column}");
            // A line or two are no evidence.
            if continued > 4 && facts_of_lines(&observation) != bare {
                different.push(format!("{name} at {column}: {continued}"));
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
fn no_fixture_is_touched_without_a_reason() {
    let is_framed = |text: &[u8]| Framing::detect(&text[..text.len().min(BEGIN)]).is_some();
    let mut touched: Vec<_> =
        logs().into_iter().filter(|(_, text)| is_framed(text)).map(|(name, _)| name).collect();
    touched.sort();
    assert_eq!(
        touched,
        ["4.0.mail-quotes-and-ticks.log", "4.2.lines-cut-by-a-form-and-by-a-mailer.log"]
    );
}

proptest! {
    #[test]
    fn any_text_is_accounted_for(
        pieces in prop::collection::vec(prop_oneof![
            Just(b"> ".to_vec()), Just(b"\n".to_vec()), Just(b"=20\n".to_vec()), Just(b"=\n".to_vec()),
            Just(b"[  1.5] I/TC: buffer: 24 bytes a.c:20".to_vec()), Just(b"&gt;<br>".to_vec()),
            Just(b"12:".to_vec()), Just(" \u{a0}".into()), Just(b"E/LD:  region  0: va 0x4010a000 pa".to_vec()),
            Just(b" 0x115c1000 size 0x2000 flags rw-s".to_vec()),
            prop::collection::vec(any::<u8>(), 0..20),
        ], 0..80),
        size in 1_usize..200,
    ) {
        let text = pieces.concat();
        let whole = read(&text, usize::MAX);
        prop_assert!(is_exact(whole.accounting));
        prop_assert_eq!(format!("{whole:?}"), format!("{:?}", read(&text, size)));
    }
}
