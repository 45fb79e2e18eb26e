//! Patterns that one look from left to right decides: literals and runs of bytes, each of which ends
//! where the next part begins. Trace lines are like that, and a regex engine takes ten times as long.
//!
//! Invariant: finds what the regex finds, or is not made at all (`tests` compare the two).

use std::ops::Range;

use memchr::memmem::Finder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Most groups of a pattern that is taken, the whole match included.
const GROUPS: usize = 16;

/// Where the groups of a match are; empty for those that it has not.
pub(super) type Found = [Range<usize>; GROUPS];

/// A pattern of that kind.
#[derive(Clone, Debug)]
pub(super) struct Straight {
    /// Where a match begins.
    first: Finder<'static>,
    /// What follows.
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(Box<[u8]>),
    /// At least one byte of a set, and as many as there are.
    Run(Box<[bool; 256]>),
    Begin(usize),
    End(usize),
}

impl Straight {
    /// The pattern, if it is one of that kind.
    pub(super) fn new(hir: &Hir) -> Option<Self> {
        let mut parts = Vec::new();
        flatten(hir, &mut parts)?;
        let Part::Literal(first) = parts.first()? else { return None };
        let first = Finder::new(first).into_owned();
        let solid = |part: &&Part| matches!(part, Part::Literal(_) | Part::Run(_));
        let solids: Vec<_> = parts.iter().filter(solid).collect();
        let decided = solids.windows(2).all(|pair| match pair {
            [Part::Run(set), next] => next.begins().all(|byte| !set[usize::from(byte)]),
            _ => true,
        });
        parts.remove(0);
        decided.then_some(Self { first, parts })
    }

    /// The leftmost match in `line`.
    pub(super) fn find(&self, line: &[u8]) -> Option<Found> {
        let length = self.first.needle().len();
        let mut from = 0;
        while let Some(at) = self.first.find(&line[from..]) {
            let begin = from + at;
            if let Some(found) = self.rest(line, begin + length) {
                return Some(found);
            }
            from = begin + 1;
        }
        None
    }

    /// What follows the first literal, from `at` on.
    fn rest(&self, line: &[u8], mut at: usize) -> Option<Found> {
        let mut found = Found::default();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => {
                    at += line[at..].starts_with(literal).then_some(literal.len())?;
                }
                Part::Run(set) => {
                    let rest = &line[at..];
                    let end = rest.iter().position(|byte| !set[usize::from(*byte)]);
                    let length = end.unwrap_or(rest.len());
                    if length == 0 {
                        return None;
                    }
                    at += length;
                }
                Part::Begin(group) => found[*group] = at..at,
                Part::End(group) => found[*group].end = at,
            }
        }
        Some(found)
    }
}

impl Part {
    /// Bytes that it may begin with.
    fn begins(&self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |byte| match self {
            Self::Literal(literal) => literal.first() == Some(byte),
            Self::Run(set) => set[usize::from(*byte)],
            Self::Begin(_) | Self::End(_) => false,
        })
    }
}

/// Adds the parts of `hir`; `None` if there is one of another kind.
fn flatten(hir: &Hir, parts: &mut Vec<Part>) -> Option<()> {
    match hir.kind() {
        HirKind::Literal(literal) => parts.push(Part::Literal(literal.0.clone())),
        HirKind::Concat(all) => all.iter().try_for_each(|part| flatten(part, parts))?,
        HirKind::Capture(capture) => {
            let group = usize::try_from(capture.index).ok().filter(|group| *group < GROUPS)?;
            parts.push(Part::Begin(group));
            flatten(&capture.sub, parts)?;
            parts.push(Part::End(group));
        }
        HirKind::Repetition(run) if run.greedy && (run.min, run.max) == (1, None) => {
            let HirKind::Class(Class::Bytes(class)) = run.sub.kind() else { return None };
            let mut set = Box::new([false; 256]);
            for range in class.ranges() {
                set[usize::from(range.start())..=usize::from(range.end())].fill(true);
            }
            parts.push(Part::Run(set));
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;

    use super::Straight;

    fn straight(pattern: &str) -> Option<Straight> {
        let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
        Straight::new(&parser.parse(pattern).unwrap())
    }

    #[test]
    fn what_is_not_decided_is_left_to_the_regex() {
        for pattern in
            ["a|b", "a.*b", r"x\d*", r"\d+x", r"x\d+?y", r"x\d+7", r"x[a-c]+\d+b?", "(?i)x"]
        {
            assert!(straight(pattern).is_none(), "{pattern}");
        }
        assert!(straight(r"map:\d+ ch (?<c>\d+) pa (?<pa>0x[0-9a-f]+) ret (?<r>\S+)").is_some());
    }

    fn part() -> impl Strategy<Value = &'static str> {
        let parts = ["a", "ab", "x ", "b", r"\d+", "[a-c]+", "(0x[0-9a-f]+)", r"(\d+)", r"(\S+)"];
        prop::sample::select(parts.to_vec())
    }

    proptest! {
        #[test]
        fn it_finds_what_the_regex_finds(
            parts in prop::collection::vec(part(), 1..6),
            line in "[abx0-2 ]{0,24}",
        ) {
            let pattern = parts.concat();
            let Some(straight) = straight(&pattern) else { return Ok(()) };
            let regex = RegexBuilder::new(&pattern).unicode(false).build().unwrap();
            let ours = straight.find(line.as_bytes());
            let theirs = regex.captures(line.as_bytes());
            prop_assert_eq!(ours.is_some(), theirs.is_some(), "{} in {:?}", &pattern, &line);
            let (Some(ours), Some(theirs)) = (ours, theirs) else { return Ok(()) };
            let theirs = theirs.iter().skip(1).map(|found| found.map(|found| found.range()));
            for (theirs, ours) in theirs.zip(&ours[1..]) {
                prop_assert_eq!(theirs.as_ref(), Some(ours));
            }
        }
    }
}
