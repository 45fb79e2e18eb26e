//! Line numbers and file names that editors, `cat -n` and `grep -n` put before a line.

/// How lines are numbered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Numbering {
    /// `12:text`, `uart.log:12:text`, `uart.log-13-text`.
    Grep,
    /// `uart.log:text`.
    FileName,
    /// `   12  text`, `12 | text`.
    Editor,
}

/// Fewest lines whose numbers are convincing.
const LINES: usize = 3;

/// The numbering of a text, if nearly all of its lines are numbered, in order.
pub(super) fn detect(lines: &[&[u8]]) -> Option<Numbering> {
    let lines: Vec<_> = lines.iter().filter(|line| !line.trim_ascii().is_empty()).collect();
    [Numbering::Grep, Numbering::FileName, Numbering::Editor].into_iter().find(|numbering| {
        let numbers: Vec<_> = lines.iter().filter_map(|line| numbering.strip(line)).collect();
        let pairs = numbers.iter().zip(numbers.iter().skip(1));
        let in_order = pairs.filter(|((from, _), (to, _))| numbering.follows(*from, *to)).count();
        numbers.len() >= LINES
            && numbers.len() * 10 >= lines.len() * 9
            && (in_order + 1) * 20 >= numbers.len() * 19
    })
}

impl Numbering {
    /// The number of a line, and what follows it.
    pub(super) fn strip(self, line: &[u8]) -> Option<(u64, &[u8])> {
        match self {
            Self::Grep => grep(line),
            Self::FileName => {
                let (name, rest) = line.split_at(line.iter().position(|byte| *byte == b':')?);
                is_file(name).then(|| (0, &rest[1..]))
            }
            Self::Editor => editor(line),
        }
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
    let mut position = 0;
    while let Some(next) = line[position..].iter().position(mark) {
        position += next + 1;
        if let Some((number, rest)) = number(&line[position..])
            && rest.first() == Some(&line[position - 1])
            && !line[..position].iter().any(u8::is_ascii_whitespace)
        {
            return Some((number, &rest[1..]));
        }
    }
    None
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
    use super::{Numbering, detect};

    fn check(text: &str, numbering: Option<Numbering>, first: &str) {
        let lines: Vec<_> = text.split('\n').map(str::as_bytes).collect();
        assert_eq!(detect(&lines), numbering, "{text}");
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
    fn other_numbers_stay() {
        check("I/TC: a\nI/TC: b\nI/TC: c", None, "");
        check("03-11 10:20:01 a\n03-11 10:20:01 b\n03-11 10:20:02 c", None, "");
        check("  PID TTY\n    1 ?\n    2 ?\n   17 ?\n   99 ?", None, "");
        check("174   14:53:38 close(3)\n174   14:53:38 close(4)\n175   14:53:39 x", None, "");
        check("10:20:01 a\n10:20:02 b\n10:20:03 c", None, "");
    }
}
