//! What stands before a message: time stamps, names of programs, quotes.
//!
//! ```text
//! [18:22:07.331] [ 5120.448240] text          a terminal program, the kernel
//! (250311_10:20:01.007)text                   a terminal program
//! Mar 11 10:20:01 board kernel: [ 1.5] text   syslog, the journal
//! Tue Mar 11 10:20:01 2025 kern.info kernel: [ 1.5] text   logread
//! [Tue Mar 11 10:20:01 2025] text             dmesg -T
//! 03-11 10:20:01.007   143 12974 E TEE : text     logcat -v threadtime
//! 6,1234,5678901,-;text                       /dev/kmsg
//! 1741684801.123456 text                      ts, journalctl -o short-unix
//! 2025-03-11T10:20:01.007Z 00O text           docker, kubectl, Jenkins, GitLab
//! optee-1  | text                             docker compose
//! [  +0.000013] text, [Mar11 10:20] text      dmesg -H
//! ```

use super::clock::{clock_time, clock_time_at_start, date, is_of_human, is_seconds, year};

/// The number of bytes that a decoration takes at the start of a text, if there is one.
type Decoration = fn(&[u8]) -> Option<usize>;

/// Time stamps and what only stands beside one.
const STAMPS: [Decoration; 6] = [in_brackets, in_parentheses, level, kmsg, epoch, wall];

/// The same, without the columns that may follow a time of day.
const STARTS: [Decoration; 6] = [in_brackets, in_parentheses, level, kmsg, epoch, date_and_time];

/// The host and program that stand behind a stamp.
const TAGS: [Decoration; 2] = [tag, container];

/// What else people and their programs put before a line.
const MARKS: [Decoration; 3] = [blank, quote, brackets];

/// The message behind all stamps, blanks, quotes and short texts in brackets.
pub(crate) fn message(line: &[u8]) -> &[u8] {
    text_beyond(line, |text| {
        STAMPS.iter().chain(&TAGS).chain(&MARKS).find_map(|decoration| decoration(text))
    })
}

/// The text behind stamps alone, with its own indentation.
pub(crate) fn beyond_stamps(line: &[u8]) -> &[u8] {
    // A tag alone may be anything.
    if !has_stamp(line) {
        return line;
    }
    text_beyond(line, |text| STAMPS.iter().chain(&TAGS).find_map(|stamp| stamp(text)))
}

/// Whether a text starts with a stamp.
pub(super) fn has_stamp(text: &[u8]) -> bool {
    let is_first =
        |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase() || b"[(<-/.".contains(byte);
    text[blanks(text)..].first().is_some_and(is_first)
        && STARTS.iter().any(|start| start(text).is_some())
}

/// Columns before the number of the processor in a line of the kernel's trace.
const TASK: usize = 48;

/// Whether a text starts as lines of the kernel's trace do: `player-240     (    240) [001] .....    12.345678: `.
pub(super) fn is_of_trace(text: &[u8]) -> bool {
    let head = &text[..text.len().min(TASK)];
    let is_cpu = |at: &usize| match head.get(at.wrapping_sub(1)..) {
        Some([b' ', b'[', digits @ ..]) => {
            digits.get(3) == Some(&b']') && digits[..3].iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    let cpu = memchr::memchr_iter(b'[', head).find(is_cpu).map(|at| at - 1);
    let Some(cpu) = cpu else { return false };
    let has_task = text[..cpu].windows(2).any(|pair| pair[0] == b'-' && pair[1].is_ascii_digit());
    let flags = text_beyond(&text[cpu + 6..], blank);
    let time = if digits(flags) > 0 && flags.get(digits(flags)) == Some(&b'.') {
        flags
    } else {
        text_beyond(&flags[flags.iter().take_while(|byte| **byte != b' ').count()..], blank)
    };
    let whole = digits(time);
    has_task && whole > 0 && time.get(whole) == Some(&b'.') && digits(&time[whole + 1..]) > 0
}

pub(super) fn text_beyond(line: &[u8], decoration: impl Fn(&[u8]) -> Option<usize>) -> &[u8] {
    let mut rest = line;
    while let Some(length) = decoration(rest).filter(|length| (1..=rest.len()).contains(length)) {
        rest = &rest[length..];
    }
    rest
}

/// Longest text in brackets that is a decoration.
const BRACKETS: usize = 40;

/// `[ 5120.448240]`, `[57288.043962@2]`, `[18:22:07.331]`, `[Tue Mar 11 10:20:01 2025]`, `[T12@1]`, with
/// a blank.
fn in_brackets(text: &[u8]) -> Option<usize> {
    let bracketed = text.strip_prefix(b"[")?;
    let end = bracketed.iter().take(BRACKETS).position(|byte| *byte == b']')?;
    let bracketed = &bracketed[..end];
    let is_stamp =
        is_seconds(bracketed) || clock_time(bracketed).is_some() || is_of_human(bracketed);
    is_stamp.then(|| with_blank(text, end + 2))
}

/// `(240807_15:27:01.736)`.
fn in_parentheses(text: &[u8]) -> Option<usize> {
    let bracketed = text.strip_prefix(b"(")?;
    let end = bracketed.iter().take(BRACKETS).position(|byte| *byte == b')')?;
    clock_time(&bracketed[..end])?;
    Some(with_blank(text, end + 2))
}

/// `<6>`.
fn level(text: &[u8]) -> Option<usize> {
    let bracketed = text.strip_prefix(b"<")?;
    let digits = digits(bracketed);
    ((1..=3).contains(&digits) && bracketed.get(digits) == Some(&b'>')).then(|| digits + 2)
}

/// `6,1234,5678901,-;` and with `,caller=T1`.
fn kmsg(text: &[u8]) -> Option<usize> {
    let mut position = 0;
    for _ in 0..3 {
        let digits = digits(&text[position..]);
        position += digits + 1;
        if digits == 0 || text.get(position - 1) != Some(&b',') {
            return None;
        }
    }
    let end = text[position..].iter().take(BRACKETS).position(|byte| *byte == b';')?;
    let is_flags = |byte: &u8| byte.is_ascii_alphanumeric() || b"-+,=@".contains(byte);
    text[position..position + end].iter().all(is_flags).then_some(position + end + 1)
}

/// Fewest digits of the seconds since 1970.
const EPOCH_DIGITS: usize = 9;

/// `1741684801.123456 `, and the columns of the journal or logcat.
fn epoch(text: &[u8]) -> Option<usize> {
    let whole = digits(text);
    let fraction = text[whole..].strip_prefix(b".").map(digits).filter(|digits| *digits > 0)?;
    let position = whole + 1 + fraction;
    (whole >= EPOCH_DIGITS && text.get(position) == Some(&b' ')).then_some(())?;
    Some(position + 1 + columns(&text[position + 1..]))
}

/// A date and time of day, and the columns that syslog, logread or logcat add to it.
fn wall(text: &[u8]) -> Option<usize> {
    let position = date_and_time(text)?;
    Some(position + columns(&text[position..]))
}

/// Length of a date and time of day, with a blank.
fn date_and_time(text: &[u8]) -> Option<usize> {
    let time = date(text);
    let mut position = time + clock_time_at_start(&text[time..])?;
    position += year(&text[position..]);
    if text.get(position).is_some_and(|byte| !matches!(byte, b' ' | b'\t')) {
        return None;
    }
    Some(with_blank(text, position))
}

fn columns(text: &[u8]) -> usize {
    let columns: [Decoration; 5] = [stream, threadtime, brief, host, host_after_zone];
    columns.iter().find_map(|columns| columns(text)).unwrap_or(0)
}

/// `CET board kernel: `.
fn host_after_zone(text: &[u8]) -> Option<usize> {
    let zone = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let host = host(text.get(zone + 1..).filter(|_| text[zone] == b' ')?)?;
    (2..=5).contains(&zone).then_some(zone + 1 + host)
}

/// `00O `: number, stream and whether GitLab joins the line to the one before.
fn stream(text: &[u8]) -> Option<usize> {
    match text {
        [b'0'..=b'9', b'0'..=b'9', b'O' | b'E', b' ' | b'+', ..] => Some(4),
        _ => None,
    }
}

/// `optee-1  | `.
fn container(text: &[u8]) -> Option<usize> {
    let name = word(text);
    let position = name + blanks(&text[name..]);
    let is_numbered = name > 0 && text[name - 1].is_ascii_digit();
    (is_numbered && position > name && text[position..].starts_with(b"| ")).then_some(position + 2)
}

/// `board kernel: `, `board xtest[731]: ` after a stamp of the kernel, `kern  :info  : `.
fn tag(text: &[u8]) -> Option<usize> {
    let facility = word(text);
    if let Some(rest) = text[facility..].trim_ascii_start().strip_prefix(b":")
        && [b"kern".as_slice(), b"user", b"daemon"].contains(&&text[..facility])
    {
        let level = word(rest);
        let rest = rest[level..].trim_ascii_start().strip_prefix(b":")?;
        return Some(with_blank(text, text.len() - rest.len()));
    }
    let host = facility;
    let program = text.get(host + 1..).filter(|_| text[host..].starts_with(b" "))?;
    let length = program_tag(program, false)?;
    Some(host + 1 + length)
}

/// What scripts print behind the name of what they start or stop.
const OUTCOMES: [&[u8]; 4] = [b"OK", b"FAIL", b"done", b"failed"];

/// `board kernel: `, `board xtest[731]: `, `kern.info kernel: `.
fn host(text: &[u8]) -> Option<usize> {
    let host = word(text);
    let program = text.get(host + 1..).filter(|_| host > 0 && text[host] == b' ')?;
    if let Some(length) = program_tag(program, true) {
        let (tag, message) = program.split_at(length);
        // `Max allocated: 24576` is a figure, and `Stopping tee-supplicant: OK` is of a script.
        let is_figure = message.trim_ascii().iter().all(u8::is_ascii_digit);
        let is_message = !is_figure || message.trim_ascii().is_empty();
        let is_outcome = OUTCOMES.contains(&message.trim_ascii()) && !tag.contains(&b']');
        return (is_message && !is_outcome).then_some(host + 1 + length);
    }
    // BusyBox has the facility between them.
    let facility = word(program);
    let program = program.get(facility + 1..).filter(|_| program[..facility].contains(&b'.'))?;
    Some(host + facility + 2 + program_tag(program, true)?)
}

/// `kernel: `, `xtest[731]: `; without a number only if `any`.
fn program_tag(text: &[u8], any: bool) -> Option<usize> {
    let name = text.iter().take_while(|byte| is_of_name(**byte)).count();
    // The hour of another stamp is no name.
    text[..name].iter().any(u8::is_ascii_alphabetic).then_some(())?;
    let mut position = name;
    if let Some(rest) = text[position..].strip_prefix(b"[") {
        let digits = digits(rest);
        position += digits + 2;
        (digits > 0 && rest.get(digits) == Some(&b']')).then_some(())?;
    } else if !any && &text[..name] != b"kernel" {
        return None;
    }
    (name > 0 && text.get(position) == Some(&b':')).then(|| with_blank(text, position + 1))
}

/// `  143 12974 E TEE     : `, and with the user's name before it.
fn threadtime(text: &[u8]) -> Option<usize> {
    let mut position = blanks(text);
    let user = word(&text[position..]);
    if user > digits(&text[position..]) {
        position += user;
        position += blanks(&text[position..]);
    }
    for _ in 0..2 {
        let digits = digits(&text[position..]);
        let blanks = blanks(&text[position + digits..]);
        (digits > 0 && blanks > 0).then_some(())?;
        position += digits + blanks;
    }
    let is_level = text.get(position).is_some_and(u8::is_ascii_uppercase);
    (is_level && text.get(position + 1) == Some(&b' ')).then_some(())?;
    let end = text[position..].windows(2).take(BRACKETS * 2).position(|pair| pair == b": ")?;
    Some(position + end + 2)
}

/// `I/KERNEL(  0): `.
fn brief(text: &[u8]) -> Option<usize> {
    let [b'V' | b'D' | b'I' | b'W' | b'E' | b'F', b'/', name @ ..] = text else { return None };
    let end = name.iter().take(BRACKETS).position(|byte| *byte == b'(')?;
    let number = &name[end + 1..];
    let position = blanks(number);
    let digits = digits(&number[position..]);
    let is_end = number[position + digits..].starts_with(b"): ");
    (digits > 0 && is_end).then_some(2 + end + 1 + position + digits + 3)
}

fn blank(text: &[u8]) -> Option<usize> {
    Some(blanks(text)).filter(|length| *length > 0)
}

/// `>`, and ticks and asterisks, which Markdown and a contended console add.
fn quote(text: &[u8]) -> Option<usize> {
    matches!(text.first(), Some(b'>' | b'`' | b'*')).then_some(1)
}

/// Any short text in brackets.
fn brackets(text: &[u8]) -> Option<usize> {
    let bracketed = text.strip_prefix(b"[")?;
    bracketed.iter().take(BRACKETS).position(|byte| *byte == b']').map(|end| end + 2)
}

fn with_blank(text: &[u8], at: usize) -> usize {
    at + usize::from(text.get(at) == Some(&b' '))
}

pub(super) fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

pub(super) fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn word(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_of_name(**byte)).count()
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b'@')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{STAMPS, beyond_stamps, message};

    #[test]
    fn every_stamp_is_left_out() {
        for stamp in [
            "",
            "> > [   12.5] [TEE] ",
            "(250311_10:20:01.007)",
            "[18:22:07.331] [ 5120.448240] ",
            "[2025-03-11 10:20:01.007] ",
            "[Tue Mar 11 10:20:01 2025] ",
            "[Tue Mar  1 10:20:01 2025] ",
            "Mar 11 10:20:01 board kernel: [   12.345678] ",
            "Mar  1 10:20:01 board xtest[731]: ",
            "2025-03-11T10:20:01.007123+01:00 board kernel: [   12.345678] ",
            "Tue Mar 11 10:20:01 2025 kern.info kernel: [   12.345678] ",
            "Tue Mar 11 10:20:01 2025 daemon.info xtest[731]: ",
            "[   12.345678] board kernel: ",
            "[   12.345678] board xtest[731]: ",
            "kern  :info  : [   12.345678] ",
            "5,4711,300000000,-;",
            "6,4711,300000000,-,caller=T12;",
            "<6>[    1.564775] ",
            "[   12.345678][T12@1] [TEE] ",
            "[   12.345678][    T1] ",
            "03-11 10:20:01.007   143 12974 I KERNEL  : [   12.345678] ",
            "03-11 10:20:01.007  root     0     0 I KERNEL  : ",
            "03-11 10:20:01.007 I/KERNEL(    0): ",
            "10:20:01.007 ",
            "10:20:01 ",
            "[57288.043962@2] [TEE] ",
            "1741684801.123456 ",
            "1741684801.123456 board kernel: [   12.345678] ",
            "1741684801.123   143 12974 I KERNEL  : ",
            "Tue 2025-03-11 10:20:01 CET board kernel: ",
            "Mar 11 10:20:01 board kern.info kernel: [   12.345678] ",
            "2025-03-11T10:20:01.007123456Z ",
            "2025-03-11T10:20:01.007123Z 00O ",
            "2025-03-11T10:20:01.007123Z 00O+",
            "[2025-03-11T10:20:01.007Z] ",
            "[2025-03-11 10:20.01] ",
            "[10:20:01:007] ",
            "[0 00:00:01.007] ",
            "[Tue Mar 11 10:20:01.007 2025] ",
            "[  +0.000013] ",
            "[Mar11 10:20] ",
            "optee-1  | [   12.345678] ",
            "[pod/optee/main] ",
        ] {
            let line = format!("{stamp}Pool:                Heap");
            let text = String::from_utf8_lossy(message(line.as_bytes())).into_owned();
            assert_eq!(text, "Pool:                Heap", "{stamp}");
        }
    }

    #[test]
    fn lines_of_the_kernel_trace_are_recognized() {
        for line in [
            "      drm-player-240     (    240) [001] .....    12.345678: tee_close: (x) session=2",
            "Binder:1743.4-2685 [002] ...1 6833.925935: ion_alloc: len 8294400",
            "x-7 [000] 1.000000: tee_shut: (x) session=1",
        ] {
            assert!(super::is_of_trace(line.as_bytes()), "{line}");
        }
        for line in ["[001] .....", "a [123] b", "I/TC: region-1 [001] 0x1", ""] {
            assert!(!super::is_of_trace(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "Pool: Heap",
            "[no end",
            "region 0: va",
            "camera-hal[731]: buffer: 4097 bytes",
            "10:20 is late",
            "1,2,3 and so on",
            "board went: away",
            "1741684801 12",
            "12.5 a",
            "a | b",
        ] {
            assert_eq!(message(text.as_bytes()), text.as_bytes());
        }
        assert_eq!(message(b"10:20:01 Max allocated:   24576"), b"Max allocated:   24576");
        assert_eq!(message(b"10:20:01 Stopping app: OK"), b"Stopping app: OK");
        assert_eq!(message(b"10:20:01 board app[5]: OK"), b"OK");
        assert_eq!(beyond_stamps(b"[not a stamp] x"), b"[not a stamp] x");
        assert_eq!(beyond_stamps(b"[   12.5]   x"), b"  x");
        assert_eq!(beyond_stamps(b"(250311_10:20:01.007)MemTotal: 5 kB"), b"MemTotal: 5 kB");
    }

    proptest! {
        #[test]
        fn stamps_are_those_that_one_of_all_finds(line in "(  ?|[0-9]{1,4}[:| -]?|uart[.]log:|[EIx]/T[CAX]:|TEE-CORE:|USER-TA:|\\[ 12[.]345678\\] |10:20:01 |Mar 11 |<6>|\\(2|x-7 |\\[001\\] |a/b|[+-]0x1|kernel: |[-/.:|>]){0,6}") {
            let has_stamp = STAMPS.iter().any(|stamp| stamp(line.as_bytes()).is_some());
            prop_assert_eq!(super::has_stamp(line.as_bytes()), has_stamp);
        }
    }
}
