//! Pools that a tool prints on one line, in words of its own.
//!
//! ```text
//! Pool: Heap allocated 41120 of 98288, max 52304, failed 0
//! TAHEAP: heap_size 12582912 cur_alloc 1966080 max_alloc 2359296 fail 0
//! core_heap: size=98288 used=41120 peak=52304 fail=0
//! ```
//!
//! A line is a name, then words each with a number. [`FIGURES`] and [`POOLS`] list the spellings. A line
//! is a pool's only if it has the amount in use (or free), its size, and a name with a word for memory.

use memchr::memchr3_iter;

use super::{
    fact::StatLine,
    pool_spellings::{FIGURES, MEMORY_WORDS, POOLS, PoolFigure, TAGS, TROUBLE_WORDS},
};
use crate::{
    model::{Pool, PoolKind, PoolUnit},
    parse::console::lines::bytes::{dec, hex0x},
};

/// Longest line that is read as a pool's, in bytes.
const LONGEST: usize = 240;

/// Reads a line; `None` for an unrelated line.
pub(crate) fn read(line: &[u8]) -> Option<StatLine> {
    if !is_candidate(line) {
        return None;
    }
    let mut words = FigureWords {
        text: line,
        name: String::new(),
        pool: Pool::without_figures(PoolKind::CoreHeap, PoolUnit::Bytes),
        free: None,
    };
    words.read()?;
    words.finish().map(|pool| StatLine::Row(Box::new(pool)))
}

/// A cheap test that nearly all other lines fail.
fn is_candidate(line: &[u8]) -> bool {
    let ends =
        line.last().is_some_and(|last| last.is_ascii_alphanumeric() || b")%]".contains(last));
    ends && line.len() <= LONGEST
        && line.iter().filter(|byte| byte.is_ascii_digit()).take(3).count() == 3
        && has_word_of_use(line)
}

/// Whether a line has a word for memory that is in use or not.
fn has_word_of_use(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 3] = [b"alloc", b"use", b"free"];
    memchr3_iter(b'a', b'u', b'f', line)
        .any(|at| WORDS.iter().any(|word| line[at..].starts_with(word)))
}

/// A line, word by word.
struct FigureWords<'a> {
    text: &'a [u8],
    name: String,
    pool: Pool,
    free: Option<u64>,
}

impl FigureWords<'_> {
    /// Reads all pairs of a word and a number; the name stands before the first one.
    fn read(&mut self) -> Option<()> {
        let mut phrase = String::new();
        let mut n_figures = 0;
        while let Some(word) = self.word() {
            match word {
                Word::Text(text) if phrase.is_empty() && is_unit(text) && n_figures > 0 => {}
                Word::Text(text) => push_word(&mut phrase, text)?,
                Word::Number(value) => {
                    let (name, figure) = split_figure(&phrase);
                    if n_figures == 0 {
                        figure?;
                        self.name = name.to_owned();
                    }
                    if let Some(figure) = figure {
                        self.set(figure, value)?;
                    }
                    n_figures += 1;
                    phrase.clear();
                }
            }
        }
        (n_figures > 1).then_some(())
    }

    fn word(&mut self) -> Option<Word<'_>> {
        let start = self.text.iter().position(|byte| !is_separator(*byte))?;
        let text = &self.text[start..];
        if text[0] == b'/' {
            self.text = &text[1..];
            return Some(Word::Text("of"));
        }
        if text[0].is_ascii_digit() {
            let (value, rest) = hex0x(text).or_else(|| dec(text))?;
            let (scale, rest) = scale(rest);
            self.text = rest;
            return Some(Word::Number(value.saturating_mul(scale)));
        }
        let end = text.iter().position(|byte| is_separator(*byte) && *byte != b':');
        let end = end.unwrap_or(text.len());
        // A colon belongs to the word before it: it ends a tag.
        let colon = text[..end].iter().position(|byte| *byte == b':').map_or(end, |at| at + 1);
        self.text = &text[colon..];
        str::from_utf8(&text[..colon]).ok().map(Word::Text)
    }

    fn set(&mut self, figure: PoolFigure, value: u64) -> Option<()> {
        let pool = &mut self.pool;
        let place = match figure {
            PoolFigure::InUse => &mut pool.allocated,
            PoolFigure::Peak => &mut pool.max_allocated,
            PoolFigure::Size => &mut pool.size,
            PoolFigure::Free => &mut self.free,
            PoolFigure::LargestFree => &mut pool.largest_free,
            PoolFigure::Failures => &mut pool.num_alloc_fail,
            PoolFigure::BiggestFailure => &mut pool.biggest_alloc_fail,
            PoolFigure::UsedAtFailure => &mut pool.biggest_alloc_fail_used,
        };
        // The same figure twice is something else.
        place.is_none().then(|| *place = Some(value))
    }

    fn finish(self) -> Option<Pool> {
        let Self { name, mut pool, free, .. } = self;
        pool.allocated = pool.allocated.or_else(|| pool.size?.checked_sub(free?));
        pool.size = pool.size.or_else(|| pool.allocated?.checked_add(free?));
        let (used, size) = (pool.allocated?, pool.size?);
        pool.kind = kind(&name)?;
        (used <= size && size > 0).then_some(pool)
    }
}

enum Word<'a> {
    Text(&'a str),
    Number(u64),
}

fn is_separator(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b",;=()[]|%:\"'".contains(&byte)
}

fn is_unit(word: &str) -> bool {
    matches!(word, "bytes" | "byte" | "B" | "b")
}

/// The factor of a unit glued to a number, and the text after it.
fn scale(rest: &[u8]) -> (u64, &[u8]) {
    const UNITS: [(&[u8], u64); 5] =
        [(b"KiB", 1024), (b"KB", 1024), (b"kB", 1024), (b"K", 1024), (b"k", 1024)];
    let unit = UNITS.iter().find(|(unit, _)| rest.starts_with(unit));
    unit.map_or((1, rest), |(unit, factor)| (*factor, &rest[unit.len()..]))
}

/// Adds a word to a phrase; `None` if that is no phrase any more.
fn push_word(phrase: &mut String, word: &str) -> Option<()> {
    if !phrase.is_empty() && !phrase.ends_with(':') {
        phrase.push('_');
    }
    phrase.extend(word.chars().map(|letter| match letter {
        '-' => '_',
        other => other.to_ascii_lowercase(),
    }));
    (phrase.len() <= 64).then_some(())
}

/// Splits a phrase into what stands before a figure's spelling, and the figure.
fn split_figure(phrase: &str) -> (&str, Option<PoolFigure>) {
    let starts = std::iter::once(0).chain(phrase.match_indices(['_', ':']).map(|(at, _)| at + 1));
    let figure = |start: usize| {
        let spelling = phrase.get(start..)?.trim_end_matches(':');
        let row = FIGURES.iter().find(|(_, spellings)| spellings.contains(&spelling))?;
        Some((phrase.get(..start)?, Some(row.0)))
    };
    // The longest spelling wins, unless it takes a word that the pool's name needs.
    let figures = starts.filter_map(figure).collect::<Vec<_>>();
    let named_figure = figures.iter().find(|(name, _)| kind(name).is_some());
    named_figure.or(figures.first()).copied().unwrap_or((phrase, None))
}

/// The pool of that name; `None` if it is no pool's name.
fn kind(name: &str) -> Option<PoolKind> {
    let mut name = name.trim_matches(['_', ':']);
    loop {
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        if let Some((kind, _)) = POOLS.iter().find(|(_, names)| names.contains(&&*letters)) {
            return Some(kind.clone());
        }
        let Some((_, rest)) = name.split_once([':', '_']).filter(|(tag, _)| is_tag(tag)) else {
            break;
        };
        name = rest.trim_matches(['_', ':']);
    }
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let is_pool = has(&MEMORY_WORDS) && !has(&TROUBLE_WORDS);
    is_pool.then(|| PoolKind::Named(name.replace(['_', ':'], " ").trim().into()))
}

fn is_tag(word: &str) -> bool {
    let letters: String = word.chars().filter(char::is_ascii_alphabetic).collect();
    TAGS.contains(&&*letters)
}

/// Reads `Max memory usage increased to 9264`, printed by `mempool_alloc()` of optee_os
/// `lib/libutils/ext/mempool.c` with `CFG_MEMPOOL_REPORT_LAST_OFFSET=y`: the most that the pool of big
/// numbers ever held, each time that it rises.
pub(crate) fn high_water(message: &[u8]) -> Option<StatLine> {
    const STARTS: [&[u8]; 3] =
        [b"Max memory usage increased to ", b"Max mempool usage", b"Max pool usage"];
    let rest = STARTS.iter().find_map(|start| message.strip_prefix(*start))?;
    let digits = rest.iter().position(u8::is_ascii_digit)?;
    let (most, _) = dec(&rest[digits..])?;
    Some(StatLine::HighWater(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Label; allocated, size, most in use, failures.
    type Figures = (String, Option<u64>, Option<u64>, Option<u64>, Option<u64>);

    fn pool(line: &str) -> Option<Figures> {
        let Some(StatLine::Row(pool)) = read(line.as_bytes()) else { return None };
        let name = pool.kind.label().into_owned();
        Some((name, pool.allocated, pool.size, pool.max_allocated, pool.num_alloc_fail))
    }

    #[test]
    fn spellings_of_the_same_figures() {
        let expected =
            Some(("core heap".into(), Some(41_120), Some(98_288), Some(52_304), Some(0)));
        for line in [
            "Pool: Heap allocated 41120 of 98288, max 52304, failed 0",
            "core_heap: size=98288 used=41120 peak=52304 fail=0",
            "tee-stats: heap: total 98288 alloc 41120 high_water 52304 failures 0",
            "Heap: used 41120/98288 (41%), max 52304, failed 0",
            "Heap: total 0x17ff0, in use 41120 bytes, peak 52304 bytes, fail_count 0",
            "TEE core heap size 98288 free 57168 max_used 52304 alloc-fail 0",
        ] {
            assert_eq!(pool(line), expected, "{line}");
        }
        let line = "TAHEAP: heap_size 12582912 cur_alloc 1966080 max_alloc 2359296 fail 0 \
                    biggest_fail_size 0 biggest_fail_used 0";
        let ram =
            Some(("TA memory".into(), Some(1_966_080), Some(12_582_912), Some(2_359_296), Some(0)));
        assert_eq!(pool(line), ram);
        let other = pool("secure video pool: total 4096K used 12K free 4084K");
        assert_eq!(
            other.map(|pool| (pool.0, pool.1)),
            Some(("secure video pool".into(), Some(12_288)))
        );
    }

    #[test]
    fn other_lines_are_nobodys() {
        for line in [
            "camera: size 1920 used 3 free 5 max 8",
            "buffer: 4097 bytes ready, 3 in use",
            "Mem: total 100 used 40 free 60",
            "heap allocated 500 of 400",
            "alloc 1234",
            "used 12 of 345",
            "Heap: used 1 used 2 size 333",
            "Heap allocated",
            "tee_mm_alloc: pool exhausted size=0x200000 free=0x100000",
        ] {
            assert_eq!(pool(line), None, "{line}");
        }
    }

    #[test]
    fn the_most_ever_held_is_read_in_its_spellings() {
        let most = |line: &str| match high_water(line.as_bytes()) {
            Some(StatLine::HighWater(most)) => Some(most),
            _ => None,
        };
        assert_eq!(most("Max memory usage increased to 9264"), Some(9264));
        assert_eq!(most("Max mempool usage: 9264 of 47104"), Some(9264));
        assert_eq!(most("Max retries 3"), None);
    }
}
