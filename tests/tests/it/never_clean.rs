//! Whatever happens to a bit, a byte, a line or a piece of any fixture, plain or packed: what leaks is never clean
//! for it, and what is clean accuses nobody.

use std::{fmt::Write as _, fs, path::Path};

use teeleak::Exit;
use teeleak_tests::teeleak;

use crate::{
    packing::{FORMATS, Packer},
    support::{FOLDER, folder},
};

/// Damaged copies in all; `TEELEAK_DAMAGE` asks for more.
const COPIES: usize = 600;

/// Threads that analyze copies.
const THREADS: usize = 2;

/// Largest piece that is lost at once.
const PIECE: usize = 4096;

/// Ways of damage.
const WAYS: [fn(&mut Vec<u8>, &mut Numbers); 4] =
    [|bytes, numbers| flip_bit(bytes, numbers), lose_byte, lose_line, lose_piece];

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}

fn flip_bit(bytes: &mut [u8], numbers: &mut Numbers) {
    let at = numbers.below(bytes.len());
    bytes[at] ^= 1 << numbers.below(8);
}

fn lose_byte(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    bytes.remove(numbers.below(bytes.len()));
}

fn lose_line(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let at = numbers.below(bytes.len());
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let end =
        bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |n| at + n + 1);
    bytes.drain(start..end);
}

fn lose_piece(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let start = numbers.below(bytes.len());
    let end = bytes.len().min(start + 1 + numbers.below(PIECE));
    bytes.drain(start..end);
}

/// A fixture and how it is read.
struct Fixture {
    name: String,
    bytes: Vec<u8>,
    words: Vec<String>,
    verdict: Exit,
}

impl Fixture {
    fn read(path: &Path) -> Self {
        let name = path.strip_prefix(FOLDER).unwrap().display().to_string();
        let is_capture = path.extension().is_some_and(|end| end == "tlk");
        let mut words = vec![if is_capture { "report" } else { "analyze" }.to_owned()];
        let rules = path.with_extension("rules");
        if let Ok(rules) = fs::read_to_string(rules) {
            words.extend(["--rules".to_owned(), rules.trim_end().to_owned()]);
        }
        if let Ok(mark) = fs::read_to_string(path.with_extension("mark")) {
            words.extend(["--mark".to_owned(), mark.trim_end().to_owned()]);
        }
        let mut fixture =
            Self { name, bytes: fs::read(path).unwrap(), words, verdict: Exit::Usage };
        fixture.verdict = fixture.verdict_of(path);
        fixture
    }

    fn verdict_of(&self, path: &Path) -> Exit {
        let mut words: Vec<_> = self.words.iter().map(String::as_str).collect();
        words.push(path.to_str().unwrap());
        teeleak(&words).exit
    }

    /// The fixture with one damage, in one of the formats: before or after it was packed.
    fn damaged(&self, numbers: &mut Numbers) -> (Vec<u8>, &'static str) {
        let way = WAYS[numbers.below(WAYS.len())];
        let Packer { name, pack, .. } = &FORMATS[numbers.below(FORMATS.len())];
        let mut bytes = self.bytes.clone();
        if self.words[0] == "report" {
            way(&mut bytes, numbers);
            return (bytes, "tlk");
        }
        if numbers.below(2) == 0 {
            way(&mut bytes, numbers);
            return (pack(&bytes), name);
        }
        bytes = pack(&bytes);
        way(&mut bytes, numbers);
        (bytes, name)
    }
}

/// All fixtures with a verdict.
fn fixtures() -> Vec<Fixture> {
    let mut paths: Vec<_> = ["log", "strace", "capture", "normal-world/forms"]
        .iter()
        .flat_map(|name| fs::read_dir(Path::new(FOLDER).join("fixtures").join(name)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    let helpers = ["expect", "rules", "mark", "toml"];
    paths.retain(|path| !helpers.iter().any(|end| path.extension().is_some_and(|is| is == *end)));
    paths.sort();
    let mut fixtures: Vec<_> = paths.iter().map(|path| Fixture::read(path)).collect();
    fixtures.retain(|fixture| [Exit::Leak, Exit::Order, Exit::Clean].contains(&fixture.verdict));
    fixtures
}

/// Whether damage may not lead from one verdict to the other.
fn is_wrong(whole: Exit, damaged: Exit) -> bool {
    let is_clean = |exit| exit == Exit::Clean;
    let is_accusation = |exit| [Exit::Leak, Exit::Order].contains(&exit);
    is_accusation(whole) && is_clean(damaged) || is_clean(whole) && is_accusation(damaged)
}

/// Checks each `THREADS`th copy, from `first`; returns what was wrong.
fn check(fixtures: &[Fixture], first: usize, copies: usize) -> String {
    let place = folder("never-clean");
    let mut wrong = String::new();
    for copy in (first..copies).step_by(THREADS) {
        let fixture = &fixtures[copy % fixtures.len()];
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ (copy as u64 + 1));
        for _ in 0..4 {
            numbers.below(1);
        }
        let (bytes, format) = fixture.damaged(&mut numbers);
        let path = place.join(format!("{first}.{format}"));
        fs::write(&path, bytes).unwrap();
        let exit = fixture.verdict_of(&path);
        if is_wrong(fixture.verdict, exit) {
            let kept = place.join(format!("wrong-{copy}.{format}"));
            fs::rename(&path, &kept).unwrap();
            let _ = writeln!(wrong, "{}: {exit:?}: {}", fixture.name, kept.display());
        }
    }
    wrong
}

#[test]
fn damage_makes_nothing_clean_and_accuses_nobody() {
    let copies = std::env::var("TEELEAK_DAMAGE").ok().and_then(|text| text.parse().ok());
    let copies = copies.unwrap_or(COPIES);
    let fixtures = fixtures();
    let number_of = |verdict| fixtures.iter().filter(|one| one.verdict == verdict).count();
    assert!(number_of(Exit::Leak) >= 10 && number_of(Exit::Clean) >= 3, "{}", fixtures.len());
    let wrong: String = std::thread::scope(|scope| {
        let fixtures = &fixtures;
        let threads: Vec<_> =
            (0..THREADS).map(|first| scope.spawn(move || check(fixtures, first, copies))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{wrong}");
}
