//! One story in one dialect, damaged by one seed or not at all.

use std::{fmt, fs, path::PathBuf};

use crate::{
    damage::damage,
    judge::{Verdict, judge},
    random::Random,
    reading::Reader,
    release::{RELEASES, Release},
    render::render,
    stories::STORIES,
    transport::{TRANSPORTS, Transport},
};

/// A release behind a transport.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) release: &'static Release,
    pub(crate) transport: &'static Transport,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.release.name, self.transport.name)
    }
}

/// Each release bare and behind another transport in turn; each behind all of them if `all`.
pub(crate) fn dialects(all: bool) -> Vec<Dialect> {
    let mut dialects = Vec::new();
    for (row, release) in RELEASES.iter().enumerate() {
        let turn = 1 + row % (TRANSPORTS.len() - 1);
        let transports = TRANSPORTS.iter().enumerate();
        let transports = transports.filter(|(column, _)| all || *column == 0 || *column == turn);
        dialects.extend(transports.map(|(_, transport)| Dialect { release, transport }));
    }
    dialects
}

/// Damage of a case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Harm {
    pub(crate) per_mille: usize,
    pub(crate) seed: u64,
}

impl Harm {
    /// Each case is damaged in its own way.
    fn random(self, story: &str, dialect: Dialect) -> Random {
        let label = format!("{story} {dialect}");
        let mix = |seed, byte| Random::new(seed ^ u64::from(byte)).next();
        Random::new(label.bytes().fold(self.seed, mix))
    }
}

/// A case that was read, with what is wrong about it.
pub(crate) struct Case {
    pub(crate) story: &'static str,
    pub(crate) dialect: Dialect,
    pub(crate) harm: Option<Harm>,
    pub(crate) what: Vec<String>,
    pub(crate) text: Vec<u8>,
    pub(crate) verdict: Verdict,
}

impl Case {
    /// Renders the story of this number and reads it; `None` if the dialect lacks words for it.
    pub(crate) fn run(
        reader: &Reader,
        story: usize,
        dialect: Dialect,
        harm: Option<Harm>,
    ) -> Option<Self> {
        let (name, story) = STORIES[story];
        let has_ids = dialect.release.has_session_ids();
        let story = if has_ids { story() } else { story().without_session_ids() };
        let mut log = render(&story, dialect.release, dialect.transport)?;
        let what = harm.map_or_else(Vec::new, |harm| {
            damage(&mut log, harm.per_mille, &mut harm.random(name, dialect))
        });
        let end = dialect.transport.end.as_bytes();
        let text: Vec<u8> = log.iter().flat_map(|line| [&line.text, end].concat()).collect();
        let verdict = judge(&reader.read(&text), &story, (&log, what.len()));
        Some(Self { story: name, dialect, harm, what, text, verdict })
    }

    /// Writes the log where it can be looked at.
    pub(crate) fn keep(&self) -> PathBuf {
        let seed = self.harm.map_or_else(String::new, |harm| format!("-{}", harm.seed));
        let name = format!("teeleak-oracle-{}-{}{seed}.log", self.story, self.dialect);
        let name = name.replace(|letter: char| !letter.is_alphanumeric() && letter != '.', "-");
        let path = std::env::temp_dir().join(name);
        fs::write(&path, &self.text).unwrap();
        path
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.story, self.dialect)?;
        if let Some(harm) = self.harm {
            let (seed, what) = (harm.seed, self.what.join(", "));
            write!(f, ", damaged by seed {seed} at {} per mille ({what})", harm.per_mille)?;
        }
        for (title, lines) in [
            ("missed", &self.verdict.missed),
            ("invented", &self.verdict.invented),
            ("wrong", &self.verdict.wrong),
            ("broken", &self.verdict.broken),
        ] {
            for line in lines {
                write!(f, "\n  {title}: {line}")?;
            }
        }
        Ok(())
    }
}
