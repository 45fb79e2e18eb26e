//! Finds which rules may match which lines of a chunk, in one pass.

use aho_corasick::{AhoCorasick, Input, MatchKind, packed};
use memchr::memmem::Finder;

use crate::parse::console::lines::literal::Literal;

/// A set of rules; rules 64 apart share a bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Which(u64);

impl Which {
    /// No rule.
    const NONE: Self = Self(0);

    /// All rules.
    const ALL: Self = Self(u64::MAX);

    const fn for_rule(rule: usize) -> Self {
        Self(1 << (rule % 64))
    }

    #[inline]
    pub(super) const fn contains(self, rule: usize) -> bool {
        self.0 & Self::for_rule(rule).0 != 0
    }

    const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Rules that may match a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::parse::console) struct Hits {
    pub(super) which: Which,
    /// Offset in the line of the first of their literals, or 0.
    pub(super) from: usize,
}

impl Hits {
    /// No rule.
    pub(in crate::parse::console) const NONE: Self = Self { which: Which::NONE, from: 0 };

    /// All rules, anywhere in the line.
    pub(in crate::parse::console) const ANY: Self = Self { which: Which::ALL, from: 0 };

    /// The same rules, anywhere in the line.
    #[inline]
    pub(in crate::parse::console) const fn anywhere(self) -> Self {
        Self { from: 0, ..self }
    }

    /// Whether no rule may match.
    #[inline]
    pub(in crate::parse::console) const fn is_none(self) -> bool {
        self.which.0 == 0
    }
}

/// A literal, and the rules whose literals occur wherever it does.
type Entry = (Box<[u8]>, Which);

/// Finds the next literal, and the rules of all literals that start there.
#[derive(Clone, Debug)]
enum Search {
    /// The literals share a prefix, as those of one vendor's traces do; with the rest of each.
    Alike(Finder<'static>, Vec<(Literal, Which)>),
    /// Up to some hundred literals, with vector instructions; finds the longest that starts there.
    Packed(packed::Searcher, Vec<Entry>),
    /// Any number of literals; finds the longest that starts there.
    Any(AhoCorasick, Vec<Entry>),
}

/// Shortest common prefix that is searched for, in bytes.
const ALIKE: usize = 4;

impl Search {
    /// `None` without literals, or if there are too many.
    fn new(literals: Vec<Entry>) -> Option<Self> {
        let (first, _) = literals.first()?;
        let common_length =
            literals.iter().map(|(literal, _)| common_prefix_length(first, literal)).min()?;
        if common_length >= ALIKE {
            let finder = Finder::new(&first[..common_length]).into_owned();
            let rests = literals.iter().map(|(literal, which)| (&literal[common_length..], *which));
            let rests = rests.map(|(rest, which)| (Literal::new(rest), which)).collect();
            return Some(Self::Alike(finder, rests));
        }
        let bytes = || literals.iter().map(|(literal, _)| literal);
        let kind = packed::MatchKind::LeftmostLongest;
        let packed = packed::Config::new().match_kind(kind).builder().extend(bytes()).build();
        if let Some(packed) = packed {
            return Some(Self::Packed(packed, literals));
        }
        let mut builder = AhoCorasick::builder();
        let automaton = builder.match_kind(MatchKind::LeftmostLongest).build(bytes()).ok()?;
        Some(Self::Any(automaton, literals))
    }

    #[inline]
    fn find(&self, chunk: &[u8], mut from: usize) -> Option<(usize, Which)> {
        let (found, literals) = match self {
            Self::Alike(finder, rests) => loop {
                let position = from + finder.find(chunk.get(from..)?)?;
                let tail = &chunk[position + finder.needle().len()..];
                let mut rule_set = Which::NONE;
                let matches = rests.iter().filter(|(rest, _)| rest.is_prefix_of(tail));
                matches.for_each(|(_, rules)| rule_set.add(*rules));
                if rule_set != Which::NONE {
                    return Some((position, rule_set));
                }
                from = position + 1;
            },
            Self::Packed(packed, literals) => {
                (packed.find_in(chunk, (from..chunk.len()).into())?, literals)
            }
            Self::Any(any, literals) => (any.find(Input::new(chunk).range(from..))?, literals),
        };
        let (_, which) = literals.get(found.pattern().as_usize())?;
        Some((found.start(), *which))
    }
}

/// Length of the common prefix of two literals, in bytes.
fn common_prefix_length(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// The literals of all rules, which every match of a rule contains.
#[derive(Clone, Debug, Default)]
pub(super) struct Literals {
    search: Option<Search>,
    /// Rules without a literal.
    always: Which,
    /// All rules.
    all: Which,
}

impl Literals {
    /// The literals of all rules, in order; empty for a rule without one.
    pub(super) fn new(all: &[&[u8]]) -> Self {
        let mut literals = Self::default();
        let mut distinct: Vec<Entry> = Vec::new();
        for (at, literal) in all.iter().enumerate() {
            literals.all.add(Which::for_rule(at));
            if literal.is_empty() {
                literals.always.add(Which::for_rule(at));
            } else if !distinct.iter().any(|(known, _)| **known == **literal) {
                distinct.push(((*literal).into(), Which::NONE));
            }
        }
        // Where a literal occurs, all its prefixes occur too.
        for (one, which) in &mut distinct {
            let is_contained = |literal: &[u8]| !literal.is_empty() && one.starts_with(literal);
            let rules = all.iter().enumerate().filter(|(_, literal)| is_contained(literal));
            rules.for_each(|(at, _)| which.add(Which::for_rule(at)));
        }
        let is_empty = distinct.is_empty();
        literals.search = Search::new(distinct);
        if literals.search.is_none() && !is_empty {
            literals.always = literals.all;
        }
        literals
    }
}

/// Position of the next literal in a chunk: lines before it are skipped.
pub(in crate::parse::console) struct Cursor<'a> {
    chunk: &'a [u8],
    literals: &'a Literals,
    next: usize,
    which: Which,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(literals: &'a Literals, chunk: &'a [u8]) -> Self {
        let mut cursor = Self { chunk, literals, next: 0, which: Which::NONE };
        cursor.seek(0);
        cursor
    }

    /// Rules that may match between `start` and `end`; to be called in rising order.
    #[inline]
    pub(in crate::parse::console) fn hits(&mut self, start: usize, end: usize) -> Hits {
        if self.next >= end {
            return Hits { which: self.literals.always, from: 0 };
        }
        if self.next < start {
            self.seek(start);
        }
        let offset = self.next.min(end) - start;
        Hits { which: self.hits_here(end), from: offset }
    }

    #[inline]
    fn hits_here(&mut self, end: usize) -> Which {
        let mut hits = self.literals.always;
        while self.next < end && hits != self.literals.all {
            hits.add(self.which);
            self.seek(self.next + 1);
        }
        hits
    }

    fn seek(&mut self, from: usize) {
        let search = self.literals.search.as_ref();
        let next_match = search.and_then(|search| search.find(self.chunk, from));
        (self.next, self.which) = next_match.unwrap_or((usize::MAX, Which::NONE));
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Literals, Which};

    /// What each line of `chunk` may be matched by.
    fn hits(literals: &[&str], chunk: &str) -> Vec<Which> {
        let literals: Vec<_> = literals.iter().map(|literal| literal.as_bytes()).collect();
        let literals = Literals::new(&literals);
        let mut cursor = Cursor::new(&literals, chunk.as_bytes());
        let mut start = 0;
        let lines = chunk.split_inclusive('\n').map(|line| {
            start += line.len();
            cursor.hits(start - line.len(), start - 1).which
        });
        lines.collect()
    }

    #[test]
    fn lines_without_a_literal_are_skipped() {
        let found = hits(&["--- loop "], "a\nb --- loop 1\nc\n");
        assert_eq!(found, [Which::NONE, Which(1), Which::NONE]);
    }

    #[test]
    fn literals_within_and_across_each_other_are_found() {
        let literals = ["buf_map", "buf_map: ch", "map: ", "buf_map"];
        assert_eq!(hits(&literals, "x buf_map: ch 3\nbuf_map\n"), [Which(0b1111), Which(0b1001)]);
        let alike = ["buf_map", "buf_map: ch", "buf_unmap"];
        let found = hits(&alike, "buf_u buf_map: ch\nbuf_m\nbuf_unmap buf_map\n");
        assert_eq!(found, [Which(0b11), Which::NONE, Which(0b101)]);
        let many: Vec<_> = (0..500).map(|n| format!("{n:03}.")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(hits(&many, "x 017.\nx 17.\n"), [Which(1 << 17), Which::NONE]);
    }

    #[test]
    fn a_rule_without_a_literal_may_match_anywhere() {
        assert_eq!(hits(&["", "b"], "a\nb\n"), [Which(1), Which(3)]);
        assert_eq!(hits(&[""], "a\nb\n"), [Which(1), Which(1)]);
        assert_eq!(hits(&[], "a\n"), [Which::NONE]);
    }
}
