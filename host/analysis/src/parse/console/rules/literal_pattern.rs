//! Patterns that are matched in one pass from left to right: literals and runs of bytes, each of which
//! ends where the next part starts. Most trace lines need no more, and a regex engine takes ten times
//! as long.
//!
//! Invariant: finds what the regex finds, or is not used at all (`tests` compare the two).

use memchr::memmem::Finder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::parse::console::lines::{bytes::number, digits, literal::Literal};

/// Most groups of a pattern, the whole match included.
const GROUPS: usize = 16;

/// How a group is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum GroupKind {
    Nothing,
    Text,
    Number,
}

/// The groups of a match: the value of a number, or start and end of a text as two halves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GroupValues([u64; GROUPS]);

/// A pattern of literals and runs.
#[derive(Clone, Debug)]
pub(crate) struct LiteralPattern {
    /// Finds the start of a match.
    first: Finder<'static>,
    begin: Literal,
    /// The parts after the first literal.
    parts: Vec<PatternPart>,
    /// Groups that are read as numbers while matching.
    numbers: [bool; GROUPS],
}

/// A set of bytes.
type ByteSet = Box<[bool; 256]>;

/// A piece of a pattern.
#[derive(Clone, Debug)]
enum PatternPiece {
    Literal(Literal),
    /// One or more bytes of a set, as many as possible.
    Run(ByteSet),
    Begin(usize),
    End(usize),
}

/// A literal, which may be empty, and what follows it.
#[derive(Clone, Debug)]
struct PatternPart {
    before: Literal,
    what: PatternTail,
}

#[derive(Clone, Debug)]
enum PatternTail {
    Nothing,
    Run(ByteSet),
    Begin(usize),
    End(usize),
    /// A run of decimal digits that is not used.
    Digits,
    /// A group that is a run of decimal digits.
    Decimal(usize),
    /// A group that is `0x` and a run of hexadecimal digits, `a` to `f`.
    Hexadecimal(usize),
}

impl LiteralPattern {
    /// The pattern, if it has only literals and runs; `wanted` returns how each group is used.
    pub(crate) fn new(hir: &Hir, wanted: impl Fn(usize) -> GroupKind) -> Option<Self> {
        let mut pieces = Vec::new();
        flatten(hir, &mut pieces)?;
        let PatternPiece::Literal(begin) = pieces.first()?.clone() else { return None };
        let solid = |piece: &&PatternPiece| {
            matches!(piece, PatternPiece::Literal(_) | PatternPiece::Run(_))
        };
        let solids: Vec<_> = pieces.iter().filter(solid).collect();
        let is_unambiguous = solids.windows(2).all(|pair| match pair {
            [PatternPiece::Run(set), next] => {
                next.first_bytes().all(|byte| !set[usize::from(byte)])
            }
            _ => true,
        });
        let parts = fuse(&pieces[1..], wanted);
        let mut numbers = [false; GROUPS];
        for part in &parts {
            if let PatternTail::Decimal(group) | PatternTail::Hexadecimal(group) = part.what {
                numbers[group] = true;
            }
        }
        let first = Finder::new(begin.bytes()).into_owned();
        is_unambiguous.then_some(Self { first, begin, parts, numbers })
    }

    /// Finds the leftmost match in `line`; no match starts before `from`.
    #[inline]
    pub(crate) fn find(&self, line: &[u8], mut from: usize, found: &mut GroupValues) -> bool {
        loop {
            let Some(rest) = line.get(from..) else { return false };
            if !self.begin.is_prefix_of(rest) {
                let Some(at) = self.first.find(rest) else { return false };
                from += at;
            }
            if self.rest(line, from + self.begin.len(), found) {
                return true;
            }
            from += 1;
        }
    }

    /// Matches the parts after the first literal, from `at` on.
    #[inline]
    fn rest(&self, line: &[u8], at: usize, found: &mut GroupValues) -> bool {
        let mut rest = &line[at..];
        for PatternPart { before, what } in &self.parts {
            if !before.is_prefix_of(rest) {
                return false;
            }
            rest = &rest[before.len()..];
            let length = match what {
                PatternTail::Decimal(group) => decimal(rest, &mut found.0[*group]),
                PatternTail::Hexadecimal(group) => hexadecimal(rest, &mut found.0[*group]),
                PatternTail::Digits => decimal(rest, &mut 0),
                PatternTail::Run(set) => run(rest, set),
                PatternTail::Begin(group) => {
                    found.0[*group] = ((line.len() - rest.len()) as u64) << 32;
                    continue;
                }
                PatternTail::End(group) => {
                    found.0[*group] |= (line.len() - rest.len()) as u64;
                    continue;
                }
                PatternTail::Nothing => continue,
            };
            if length == 0 {
                return false;
            }
            rest = &rest[length..];
        }
        true
    }

    /// Whether a group is read as a number while matching: it can't be anything else.
    pub(crate) const fn is_number(&self, group: usize) -> bool {
        self.numbers[group]
    }

    /// The value of a group that is a number.
    #[inline]
    pub(crate) fn number(&self, line: &[u8], found: &GroupValues, group: usize) -> u64 {
        if self.numbers[group] { found.0[group] } else { number(found.text(line, group)) }
    }
}

impl GroupValues {
    /// The text of a group that is not a number.
    #[inline]
    pub(crate) fn text<'l>(&self, line: &'l [u8], group: usize) -> &'l [u8] {
        line.get(self.start(group)..half(self.0[group])).unwrap_or_default()
    }

    /// Where the text of a group that is not a number starts.
    #[inline]
    pub(crate) fn start(&self, group: usize) -> usize {
        half(self.0[group] >> 32)
    }
}

/// The low half of a text's position.
#[inline]
fn half(position: u64) -> usize {
    usize::try_from(position & 0xffff_ffff).unwrap_or(usize::MAX)
}

/// Number of bytes of a set at the start of `text`.
#[inline]
fn run(text: &[u8], set: &ByteSet) -> usize {
    let mut rest = text;
    while let [byte, after @ ..] = rest
        && set[usize::from(*byte)]
    {
        rest = after;
    }
    text.len() - rest.len()
}

/// Reads a run of decimal digits, as [`number`] does; returns its length.
#[inline]
fn decimal(text: &[u8], value: &mut u64) -> usize {
    if let Some((read, length)) = digits::decimal(text) {
        *value = read;
        return length;
    }
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    *value = number(&text[..length]);
    length
}

/// Reads `0x` and a run of hexadecimal digits, `a` to `f`; returns its length.
#[inline]
fn hexadecimal(text: &[u8], value: &mut u64) -> usize {
    let [b'0', b'x', rest @ ..] = text else { return 0 };
    if let Some((read, length)) = digits::hexadecimal(rest) {
        *value = read;
        return if length == 0 { 0 } else { length + 2 };
    }
    let is_digit = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let length = match rest.iter().take_while(is_digit).count() {
        0 => 0,
        n => n + 2,
    };
    *value = number(&text[..length]);
    length
}

/// Whether a set has exactly these bytes.
fn is_set_of(set: &ByteSet, bytes: &[u8]) -> bool {
    (0..=u8::MAX).all(|byte| set[usize::from(byte)] == bytes.contains(&byte))
}

/// Fuses the pieces of groups that are numbers, and leaves out unused groups.
fn fuse(mut pieces: &[PatternPiece], wanted: impl Fn(usize) -> GroupKind) -> Vec<PatternPart> {
    let mut parts = Vec::new();
    let mut prefix = Vec::new();
    while let [first, others @ ..] = pieces {
        let (what, after) = match (number_of(pieces, &wanted), first) {
            (Some(number), _) => number,
            (None, PatternPiece::Literal(literal)) => {
                prefix.extend_from_slice(literal.bytes());
                pieces = others;
                continue;
            }
            (None, PatternPiece::Run(set)) => (PatternTail::Run(set.clone()), others),
            (None, PatternPiece::Begin(group) | PatternPiece::End(group))
                if wanted(*group) == GroupKind::Nothing =>
            {
                pieces = others;
                continue;
            }
            (None, PatternPiece::Begin(group)) => (PatternTail::Begin(*group), others),
            (None, PatternPiece::End(group)) => (PatternTail::End(*group), others),
        };
        parts.push(PatternPart { before: Literal::new(&std::mem::take(&mut prefix)), what });
        pieces = after;
    }
    if !prefix.is_empty() {
        parts.push(PatternPart { before: Literal::new(&prefix), what: PatternTail::Nothing });
    }
    parts
}

/// The number that these pieces start with, and the pieces after it.
fn number_of(
    pieces: &[PatternPiece],
    wanted: impl Fn(usize) -> GroupKind,
) -> Option<(PatternTail, &[PatternPiece])> {
    let is_number = |group: usize| wanted(group) == GroupKind::Number;
    Some(match pieces {
        [PatternPiece::Begin(group), PatternPiece::Run(set), PatternPiece::End(_), after @ ..]
            if is_number(*group) && is_set_of(set, b"0123456789") =>
        {
            (PatternTail::Decimal(*group), after)
        }
        [
            PatternPiece::Begin(group),
            PatternPiece::Literal(zero),
            PatternPiece::Run(set),
            PatternPiece::End(_),
            after @ ..,
        ] if is_number(*group) && zero.bytes() == b"0x" && is_set_of(set, b"0123456789abcdef") => {
            (PatternTail::Hexadecimal(*group), after)
        }
        [PatternPiece::Run(set), after @ ..] if is_set_of(set, b"0123456789") => {
            (PatternTail::Digits, after)
        }
        _ => return None,
    })
}

impl PatternPiece {
    /// Bytes that the piece may start with.
    fn first_bytes(&self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |byte| match self {
            Self::Literal(literal) => literal.bytes().first() == Some(byte),
            Self::Run(set) => set[usize::from(*byte)],
            _ => false,
        })
    }
}

/// Adds the pieces of `hir`; `None` if it has anything else.
fn flatten(hir: &Hir, pieces: &mut Vec<PatternPiece>) -> Option<()> {
    match hir.kind() {
        HirKind::Literal(literal) => pieces.push(PatternPiece::Literal(Literal::new(&literal.0))),
        HirKind::Concat(all) => all.iter().try_for_each(|piece| flatten(piece, pieces))?,
        HirKind::Capture(capture) => {
            let group = usize::try_from(capture.index).ok().filter(|group| *group < GROUPS)?;
            pieces.push(PatternPiece::Begin(group));
            flatten(&capture.sub, pieces)?;
            pieces.push(PatternPiece::End(group));
        }
        HirKind::Repetition(run) if run.greedy && (run.min, run.max) == (1, None) => {
            let HirKind::Class(Class::Bytes(class)) = run.sub.kind() else { return None };
            let mut set = Box::new([false; 256]);
            for range in class.ranges() {
                set[usize::from(range.start())..=usize::from(range.end())].fill(true);
            }
            pieces.push(PatternPiece::Run(set));
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;

    use super::{GroupKind, GroupValues, LiteralPattern, number};

    fn straight(pattern: &str, wanted: impl Fn(usize) -> GroupKind) -> Option<LiteralPattern> {
        let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
        LiteralPattern::new(&parser.parse(pattern).unwrap(), wanted)
    }

    #[test]
    fn what_is_not_decided_is_left_to_the_regex() {
        for pattern in
            ["a|b", "a.*b", r"x\d*", r"\d+x", r"x\d+?y", r"x\d+7", r"x[a-c]+\d+b?", "(?i)x"]
        {
            assert!(straight(pattern, |_| GroupKind::Text).is_none(), "{pattern}");
        }
        let pattern = r"map:\d+ ch (?<c>\d+) pa (?<pa>0x[0-9a-f]+) ret (?<r>\S+)";
        assert!(straight(pattern, |_| GroupKind::Text).is_some());
    }

    #[test]
    fn numbers_that_do_not_fit_are_distinguished_by_their_hash() {
        let pattern = straight(r"n (\d+) (0x[0-9a-f]+)", |_| GroupKind::Number).unwrap();
        for text in
            ["18446744073709551615 0xffffffffffffffff", "99999999999999999999 0x10000000000000000"]
        {
            let line = format!("n {text}");
            let mut found = GroupValues::default();
            assert!(pattern.find(line.as_bytes(), 0, &mut found));
            let read = [1, 2].map(|group| pattern.number(line.as_bytes(), &found, group));
            let parts: Vec<_> = text.split(' ').map(|part| number(part.as_bytes())).collect();
            assert_eq!(read.as_slice(), parts);
        }
    }

    fn part() -> impl Strategy<Value = &'static str> {
        let parts = [
            "a",
            "ab",
            "x ",
            "abaxxb a0",
            "b",
            r"\d+",
            "[a-c]+",
            "([a-c]+)",
            "(0x[0-9a-f]+)",
            "(0x[0-1]+)",
            r"(\d+)",
            "([0-1]+)",
            r"(\S+)",
        ];
        prop::sample::select(parts.to_vec())
    }

    proptest! {
        #[test]
        fn it_finds_what_the_regex_finds(
            parts in prop::collection::vec(part(), 1..6),
            numbers in any::<bool>(),
            line in "[abx0-2 ]{0,24}",
        ) {
            let pattern = parts.concat();
            let want = if numbers { GroupKind::Number } else { GroupKind::Text };
            let Some(straight) = straight(&pattern, |_| want) else { return Ok(()) };
            let regex = RegexBuilder::new(&pattern).unicode(false).build().unwrap();
            let mut ours = GroupValues::default();
            let line = line.as_bytes();
            let there = straight.find(line, 0, &mut ours);
            let theirs = regex.captures(line);
            prop_assert_eq!(there, theirs.is_some(), "{} in {:?}", &pattern, &line);
            let groups = theirs.iter().flat_map(|found| found.iter()).enumerate().skip(1);
            for (group, theirs) in groups {
                let theirs = theirs.map_or(&b""[..], |found| found.as_bytes());
                if numbers {
                    prop_assert_eq!(straight.number(line, &ours, group), number(theirs));
                } else {
                    prop_assert_eq!(ours.text(line, group), theirs);
                }
            }
        }
    }
}
