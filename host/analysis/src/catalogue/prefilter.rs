//! Finds the entries whose literal occurs in a line, in one pass.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, packed};

/// The literals of some entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefilter {
    /// Says with vector instructions that no literal occurs, which is so for nearly all lines.
    gate: Option<packed::Searcher>,
    automaton: Option<AhoCorasick>,
    /// The entry of each literal.
    entries: Vec<usize>,
}

impl Prefilter {
    /// A filter for entries, each with its literal.
    pub(crate) fn new<'e>(literals: impl Iterator<Item = (usize, &'e [u8])>) -> Self {
        let (entries, literals): (Vec<_>, Vec<_>) = literals.unzip();
        let mut builder = AhoCorasick::builder();
        builder.match_kind(MatchKind::Standard).kind(Some(AhoCorasickKind::DFA));
        let automaton = builder.build(&literals).ok().filter(|_| !literals.is_empty());
        Self { gate: gate(&literals), automaton, entries }
    }

    /// Entries that may match `text`, in their order; `None` for none.
    #[inline]
    pub(crate) fn candidates(&self, text: &[u8]) -> Option<Vec<usize>> {
        if let Some(gate) = &self.gate {
            gate.find(text)?;
        }
        self.collect(text)
    }

    /// Whether lines without any literal are recognized with vector instructions.
    #[cfg(test)]
    pub(crate) const fn is_fast(&self) -> bool {
        self.gate.is_some()
    }

    #[cold]
    fn collect(&self, text: &[u8]) -> Option<Vec<usize>> {
        let matches = self.automaton.as_ref()?.find_overlapping_iter(text);
        let mut entries: Vec<_> =
            matches.filter_map(|one| self.entries.get(one.pattern().as_usize()).copied()).collect();
        entries.sort_unstable();
        entries.dedup();
        (!entries.is_empty()).then_some(entries)
    }
}

/// The literals that contain no other one; `None` if there are too many for vector instructions.
fn gate(literals: &[&[u8]]) -> Option<packed::Searcher> {
    let is_longer = |one: &&[u8], other: &&[u8]| {
        one.len() > other.len() && memchr::memmem::find(one, other).is_some()
    };
    let mut shortest: Vec<_> = { literals.iter() }
        .filter(|one| !literals.iter().any(|other| is_longer(one, other)))
        .collect();
    shortest.sort_unstable();
    shortest.dedup();
    packed::Config::new().builder().extend(shortest).build()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Prefilter;

    proptest! {
        #[test]
        fn it_finds_what_a_naive_search_finds(
            literals in prop::collection::vec("[ab]{1,3}", 1..8), text in "[abc]{0,24}",
        ) {
            let filter = Prefilter::new(
                literals.iter().enumerate().map(|(at, literal)| (at, literal.as_bytes())),
            );
            let naive: Vec<_> = (0..literals.len()).filter(|at| text.contains(&literals[*at])).collect();
            prop_assert_eq!(filter.candidates(text.as_bytes()).unwrap_or_default(), naive);
        }
    }
}
