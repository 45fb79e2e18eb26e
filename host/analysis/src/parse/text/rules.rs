//! Rules: a vendor's own trace lines as steps of a protocol.
//!
//! ```toml
//! [[rule]]
//! step = "map"
//! pattern = 'input_buf_map: channel (?<channel>\d+) pa (?<pa>0x[0-9a-f]+) ret (?<result>\S+)'
//! ```
//!
//! Every named group becomes a key of the step. Some names mean more: `result` (0 for success),
//! `session`, `ta` (a UUID), `pid`, `tid` and `comm` of the process that did it. Numbers are decimal,
//! or hexadecimal after `0x`; any other text is told apart by a hash of it.

use std::sync::Arc;

use memchr::memmem::Finder;
use regex::bytes::{Captures, Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};
use serde::Deserialize;
use teeleak_proto::Uuid;
use toml::Spanned;

use super::{
    bytes::{dec, hex0x, uuid},
    straight::Straight,
};
use crate::model::Party;

/// A step that a rule named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub name: Arc<str>,
    pub result: Option<u32>,
    pub session: Option<u32>,
    pub uuid: Option<Uuid>,
    pub by: Option<Party>,
    pub keys: Vec<(Arc<str>, u64)>,
}

/// What a rule says of a line.
pub(super) enum Hit {
    /// An iteration begins.
    Mark,
    /// A step.
    Step(Step),
}

/// A mistake in a rules file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct RuleError {
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// A pattern for the lines that begin an iteration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the mark is no regular expression: {0}")]
pub struct MarkError(String);

/// What a group of a pattern means.
#[derive(Clone, Debug)]
enum Group {
    Result,
    Session,
    Ta,
    Pid,
    Tid,
    Comm,
    Key(Arc<str>),
}

#[derive(Clone, Debug)]
struct Rule {
    /// `None` for the mark.
    step: Option<Arc<str>>,
    regex: Regex,
    /// The same without the regex engine, where that can be.
    straight: Option<Straight>,
    groups: Vec<(usize, Group)>,
    /// How many of them are keys.
    keys: usize,
    /// Bytes that every match contains; empty if there are none.
    literal: Finder<'static>,
}

/// Compiled rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    #[serde(default)]
    rule: Vec<RuleForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleForm {
    step: Spanned<String>,
    pattern: Spanned<String>,
}

impl Rules {
    /// Adds the rules of a file.
    ///
    /// # Errors
    /// Says at which line and column the file is no TOML, has a key that no rule has, an empty step or
    /// a pattern that is no regular expression.
    pub fn add_file(&mut self, text: &str) -> Result<(), RuleError> {
        let form: FileForm = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            located(text, at, error.message().to_owned())
        })?;
        for rule in form.rule {
            let step = rule.step.get_ref();
            if step.is_empty() {
                let message = "the step has no name: give one such as \"map\"".to_owned();
                return Err(located(text, rule.step.span().start, message));
            }
            let compiled = Rule::new(Some(step.as_str().into()), rule.pattern.get_ref());
            let at = rule.pattern.span().start;
            self.rules.push(compiled.map_err(|message| located(text, at, message))?);
        }
        Ok(())
    }

    /// The text of the rules that come with teeleak under that name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<&'static str> {
        (name == "secure-video").then_some(include_str!("../../../rules/secure-video.toml"))
    }

    /// Adds the pattern of the lines that begin an iteration.
    ///
    /// # Errors
    /// When it is no regular expression.
    pub fn add_mark(&mut self, pattern: &str) -> Result<(), MarkError> {
        self.rules.push(Rule::new(None, pattern).map_err(MarkError)?);
        Ok(())
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether one of them is a mark.
    #[must_use]
    pub fn has_mark(&self) -> bool {
        self.rules.iter().any(|rule| rule.step.is_none())
    }

    /// Looks for lines of `chunk` that may match.
    pub(super) fn cursor<'a>(&'a self, chunk: &'a [u8]) -> Cursor<'a> {
        let next = self.rules.iter().map(|rule| rule.literal.find(chunk).unwrap_or(usize::MAX));
        Cursor { chunk, rules: &self.rules, next: next.collect() }
    }

    /// What the first rule that matches says of `line`, of those that [`Cursor::hits`] names.
    pub(super) fn apply(&self, line: &[u8], which: Which) -> Option<Hit> {
        let rules = self.rules.iter().enumerate().filter(|(at, _)| which.has(*at));
        rules.map(|(_, rule)| rule).find_map(|rule| rule.apply(line))
    }
}

impl Rule {
    fn new(step: Option<Arc<str>>, pattern: &str) -> Result<Self, String> {
        // Logs are bytes: classes mean ASCII, and damaged UTF-8 does not hide a line.
        let regex = RegexBuilder::new(pattern).unicode(false).build();
        let regex = regex.map_err(|error| reason(&error))?;
        let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
        let hir = parser.parse(pattern).ok();
        let literal = hir.as_ref().map(longest_literal).unwrap_or_default();
        let straight = hir.as_ref().and_then(Straight::new);
        let groups = (0..).zip(regex.capture_names());
        let groups: Vec<_> = groups.filter_map(|(n, name)| Some((n, group(name?)))).collect();
        let keys = groups.iter().filter(|(_, group)| matches!(group, Group::Key(_))).count();
        Ok(Self {
            step,
            regex,
            straight,
            groups,
            keys,
            literal: Finder::new(&literal).into_owned(),
        })
    }

    fn apply(&self, line: &[u8]) -> Option<Hit> {
        if let Some(straight) = &self.straight {
            let found = straight.find(line)?;
            return Some(self.hit(|group| line.get(found[group].clone())));
        }
        self.literal.find(line)?;
        let captures: Captures<'_> = self.regex.captures(line)?;
        Some(self.hit(|group| captures.get(group).map(|text| text.as_bytes())))
    }

    fn hit<'l>(&self, text: impl Fn(usize) -> Option<&'l [u8]>) -> Hit {
        match &self.step {
            None => Hit::Mark,
            Some(name) => Hit::Step(self.step(name, text)),
        }
    }

    fn step<'l>(&self, name: &Arc<str>, text: impl Fn(usize) -> Option<&'l [u8]>) -> Step {
        let mut step = Step {
            name: Arc::clone(name),
            result: None,
            session: None,
            uuid: None,
            by: None,
            keys: Vec::with_capacity(self.keys),
        };
        for (n, group) in &self.groups {
            if let Some(text) = text(*n) {
                fill(&mut step, group, text);
            }
        }
        step
    }
}

fn fill(step: &mut Step, group: &Group, text: &[u8]) {
    let small = || u32::try_from(number(text) & 0xffff_ffff).unwrap_or(u32::MAX);
    let nobody = || Party { pid: 0, tid: 0, comm: Arc::default(), by_kernel: false };
    match group {
        Group::Result => step.result = Some(small()),
        Group::Session => step.session = Some(small()),
        Group::Ta => step.uuid = uuid(text).map(|(uuid, _)| uuid),
        Group::Pid => step.by.get_or_insert_with(nobody).pid = small(),
        Group::Tid => step.by.get_or_insert_with(nobody).tid = small(),
        Group::Comm => {
            step.by.get_or_insert_with(nobody).comm = String::from_utf8_lossy(text).into();
        }
        Group::Key(name) => step.keys.push((Arc::clone(name), number(text))),
    }
}

fn group(name: &str) -> Group {
    match name {
        "result" => Group::Result,
        "session" => Group::Session,
        "ta" => Group::Ta,
        "pid" => Group::Pid,
        "tid" => Group::Tid,
        "comm" => Group::Comm,
        name => Group::Key(name.into()),
    }
}

/// A number, or a hash of what is none (FNV-1a, the same in every run).
fn number(text: &[u8]) -> u64 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match hex0x(digits).or_else(|| dec(digits)) {
        Some((value, [])) if negative => value.wrapping_neg(),
        Some((value, [])) => value,
        _ => text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        }),
    }
}

/// The longest run of bytes that every match of `hir` contains.
fn longest_literal(hir: &Hir) -> Vec<u8> {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.to_vec(),
        HirKind::Capture(capture) => longest_literal(&capture.sub),
        HirKind::Concat(parts) => {
            parts.iter().map(longest_literal).max_by_key(Vec::len).unwrap_or_default()
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => longest_literal(&repetition.sub),
        _ => Vec::new(),
    }
}

/// The part of a regex error that says what is wrong, on one line.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or(&text);
    format!("no regular expression: {}", last.trim().trim_start_matches("error: "))
}

fn located(text: &str, at: usize, message: String) -> RuleError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    RuleError { line, column, message }
}

/// A set of rules, those 64 apart together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Which(u64);

impl Which {
    /// None of them.
    pub(super) const NONE: Self = Self(0);

    /// All of them.
    pub(super) const ALL: Self = Self(u64::MAX);

    const fn has(self, rule: usize) -> bool {
        self.0 >> (rule % 64) & 1 == 1
    }
}

/// Where in a chunk the rules' literals occur next: lines between need no look.
pub(super) struct Cursor<'a> {
    chunk: &'a [u8],
    rules: &'a [Rule],
    next: Vec<usize>,
}

impl Cursor<'_> {
    /// Rules that may match between `start` and `end`; to be asked in rising order.
    pub(super) fn hits(&mut self, start: usize, end: usize) -> Which {
        let mut hits = Which::NONE;
        for (at, (next, rule)) in self.next.iter_mut().zip(self.rules).enumerate() {
            if *next < start {
                let found = rule.literal.find(&self.chunk[start..]);
                *next = found.map_or(usize::MAX, |at| start + at);
            }
            hits.0 |= u64::from(*next <= end) << (at % 64);
        }
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::{Hit, Rules, Which, number};

    const MAP: &str = r"
[[rule]]
step = 'map'
pattern = 'buf_map: ch (?<channel>\d+) pa (?<pa>0x[0-9a-f]+) pid (?<pid>\d+) ret (?<result>\S+)'
";

    #[test]
    fn groups_become_keys() {
        let mut rules = Rules::default();
        rules.add_file(MAP).unwrap();
        let Some(Hit::Step(step)) =
            rules.apply(b"x buf_map: ch 3 pa 0x5a pid 7 ret 0xffff000c y", Which::ALL)
        else {
            panic!();
        };
        assert_eq!((&*step.name, step.result), ("map", Some(0xffff_000c)));
        assert_eq!(step.by.unwrap().pid, 7);
        assert_eq!(step.keys, [("channel".into(), 3), ("pa".into(), 0x5a)]);
        assert!(rules.apply(b"buf_map: nothing", Which::ALL).is_none());
    }

    #[test]
    fn mistakes_are_located() {
        for (text, line, column) in [
            ("[[rule]]\nstep = 'a'\npattern = '('\n", 3, 11),
            ("[[rule]]\nstep = ''\npattern = 'x'\n", 2, 8),
            ("[[rule]]\nstep = 'a'\npatern = 'x'\n", 3, 1),
            ("[[rule]\n", 1, 8),
        ] {
            let error = Rules::default().add_file(text).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{error}");
        }
    }

    #[test]
    fn a_cursor_skips_lines_without_the_literal() {
        let mut rules = Rules::default();
        rules.add_mark(r"--- loop \d+").unwrap();
        let mut cursor = rules.cursor(b"a\nb --- loop 1\nc\n");
        assert_eq!(
            [(0, 1), (2, 14), (15, 16)].map(|(a, b)| cursor.hits(a, b)),
            [Which::NONE, Which(1), Which::NONE]
        );
    }

    #[test]
    fn text_is_told_apart_by_its_hash() {
        assert_eq!(number(b"-1"), u64::MAX);
        assert_ne!(number(b"a"), number(b"b"));
    }
}
