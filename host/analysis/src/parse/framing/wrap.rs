//! Lines that a form or a mailer broke.
//!
//! ```text
//! [  5.1] E/LD:  region  0: va 0x4010a000 pa 0x115c100     cut at a column, within words
//! 0 size 0x002000 flags rw-s (ldelf)
//! [  5.1] E/LD:  Status of TA                              broken at a blank: the next word had no room
//! 942d23f9-84d0-4d5f-a759-fb24a45dde05
//! ```
//!
//! A text is only touched if it shows that it was wrapped: lines that share a width and, joined with the
//! bare lines after them, are facts of OP-TEE that they are not alone; or nothing but lines of one width that
//! bare lines follow. A text of whole lines may have neither. Once it is known to be wrapped, each line of
//! that width goes on in the bare line after it, whatever it says alone: a number that was cut is a number.

use std::collections::{BTreeMap, BTreeSet};

use super::{console_start::is_start, worth};
use crate::parse::console::{LineReading, is_other_fact, reading};

/// A line without its frame, as far as wrapping is concerned.
#[derive(Clone, Debug)]
pub(super) struct WrapLine {
    pub(super) text: Vec<u8>,
    /// Whether it was quoted: a mailer breaks quotes at other columns.
    pub(super) quoted: bool,
}

/// Where the lines of a part of a text are broken.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Wrap {
    /// Widths of lines that were cut.
    columns: Vec<usize>,
    /// Most characters of a line that was broken at a blank.
    words: Option<usize>,
}

/// Narrowest line that is broken.
pub(super) const NARROW: usize = 20;

/// Blanks that may be missing at the end of a line that was cut.
const TRIMMED: usize = 3;

/// Most columns that are remembered.
const COLUMNS: usize = 8;

/// Most parts of a line.
const PARTS: usize = 12;

/// A line and the line after it, joined.
struct Mended {
    width: usize,
    /// Characters that the line would have had with the next word.
    full: usize,
    /// Whether they are a fact without a blank between them, and with one; both may be.
    is_cut: bool,
    is_broken: bool,
    /// Whether the first part alone is no fact. Otherwise it may be one by chance, as a number that was cut
    /// is a number.
    is_proof: bool,
}

impl Wrap {
    /// The wrapping of those lines of a text that are quoted, or not. Where a text was cut before, a few lines
    /// are enough.
    pub(super) fn detect(lines: &[WrapLine], quoted: bool, before: &Self) -> Self {
        let part = |line: &&WrapLine| line.quoted == quoted;
        let lines: Vec<&[u8]> = lines.iter().filter(part).map(|line| &*line.text).collect();
        let widest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
        let mended: Vec<_> = (0..lines.len()).filter_map(|at| mend(&lines[at..], widest)).collect();
        // Two lines of a console may be torn by chance; quotes are of mails.
        let n_enough = if quoted { 1 } else { 2 };
        let mut columns = columns(&lines, &mended, n_enough);
        let is_cut_again = |column: &&usize| {
            let shape = WrapShape::of_column(&lines, **column);
            !columns.contains(column) && shape.cut > 0 && shape.is_mostly_cut()
        };
        let again: Vec<_> = before.columns.iter().filter(is_cut_again).copied().collect();
        columns.extend(again);
        let is_of_words = |line: &&Mended| {
            line.is_broken
                && !columns
                    .iter()
                    .any(|column| (line.width..=line.width + TRIMMED).contains(column))
        };
        let broken_lines: Vec<_> = mended.iter().filter(is_of_words).collect();
        let words = broken_lines.iter().map(|line| line.full - 1).min();
        let is_fitting =
            broken_lines.iter().filter(|line| words.is_some_and(|most| line.width <= most)).count();
        // A word that was cut may read with a blank in it.
        let has_proof =
            broken_lines.len() >= n_enough && broken_lines.iter().any(|line| !line.is_cut);
        let words = words.filter(|_| has_proof && is_fitting * 10 >= broken_lines.len() * 9);
        let mut wrap = Self { columns, words };
        if wrap.is_none() {
            wrap.columns.extend(worth::column(&lines));
        }
        wrap
    }

    /// The columns of both, as many as a text has.
    pub(super) fn of_columns_of(first: &Self, second: &Self) -> Self {
        let mut wrap = Self { words: None, ..first.and(second) };
        wrap.columns.truncate(COLUMNS);
        wrap
    }

    /// Both of them.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut columns = self.columns.clone();
        columns.extend(other.columns.iter().filter(|column| !self.columns.contains(column)));
        Self { columns, words: self.words.or(other.words) }
    }

    pub(super) const fn is_none(&self) -> bool {
        self.columns.is_empty() && self.words.is_none()
    }

    /// How a line continues with the next one, if it does: with what between them. `width` is that of its
    /// last part.
    pub(super) fn joint(&self, line: &[u8], width: usize, next: &[u8]) -> Option<&'static [u8]> {
        if self.is_none() || next.trim_ascii().is_empty() || is_start(next) {
            return None;
        }
        if self.columns.contains(&width) && self.is_cut(line, next) {
            return Some(b"");
        }
        self.is_broken(line, width, next).then_some(b" ")
    }

    /// Whether a line was broken at a blank, or cut before one that is lost.
    fn is_broken(&self, line: &[u8], width: usize, next: &[u8]) -> bool {
        let may_be_cut = self.columns.iter().any(|at| (width..=width + TRIMMED).contains(at));
        let is_broken = self.words.is_some_and(|most| width + 1 + first_word(next) > most);
        if !(may_be_cut || is_broken) || !is_start(line) {
            return false;
        }
        // A part as wide as the page is no end of a line.
        let goes_on = is_broken || may_be_cut && self.columns.contains(&self::width(next));
        let is_fact = |line: &[u8]| reading(line) == LineReading::Whole;
        let joined_line = [line, b" ", next].concat();
        is_other_fact(line, &joined_line)
            || goes_on && !is_fact(next) && (!is_fact(line) || is_fact(&joined_line))
    }

    /// Whether a line of a width at which lines are cut goes on in the next one. It does, unless this is the
    /// end of it, and a fact of its own would be lost.
    fn is_cut(&self, line: &[u8], next: &[u8]) -> bool {
        let is_fact = |line: &[u8]| reading(line) == LineReading::Whole;
        self.columns.contains(&width(next))
            || is_fact(&[line, next].concat())
            || !is_fact(line) && !is_fact(next)
    }
}

/// Lines cut at the widest column that are convincing although each part is a fact: tables of regions have
/// their numbers one below the other.
const ALIKE: usize = 3;

/// The widths at which several lines were cut.
fn columns(lines: &[&[u8]], mended: &[Mended], enough: usize) -> Vec<usize> {
    let mut cuts: Vec<_> =
        mended.iter().filter(|line| line.is_cut).map(|line| (line.width, line.is_proof)).collect();
    cuts.sort_unstable();
    let runs = cuts.chunk_by(|left, right| left.0 == right.0);
    let widest = lines.iter().map(|line| width(line)).max().filter(|widest| *widest >= NARROW);
    let is_enough = |run: &&[(usize, bool)]| {
        let has_proof = run.iter().any(|cut| cut.1);
        run.len() >= enough && has_proof || run.len() >= ALIKE && Some(run[0].0) == widest
    };
    let mut columns: Vec<_> = runs.filter(is_enough).map(|run| run[0].0).collect();
    columns.retain(|column| WrapShape::of_column(lines, *column).is_mostly_cut());
    if let Some(widest) = widest.filter(|widest| columns.is_empty() && is_edge(lines, *widest)) {
        columns.push(widest);
    }
    if columns.is_empty() {
        columns.extend(pile(lines));
    }
    columns
}

/// Lines of one width that are convincing, although others stand around them.
const PILE: usize = 8;

/// The width at which a part of a text was cut, as those lines alone show that are as wide: bare ones follow each
/// of them and seldom another one, and no line between them is wider.
fn pile(lines: &[&[u8]]) -> Option<usize> {
    let mut widths: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for pair in lines.windows(2).filter(|pair| is_start(pair[0])) {
        let (cut, whole) = widths.entry(width(pair[0])).or_default();
        let is_bare = !pair[1].is_empty() && !is_start(pair[1]);
        *(if is_bare { cut } else { whole }) += 1;
    }
    let is_pile = |column: usize, cut: usize| {
        let others = widths.iter().filter(|(other, _)| **other != column);
        let (loose, firm) =
            others.fold((0, 0), |(loose, firm), (_, (cut, whole))| (loose + cut, firm + whole));
        loose * 2 <= firm + cut && is_widest_between(lines, column)
    };
    let candidates = widths.iter().filter(|(width, (cut, whole))| {
        **width >= NARROW && *cut >= PILE && *whole == 0 && is_pile(**width, *cut)
    });
    let kinds = |column: usize| WrapShape::of_column(lines, column).kinds.len();
    candidates.map(|(width, _)| *width).rev().find(|width| kinds(*width) >= KINDS)
}

/// Whether no line from the first one of that width to the last one is wider.
fn is_widest_between(lines: &[&[u8]], column: usize) -> bool {
    let is_at_column = |line: &&[u8]| is_start(line) && width(line) == column;
    let first = lines.iter().position(is_at_column).unwrap_or(0);
    let last = lines.iter().rposition(is_at_column).unwrap_or(0);
    lines[first..=last].iter().all(|line| width(line) <= column)
}

/// Whether the lines alone show that a text was cut at its widest line, whatever they say.
fn is_edge(lines: &[&[u8]], widest: usize) -> bool {
    let shape = WrapShape::of_column(lines, widest);
    shape.whole == 0 && shape.strays == 0 && shape.kinds.len() >= KINDS && shape.cut > KINDS
}

/// Lines of one width are of at least so many kinds if it is the page that makes them so wide.
const KINDS: usize = 3;

/// How the lines of one width stand in a text.
#[derive(Default)]
struct WrapShape {
    /// Lines of that width that bare ones follow, and those that none follows.
    cut: usize,
    whole: usize,
    /// Bare lines after lines of other widths.
    strays: usize,
    /// The lines that bare ones follow, without their figures.
    kinds: BTreeSet<Vec<u8>>,
}

impl WrapShape {
    fn of_column(lines: &[&[u8]], column: usize) -> Self {
        let mut shape = Self::default();
        for pair in lines.windows(2).filter(|pair| !pair[0].is_empty()) {
            let is_bare = !pair[1].is_empty() && !is_start(pair[1]);
            let is_wide = width(pair[0]) == column;
            shape.strays += usize::from(is_bare && !is_wide);
            if is_wide && is_start(pair[0]) {
                shape.cut += usize::from(is_bare);
                shape.whole += usize::from(!is_bare);
                shape.kinds.extend(is_bare.then(|| without_figures(pair[0])));
            }
        }
        shape
    }

    /// Whether nearly every line of that width goes on: some are just as long as that.
    const fn is_mostly_cut(&self) -> bool {
        self.cut >= 2 * self.whole
    }
}

/// A line without what differs from one message to the next of its kind.
fn without_figures(line: &[u8]) -> Vec<u8> {
    line.iter().copied().filter(|byte| !byte.is_ascii_hexdigit()).collect()
}

/// Joins the first line with those that continue it, if that gives a fact. A line that does not start like
/// one may continue another, unless nothing is wider.
fn mend(lines: &[&[u8]], widest: usize) -> Option<Mended> {
    let (first, rest) = lines.split_first()?;
    let next = rest.first()?;
    let width = width(first);
    let is_first = is_start(first) || width == widest;
    let is_candidate = width >= NARROW && is_first && !is_start(next) && !next.is_empty();
    is_candidate.then_some(())?;
    let is_proof = reading(first) != LineReading::Whole && reading(next) != LineReading::Whole;
    let is_cut = is_mended(first, rest, b"");
    let has_blank = first.ends_with(b" ") || next.starts_with(b" ");
    let is_broken = is_proof && !(is_cut && has_blank) && is_mended(first, rest, b" ");
    (is_cut || is_broken).then_some(())?;
    Some(Mended { width, full: width + 1 + first_word(next), is_cut, is_broken, is_proof })
}

/// Whether a line and those after it are a fact together that it is not alone.
pub(super) fn is_mended_by_next(lines: &[&[u8]]) -> bool {
    mend(lines, usize::MAX).is_some()
}

fn is_mended(first: &[u8], rest: &[&[u8]], joint: &[u8]) -> bool {
    let mut line = first.to_vec();
    let parts = rest.iter().take(PARTS).take_while(|part| !is_start(part) && !part.is_empty());
    for part in parts {
        line.extend_from_slice(joint);
        line.extend_from_slice(part);
        if is_other_fact(first, &line) {
            return true;
        }
        // A line that is cut goes on only if this part has the whole width, too.
        if joint.is_empty() && width(part) < width(first) {
            return false;
        }
    }
    false
}

/// Characters of a line.
pub(super) fn width(line: &[u8]) -> usize {
    line.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

fn first_word(line: &[u8]) -> usize {
    width(line.split(|byte| *byte == b' ').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Wrap, WrapLine};

    const LINES: [&str; 5] = [
        "[ 5120.448240] [TEE] D/TC:? 0 tee_ta_init_session_with_context:570 Re-open trusted service 942d23f9-84d0-4d5f-a759-fb24a45dde05",
        "[ 5120.449199] [TEE] E/LD:  Status of TA 942d23f9-84d0-4d5f-a759-fb24a45dde05",
        "[ 5120.449473] [TEE] E/LD:  region  0: va 0x4020c000 pa 0x119c3000 size 0x008000 flags r-xs (ldelf)",
        "[ 5120.449610] [TEE] E/LD:  region  1: va 0x4021a000 pa 0x11a6e000 size 0x003000 flags rw-s (stack)",
        "[ 5120.449747] [TEE] E/LD:  Call stack:",
    ];

    fn broken(words: bool, column: usize) -> Vec<WrapLine> {
        let mut lines = Vec::new();
        for line in LINES {
            let mut rest = line;
            while rest.len() > column {
                let blank = rest[..=column].rfind(' ').filter(|at| words && *at > 20);
                let end = blank.unwrap_or(column);
                lines.push(rest[..end].to_owned());
                rest = &rest[end + usize::from(blank.is_some())..];
            }
            lines.push(rest.to_owned());
        }
        { lines.into_iter() }.map(|line| WrapLine { text: line.into(), quoted: false }).collect()
    }

    fn join(wrap: &Wrap, lines: &[WrapLine]) -> Vec<String> {
        let mut joined: Vec<Vec<u8>> = Vec::new();
        let mut width = 0;
        for line in lines {
            let joint = joined.last().and_then(|last| wrap.joint(last, width, &line.text));
            match (joint, joined.last_mut()) {
                (Some(joint), Some(last)) => last.extend([joint, &line.text].concat()),
                _ => joined.push(line.text.clone()),
            }
            width = super::width(&line.text);
        }
        joined.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn lines_cut_at_any_column_are_joined() {
        for column in 34..120 {
            let lines = broken(false, column);
            let wrap = Wrap::detect(&lines, false, &Wrap::default());
            if lines.len() > LINES.len() + 1 {
                assert_eq!(join(&wrap, &lines), LINES, "{column} {wrap:?}");
            }
        }
    }

    #[test]
    fn lines_broken_at_blanks_are_joined() {
        // Wider lines hold nearly all of these messages.
        for column in 64..80 {
            let lines = broken(true, column);
            let wrap = Wrap::detect(&lines, false, &Wrap::default());
            assert_eq!(join(&wrap, &lines), LINES, "{column} {wrap:?}");
        }
    }

    #[test]
    fn whole_lines_and_what_others_print_stay() {
        let text = "I/TC: buffer: 152 bytes core/kernel/tee_ta_manager.c:611\n\
                    I/TC: buffer: 48 bytes lib/libutils/isoc/bget_malloc.c:833\n\
                    recorder: clip 0 saved\n";
        let text = text.repeat(5);
        let lines: Vec<_> =
            text.lines().map(|line| WrapLine { text: line.into(), quoted: false }).collect();
        let wrap = Wrap::detect(&lines, false, &Wrap::default());
        assert!(wrap.is_none());
        let wrap = Wrap { columns: vec![59], words: Some(60) };
        assert_eq!(join(&wrap, &lines), text.lines().collect::<Vec<_>>());
    }
    #[test]
    fn lines_of_one_width_that_others_follow_stay() {
        let pairs = (0..9).map(|n| {
            format!(
                "D/TC:? 0 alloc:155 Max memory usage increased to {}\nloop: {n} of 9\n",
                11_124 + n
            )
        });
        let text: String = pairs.collect();
        let lines: Vec<_> =
            text.lines().map(|line| WrapLine { text: line.into(), quoted: false }).collect();
        assert!(Wrap::detect(&lines, false, &Wrap::default()).is_none());
    }

    #[test]
    fn a_first_part_that_is_a_fact_goes_on() {
        let first = b"E/TC:? 0 0 TA panicked with code 0xffff000";
        let wrap = Wrap { columns: vec![first.len()], words: None };
        assert_eq!(wrap.joint(first, first.len(), b"c"), Some(b"".as_slice()));
        assert_eq!(wrap.joint(first, first.len(), b"E/TC:? 0 0 Call stack:"), None);
        assert_eq!(wrap.joint(first, first.len() - 9, b"c"), None);
    }
}
