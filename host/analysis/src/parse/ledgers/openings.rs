//! Which parsers a line may be of: a ledger begins with a line that has certain words in it.
//!
//! Most lines of most logs have none of these words, which one pass over the line shows.

use std::sync::{Arc, LazyLock};

use super::{LedgerParser, Tables, parsers};
use crate::catalogue::Prefilter;

/// Words that the first lines of ledgers have.
pub(super) struct Openings {
    words: Prefilter,
    /// Bits of the parsers that any line may be of.
    wordless: u64,
}

impl Openings {
    /// Those of all parsers, with the tables that everybody has.
    pub(super) fn built_in() -> Arc<Self> {
        static BUILT_IN: LazyLock<Arc<Openings>> =
            LazyLock::new(|| Arc::new(Openings::new(&parsers(Tables::built_in()))));
        Arc::clone(&BUILT_IN)
    }

    pub(super) fn new(parsers: &[LedgerParser]) -> Self {
        let all: Vec<_> = parsers.iter().map(LedgerParser::opening_words).collect();
        let literals = all
            .iter()
            .enumerate()
            .flat_map(|(at, words)| words.iter().map(move |word| (at, word.as_bytes())));
        let wordless = all.iter().enumerate().filter(|(_, words)| words.is_empty());
        Self {
            words: Prefilter::new(literals),
            wordless: wordless.fold(0, |bits, (at, _)| bits | 1 << at),
        }
    }

    /// Bits of the parsers that a line may begin a ledger of.
    pub(super) fn candidates(&self, line: &str) -> u64 {
        let candidates = self.words.candidates(line.as_bytes());
        let bits = candidates.into_iter().flatten().map(|at| 1 << at);
        bits.fold(self.wordless, |bits, bit| bits | bit)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use crate::parse::ledgers::LedgerReader;

    fn texts(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => texts(&path, found),
                false => found.push((path.display().to_string(), fs::read(&path).unwrap())),
            }
        }
    }

    /// Reads a text with each parser asked about each line.
    fn read_by_all(name: &str, text: &[u8]) -> String {
        let mut reader = LedgerReader::new(name);
        assert!(reader.openings.words.is_fast(), "too many words for vector instructions");
        for line in text.split(|byte| *byte == b'\n') {
            reader.begun = u64::MAX;
            reader.line(line);
        }
        format!("{:?}", reader.finish())
    }

    #[test]
    fn no_parser_misses_a_line() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
        let mut all = Vec::new();
        texts(&fixtures.join("normal-world"), &mut all);
        texts(&fixtures.join("log"), &mut all);
        assert!(all.len() > 100, "{}", all.len());
        let everything = all.iter().flat_map(|(_, text)| text.iter().copied()).collect();
        all.push(("everything".into(), everything));
        for (name, text) in all {
            let mut reader = LedgerReader::new(&name);
            text.split(|byte| *byte == b'\n').for_each(|line| reader.line(line));
            assert_eq!(format!("{:?}", reader.finish()), read_by_all(&name, &text), "{name}");
        }
    }
}
