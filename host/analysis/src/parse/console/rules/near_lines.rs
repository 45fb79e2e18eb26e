//! Lines that nearly fit: those with most of the words of a file's patterns.
//!
//! Only lines of chunks in which nothing of the file fits are looked at, so a file that fits costs nothing.

use aho_corasick::AhoCorasick;
use regex_syntax::hir::{Hir, HirKind};

use crate::model::SourceLocation;

/// Most words of a file.
const WORDS: usize = 64;

/// Shortest word, in bytes.
const SHORTEST: usize = 3;

/// Least sum of the lengths of a line's words: two short words, or a long one.
const LEAST: u32 = 6;

/// Lines that are kept.
pub(in crate::parse::console) const KEPT: usize = 3;

/// Longest part of a line that is kept, in bytes.
const LONGEST: usize = 160;

/// The words of a file's patterns.
#[derive(Clone, Debug, Default)]
pub(in crate::parse::console) struct PatternWords {
    words: Vec<Vec<u8>>,
    search: Option<AhoCorasick>,
}

/// A line, and the words that it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::parse::console) struct RankedLine {
    /// Sum of the lengths of its words.
    pub(in crate::parse::console) score: u32,
    /// Its line in the chunk from 0, then in its source.
    pub(in crate::parse::console) place: SourceLocation,
    pub(in crate::parse::console) text: Box<str>,
    /// Its words, one bit each.
    words: u64,
}

/// The best lines: the first of those with the same words.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(in crate::parse::console) struct BestLines(pub(in crate::parse::console) Vec<RankedLine>);

impl PatternWords {
    /// The words of texts that are no patterns, such as the names of steps.
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Self {
        let mut words: Vec<Vec<u8>> = Vec::new();
        let is_end = |byte: &u8| !byte.is_ascii_alphanumeric();
        for word in texts.flat_map(|text| text.split(is_end)) {
            let word = word.to_ascii_lowercase();
            if word.len() >= SHORTEST && words.len() < WORDS && !words.contains(&word) {
                words.push(word);
            }
        }
        let mut builder = AhoCorasick::builder();
        let search = builder.ascii_case_insensitive(true).build(&words).ok();
        Self { search: search.filter(|_| !words.is_empty()), words }
    }

    /// The words of regular expressions.
    pub(super) fn of_patterns<'p>(patterns: impl Iterator<Item = &'p str>) -> Self {
        let mut literals = Vec::new();
        for pattern in patterns {
            let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
            if let Ok(hir) = parser.parse(pattern) {
                collect_literals(&hir, &mut literals);
            }
        }
        Self::new(literals.iter().map(Vec::as_slice))
    }

    /// Adds the lines of `chunk` that have its words.
    pub(super) fn collect(&self, chunk: &[u8], best: &mut BestLines) {
        let Some(search) = &self.search else { return };
        let (mut end, mut start, mut words) = (0, 0, 0);
        for found in search.find_iter(chunk) {
            if found.start() >= end {
                self.offer(chunk, (start, end), words, best);
                start = memchr::memrchr(b'\n', &chunk[..found.start()]).map_or(0, |at| at + 1);
                let length = memchr::memchr(b'\n', &chunk[found.start()..]);
                end = length.map_or(chunk.len(), |length| found.start() + length);
                words = 0;
            }
            words |= 1_u64 << found.pattern().as_usize();
        }
        self.offer(chunk, (start, end), words, best);
    }

    fn offer(&self, chunk: &[u8], (start, end): (usize, usize), words: u64, best: &mut BestLines) {
        let score = self.score(words);
        if score < LEAST || !best.takes(score, words) {
            return;
        }
        let text = chunk[start..end].trim_ascii();
        best.add(RankedLine {
            score,
            place: SourceLocation {
                source: "".into(),
                at: memchr::memchr_iter(b'\n', &chunk[..start]).count() as u64,
            },
            text: String::from_utf8_lossy(&text[..text.len().min(LONGEST)]).into(),
            words,
        });
    }

    fn score(&self, words: u64) -> u32 {
        let is_found = |at: &usize| words & 1 << at != 0;
        let lengths = (0..self.words.len()).filter(is_found).map(|at| self.words[at].len());
        u32::try_from(lengths.sum::<usize>()).unwrap_or(u32::MAX)
    }
}

impl BestLines {
    /// Whether a line with these words would be among them.
    fn takes(&self, score: u32, words: u64) -> bool {
        let is_known = self.0.iter().any(|line| line.words == words);
        let is_better = self.0.len() < KEPT || self.0.iter().any(|line| line.score < score);
        is_better && !is_known
    }

    fn add(&mut self, line: RankedLine) {
        let at = self.0.iter().position(|known| known.score < line.score);
        self.0.insert(at.unwrap_or(self.0.len()), line);
        self.0.truncate(KEPT);
    }

    /// Adds those of later lines.
    pub(in crate::parse::console) fn merge(&mut self, later: Self) {
        for line in later.0 {
            if self.takes(line.score, line.words) {
                self.add(line);
            }
        }
    }
}

fn collect_literals(hir: &Hir, literals: &mut Vec<Vec<u8>>) {
    match hir.kind() {
        HirKind::Literal(literal) => literals.push(literal.0.to_vec()),
        HirKind::Capture(capture) => collect_literals(&capture.sub, literals),
        HirKind::Repetition(repetition) => collect_literals(&repetition.sub, literals),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| collect_literals(part, literals));
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BestLines, KEPT, LEAST, PatternWords};

    const PATTERN: &str =
        r"buf_map: channel (?<channel>\d+) pa (?<pa>0x[0-9a-f]+) ret (?<result>\S+)";

    fn best(chunk: &str) -> Vec<(u64, String)> {
        let mut best = BestLines::default();
        PatternWords::of_patterns([PATTERN].into_iter()).collect(chunk.as_bytes(), &mut best);
        best.0.into_iter().map(|line| (line.place.at, line.text.into())).collect()
    }

    #[test]
    fn the_lines_with_most_of_the_words_come_first() {
        let chunk = "booting\nbuf map of channel 3\nmap\nBUF_MAP: CHANNEL 3 ret=0\nbuf_map: channel 4 ret=0\n";
        let lines = [(3, "BUF_MAP: CHANNEL 3 ret=0"), (1, "buf map of channel 3")];
        assert_eq!(best(chunk), lines.map(|(line, text)| (line, text.to_owned())));
        assert!(best("a line\nwith a map\n").is_empty());
    }

    proptest! {
        #[test]
        fn it_finds_the_best_line_that_a_naive_search_finds(
            lines in prop::collection::vec("(buf|map|channel|ret|x| ){0,6}", 0..12),
        ) {
            let words = ["buf", "map", "channel", "ret"];
            let score = |line: &String| {
                let found = words.iter().filter(|word| line.contains(**word));
                found.map(|word| word.len()).sum::<usize>()
            };
            let naive = lines.iter().map(score).max().filter(|most| *most >= LEAST as usize);
            let found = best(&lines.join("\n"));
            prop_assert!(found.len() <= KEPT);
            let first = found.first().map(|(_, text)| score(text));
            prop_assert_eq!(first, naive);
        }
    }
}
