//! Damage is local: whatever happens to one line, a log that shows a leak is never called clean, and counts
//! of damaged dumps stay within their bounds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use proptest::prelude::*;
use teeleak_analysis::{
    audit::{Conclusion, Needs, Options, audit},
    model::{Completeness, Observation},
    parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, scan},
};

/// Damaged copies of each log; `TEELEAK_DAMAGE` asks for more.
const COPIES: u64 = 60;

fn read(text: &[u8], rules: &Rules) -> Observation {
    let cut = IterationSplit { warmup: 0, marked: rules.has_mark() };
    let mut assembler = Assembler::new("log", cut);
    let mut facts = ChunkFacts::new(false);
    scan(text, rules, &mut facts);
    assembler.push(&mut facts);
    assembler.finish()
}

fn conclusion(text: &[u8], rules: &Rules) -> Conclusion {
    let options = Options { needs: Needs::SITES, ..Options::default() };
    audit(&mut read(text, rules), &options).conclusion
}

/// The logs that show a leak, with the rules that mark their iterations.
fn leaking_logs() -> Vec<(String, Vec<u8>, Rules)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/log");
    let mut logs: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    logs.retain(|path| path.extension().is_some_and(|end| end == "log"));
    logs.sort();
    let read = |path: std::path::PathBuf| {
        let mut rules = Rules::default();
        if let Ok(mark) = fs::read_to_string(path.with_extension("mark")) {
            rules.add_mark(mark.trim_end()).unwrap();
        }
        (path.display().to_string(), fs::read(&path).unwrap(), rules)
    };
    let all = logs.into_iter().map(read);
    all.filter(|(_, text, rules)| conclusion(text, rules) == Conclusion::Leak).collect()
}

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[test]
fn a_leak_is_never_clean_for_one_damaged_byte() {
    let copies = std::env::var("TEELEAK_DAMAGE").ok().and_then(|text| text.parse().ok());
    let copies: u64 = copies.unwrap_or(COPIES);
    let logs = leaking_logs();
    assert!(logs.len() > 4, "{}", logs.len());
    let mut wrong = String::new();
    for (name, text, rules) in &logs {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for copy in 0..copies {
            let mut damaged = text.clone();
            let at = numbers.below(text.len());
            if copy % 2 == 0 {
                damaged.remove(at);
            } else {
                damaged[at] ^= 1 << numbers.below(8);
            }
            if conclusion(&damaged, rules) == Conclusion::Clean {
                let _ = writeln!(wrong, "{name}: byte {at}, copy {copy}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Words that damage leaves of a record, and how the line is written.
fn damaged(record: &str, way: u8) -> String {
    match way % 5 {
        0 => record.replacen("buffer", "ber", 1),
        1 => record.replacen("/TC", "TC", 1),
        2 => record.replacen("/TC", "/C", 1),
        3 => record.chars().take(record.len() - 7).collect(),
        _ => record.replacen("buffer: ", "bu\u{7}", 1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Dumps with damaged records, against what was really alive: no dump is lost or invented, every
    /// damaged line is counted, and the truth lies within the bounds.
    #[test]
    fn the_truth_of_damaged_dumps_is_within_their_bounds(
        base in prop::collection::vec(1_u64..4, 4..9),
        growth in 0_u64..3,
        n_dumps in 8_u64..16,
        damage in prop::collection::vec((0_usize..400, any::<u8>()), 0..8),
        long in any::<bool>(),
    ) {
        let prefix = if long { "I/TC:2 00 gen_mdbg_check:652 " } else { "I/TC: " };
        let mut lines: Vec<(u64, usize, String)> = Vec::new();
        let mut truth: Vec<BTreeMap<u32, u64>> = Vec::new();
        for dump in 0..n_dumps {
            let counts: Vec<_> = (0..).zip(&base).map(|(site, n)| (site, *n))
                .chain([(90, growth * dump)]).collect();
            let records = counts.iter().flat_map(|(site, n)| (0..*n).map(move |_| *site));
            for (at, site) in records.enumerate() {
                lines.push((dump, at, format!("{prefix}buffer: {} bytes core/a.c:{site}", 24 + site)));
            }
            truth.push(counts.into_iter().filter(|(_, n)| *n > 0).collect());
        }
        let mut damages = vec![0; truth.len()];
        // What is damaged twice may be nothing that anybody recognizes.
        let once: BTreeMap<_, _> = damage.iter().map(|(at, way)| (at % lines.len(), *way)).collect();
        for (at, way) in once {
            let (dump, _, line) = &mut lines[at];
            *line = damaged(line, way);
            damages[usize::try_from(*dump).unwrap()] += 1;
        }
        let mut text = String::new();
        for (dump, at, line) in &lines {
            if *at == 0 {
                // What the thread that dumps says between two dumps.
                for step in 0..5 {
                    let _ = writeln!(text, "D/TC:2 00 call:{step} dump {dump}");
                }
            }
            let _ = writeln!(text, "{line}");
        }
        let observation = read(text.as_bytes(), &Rules::default());
        let lost: u64 = damages.iter().sum();
        prop_assert_eq!(observation.samples.len(), truth.len(), "{}", text);
        prop_assert_eq!(observation.accounting.rejected, lost, "{}", text);
        for ((sample, counts), lost) in observation.samples.iter().zip(&truth).zip(&damages) {
            let most = sample.sites.gap().map_or(0, |gap| gap.lost);
            prop_assert_eq!(most, *lost, "{}", text);
            let seen: BTreeMap<u32, u64> =
                sample.sites.value().into_iter().flatten().map(|site| (site.line, site.count)).collect();
            for (site, truth) in counts {
                let low = seen.get(site).copied().unwrap_or(0);
                prop_assert!(low <= *truth && *truth <= low + most, "{}", text);
            }
            prop_assert!(matches!(
                (&sample.sites, lost),
                (Completeness::Complete(_), 0) | (Completeness::Counted(..) | Completeness::Partial(..), 1..)
            ));
        }
    }
}
