//! Line numbers and file names that editors, `cat -n` and `grep -n` put before a line.

use super::console_start;

/// How lines are numbered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Numbering {
    /// `12:text`, `uart.log:12:text`, `uart.log-13-text`.
    Grep,
    /// `uart.log:text`.
    FileName,
    /// `   12  text`, `12 | text`.
    Editor,
}

/// The numbered lines of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NumberedLines {
    numbering: Numbering,
    /// Whether nearly all lines are numbered. Otherwise only those are whose number is clear: before a line
    /// that starts as a console's does, or right after another number.
    is_total: bool,
}

/// Fewest lines whose numbers are convincing.
pub(super) const LINES: usize = 3;

/// All forms of numbers, those that are clearer first.
const ALL: [Numbering; 3] = [Numbering::Grep, Numbering::FileName, Numbering::Editor];

/// The numbering of a text: nearly all of its lines are numbered, or those that start as a console's do
/// behind the number; in order.
pub(super) fn detect(lines: &[&[u8]]) -> Option<NumberedLines> {
    let lines: Vec<_> =
        lines.iter().copied().filter(|line| !line.trim_ascii().is_empty()).collect();
    let numbered_lines = |is_total| {
        let mut numberings =
            ALL.into_iter().map(move |numbering| NumberedLines { numbering, is_total });
        numberings.find(|numbered| numbered.is_convincing(&lines))
    };
    numbered_lines(true).or_else(|| numbered_lines(false))
}

/// Whether a line, which does not start as a console's does, does so behind a number.
pub(super) fn has_number(line: &[u8]) -> bool {
    may_have_number(line) && ALL.into_iter().any(|numbering| numbering.has_start_behind(line))
}

/// Whether the first word of a line is a number, or the name of a file and more.
fn may_have_number(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    let is_mark = |byte: &u8| matches!(byte, b':' | b'-');
    let mut word = text.iter().take_while(|byte| !byte.is_ascii_whitespace());
    text.first().is_some_and(u8::is_ascii_digit) || text.len() == line.len() && word.any(is_mark)
}

impl NumberedLines {
    fn is_convincing(self, lines: &[&[u8]]) -> bool {
        let Self { numbering, is_total } = self;
        let counts = |line: &&&[u8]| is_total || numbering.is_clear(line);
        let numbers: Vec<_> =
            lines.iter().filter(counts).filter_map(|line| numbering.strip(line)).collect();
        let pairs = numbers.iter().zip(numbers.iter().skip(1));
        let in_order = pairs.filter(|((from, _), (to, _))| numbering.follows(*from, *to)).count();
        numbers.len() >= LINES
            && (!is_total || numbers.len() * 10 >= lines.len() * 9)
            && (in_order + 1) * 20 >= numbers.len() * 19
    }

    /// The number of a line, and what follows it; `last` is the number before.
    pub(super) fn strip(self, line: &[u8], last: Option<u64>) -> Option<(u64, &[u8])> {
        let (number, rest) = self.numbering.strip(line)?;
        let is_next = last.is_some_and(|last| number == last.saturating_add(1));
        let is_numbered = self.is_total
            || is_next
            || self.numbering == Numbering::FileName
            || self.numbering.is_clear(line);
        is_numbered.then_some((number, rest))
    }
}

impl Numbering {
    /// The number of a line, and what follows it.
    fn strip(self, line: &[u8]) -> Option<(u64, &[u8])> {
        match self {
            Self::Grep => grep(line),
            Self::FileName => {
                let (name, rest) = line.split_at(line.iter().position(|byte| *byte == b':')?);
                is_file(name).then(|| (0, &rest[1..]))
            }
            Self::Editor => editor(line),
        }
    }

    /// Whether a line starts as a console's does only behind its number.
    fn is_clear(self, line: &[u8]) -> bool {
        !console_start::is_start(line) && self.has_start_behind(line)
    }

    fn has_start_behind(self, line: &[u8]) -> bool {
        self.strip(line).is_some_and(|(_, rest)| console_start::is_start(rest))
    }

    const fn follows(self, from: u64, to: u64) -> bool {
        match self {
            Self::Grep => to > from || to == 1,
            Self::FileName => true,
            Self::Editor => to == from.saturating_add(1),
        }
    }
}

fn grep(line: &[u8]) -> Option<(u64, &[u8])> {
    let mark = |byte: &u8| matches!(byte, b':' | b'-');
    if let Some((number, rest)) = number(line) {
        return rest.first().filter(|byte| mark(byte)).map(|_| (number, &rest[1..]));
    }
    let name = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    memchr::memchr2_iter(b':', b'-', &line[..name]).find_map(|at| {
        let (number, rest) = number(&line[at + 1..])?;
        (rest.first() == Some(&line[at])).then(|| (number, &rest[1..]))
    })
}

fn editor(line: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = number(line.trim_ascii_start())?;
    let rest = match rest {
        [b'\t', rest @ ..] => rest,
        [b' ', b'|', b' ', rest @ ..] | [b' ', b' ', rest @ ..] | [b' ' | b'|', rest @ ..] => rest,
        [] => rest,
        _ => return None,
    };
    Some((number, rest))
}

fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
    let number = str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    Some((number, &text[digits..]))
}

/// Endings of the names of logs.
const ENDINGS: [&[u8]; 6] = [b".log", b".txt", b".out", b".cap", b".dmesg", b".kmsg"];

fn is_file(name: &[u8]) -> bool {
    !name.iter().any(u8::is_ascii_whitespace) && ENDINGS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Numbering, console_start, detect};

    fn check(text: &str, numbering: Option<Numbering>, first: &str) {
        let lines: Vec<_> = text.split('\n').map(str::as_bytes).collect();
        let numbered_lines = detect(&lines);
        assert_eq!(numbered_lines.map(|numbered| numbered.numbering), numbering, "{text}");
        if let Some(numbering) = numbering {
            assert_eq!(numbering.strip(lines[0]).unwrap().1, first.as_bytes());
        }
    }

    #[test]
    fn numbers_are_recognized_by_their_order() {
        check("9:I/TC: a\n10:I/TC: b\n14:c", Some(Numbering::Grep), "I/TC: a");
        check("a.log:9:I/TC: a\na.log-10-b\na.log:11:c", Some(Numbering::Grep), "I/TC: a");
        check("a.log:I/TC: a\na.log:b\na.log:c", Some(Numbering::FileName), "I/TC: a");
        check("     9\tI/TC: a\n    10\tb\n    11\tc", Some(Numbering::Editor), "I/TC: a");
        check("  9  E/LD:  region\n 10  b\n 11  c", Some(Numbering::Editor), "E/LD:  region");
    }

    #[test]
    fn a_part_of_a_text_may_be_numbered() {
        let text = "Hello,\nwhat I did at 10:30 is this:\n12: first\n12:I/TC: a\n13:b\n14:I/TC: c\n20:I/TC: d\n7:30 then";
        let lines: Vec<_> = text.split('\n').map(str::as_bytes).collect();
        let numbered_lines = detect(&lines).unwrap();
        let mut last = None;
        let texts: Vec<_> = { lines.iter() }
            .map(|line| {
                let numbered = numbered_lines.strip(line, last);
                last = numbered.map(|(number, _)| number).or(last);
                String::from_utf8_lossy(numbered.map_or(line, |(_, rest)| rest))
            })
            .collect();
        assert_eq!(texts[2..], ["12: first", "I/TC: a", "b", "I/TC: c", "I/TC: d", "7:30 then"]);
    }

    #[test]
    fn other_numbers_stay() {
        check("I/TC: a\nI/TC: b\nI/TC: c", None, "");
        check("03-11 10:20:01 a\n03-11 10:20:01 b\n03-11 10:20:02 c", None, "");
        check("  PID TTY\n    1 ?\n    2 ?\n   17 ?\n   99 ?", None, "");
        check("174   14:53:38 close(3)\n174   14:53:38 close(4)\n175   14:53:39 x", None, "");
        check("10:20:01 a\n10:20:02 b\n10:20:03 c", None, "");
    }

    proptest! {
        #[test]
        fn numbers_are_those_that_one_of_all_forms_finds(line in "(  ?|[0-9]{1,4}[:| -]?|uart[.]log:|[EIx]/T[CAX]:|TEE-CORE:|USER-TA:|\\[ 12[.]345678\\] |10:20:01 |Mar 11 |<6>|\\(2|x-7 |\\[001\\] |a/b|[+-]0x1|kernel: |[-/.:|>]){0,6}") {
            let line = line.as_bytes();
            let is_clear = super::ALL.into_iter().any(|numbering| numbering.is_clear(line));
            let is_found = !console_start::is_start(line) && super::has_number(line);
            prop_assert_eq!(is_found, is_clear);
        }
    }
}
