//! A quick look at a part of a text: whether a frame may begin in it.
//!
//! Most parts of most logs are lines that start as the console's own do. A few of them are looked at; where
//! all are regular, nothing else is done. Otherwise each line is looked at, but no line is read.

use super::{
    base64, characters, colours, console_start, lines_of, mail, numbering, pasted, process, table,
    wrap,
};
use crate::parse::console::prefix_start;

/// Bytes between the lines that are looked at.
const STEP: usize = 4 << 10;

/// Lines that may be broken, of which as many are read.
const BROKEN: usize = 16;

/// Shortest line that may hold several.
const SEVERAL: usize = 160;

/// Whether a part of a text that has whole lines may have frames.
pub(super) fn has_signs(text: &[u8]) -> bool {
    if is_regular(text) {
        return false;
    }
    let lines: Vec<_> = lines_of(text).collect();
    has_odd_characters(text) || is_mail(text, &lines) || {
        let lines = PartLines::new(lines);
        lines.has_marks() || lines.has_broken_lines() || lines.has_long_lines()
    }
}

/// Whether each line that is looked at starts as a line of a console does, and so does the next one.
fn is_regular(text: &[u8]) -> bool {
    (0..text.len()).step_by(STEP).all(|at| {
        let start = if at == 0 { 0 } else { at + line_length(&text[at..]) };
        let Some(lines) = text.get(start..) else { return true };
        let (first, next) = lines.split_at(line_length(lines));
        is_regular_line(first) && is_regular_line(&next[..line_length(next)])
    })
}

/// Length of the first line with its newline.
fn line_length(text: &[u8]) -> usize {
    memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1)
}

fn is_regular_line(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let is_start = match line {
        [] | [b'E' | b'I' | b'D' | b'F', b'/', ..] | [b'[', b' ', ..] => true,
        _ => console_start::is_start(line),
    };
    is_start
        && line.is_ascii()
        && line.len() < SEVERAL
        && !line.ends_with(b"=")
        && !characters::may_be_html(line)
        && !colours::has_colours(line)
}

/// What quoted-printable has and other texts have seldom.
const ESCAPES: [&[u8]; 4] = [b"=3D", b"=20", b"=\n", b"=\r\n"];

fn has_odd_characters(text: &[u8]) -> bool {
    characters::has_spaces(text)
        || characters::has_html(text)
        || characters::has_returns(text)
        || colours::has_colours(text)
}

/// Whether a text is that of a mail in one of its encodings.
fn is_mail(text: &[u8], lines: &[&[u8]]) -> bool {
    base64::detect(lines.iter().copied())
        || ESCAPES.iter().any(|escape| memchr::memmem::find(text, escape).is_some())
            && mail::is_quoted_printable(lines.iter().copied())
}

/// The lines of a part of a text.
struct PartLines<'t> {
    lines: Vec<&'t [u8]>,
    /// Whether each starts as a line of a console does.
    starts: Vec<bool>,
}

impl<'t> PartLines<'t> {
    fn new(lines: Vec<&'t [u8]>) -> Self {
        let starts = lines.iter().map(|line| console_start::is_start(line)).collect();
        Self { lines, starts }
    }

    /// Whether lines have quotes or numbers.
    fn has_marks(&self) -> bool {
        let (mut quoted, mut numbered) = (0, 0);
        let lines = || self.lines.iter().copied();
        let has_numbers = lines().zip(&self.starts).any(|(line, is_start)| {
            quoted += usize::from(line.starts_with(b"> "));
            numbered += usize::from(!is_start && numbering::has_number(line));
            quoted > 1 || numbered >= numbering::LINES
        });
        has_numbers || table::has_rows(lines()) || process::has_lines(lines())
    }

    /// Whether lines that start as the console's do are mended by the bare lines after them.
    fn has_broken_lines(&self) -> bool {
        let is_broken = |at: &usize| {
            self.starts[*at]
                && !self.starts[at + 1]
                && self.lines[*at].len() >= wrap::NARROW
                && !self.lines[at + 1].is_empty()
        };
        // Most of what follows a line of another program is of that program, too.
        let (of_tee, others): (Vec<usize>, Vec<usize>) = (0..self.lines.len().saturating_sub(1))
            .filter(is_broken)
            .partition(|at| prefix_start(self.lines[*at]).is_some());
        let is_mended = |at: &usize| wrap::is_mended_by_next(&self.lines[*at..]);
        let has_mended = |places: &[usize]| {
            places.iter().step_by(places.len().div_ceil(BROKEN).max(1)).any(is_mended)
        };
        has_mended(&of_tee) || has_mended(&others)
    }

    fn has_long_lines(&self) -> bool {
        let mut lines = self.lines.iter().filter(|line| line.len() >= SEVERAL);
        lines.any(|line| pasted::split(line).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::{has_signs, is_regular};

    const RECORD: &str = "[   12.345678] I/TC: buffer: 24 bytes core/mm/mobj.c:20";

    #[test]
    fn plain_logs_are_regular() {
        assert!(is_regular(format!("{RECORD}\n").repeat(999).as_bytes()));
        let app = "camera-hal: preview of 1920 by 1080 started\n";
        let text = format!("{RECORD}\n{app}").repeat(999);
        assert!(!is_regular(text.as_bytes()) && !has_signs(text.as_bytes()));
    }

    #[test]
    fn frames_have_signs() {
        let broken = format!("{}\n{}\n", &RECORD[..50], &RECORD[50..]);
        for line in [
            format!("> {RECORD}\n"),
            format!("17:{RECORD}\n"),
            format!("uart.log:17:{RECORD}\n"),
            RECORD.replace(' ', "\u{a0}") + "\n",
            format!("{RECORD}<br>\n"),
            format!("| {RECORD} |\n"),
            format!("I(    0) {RECORD}  (KERNEL)\n"),
            format!("[32m{RECORD}[0m\n"),
            format!("{RECORD}=20\n"),
            format!("{RECORD} {RECORD} {RECORD}\n"),
            broken,
        ] {
            let text = format!("{}{}", "prose of a mail\n".repeat(3_000), line.repeat(5));
            assert!(has_signs(text.as_bytes()), "{line}");
        }
    }
}
