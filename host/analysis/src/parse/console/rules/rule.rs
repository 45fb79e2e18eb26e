//! One rule: a compiled pattern, and the meaning of its groups.

use std::sync::Arc;

use memchr::memmem::Finder;
use regex::bytes::{Captures, Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};
use teeleak_proto::Uuid;

use super::{
    literal_pattern::{GroupKind, GroupValues, LiteralPattern},
    literal_text::{longest_literal, reason},
    result::ResultReader,
    user_files::FileSet,
};
use crate::{
    model::{Caller, Keys, Names, StepResult, Symbol},
    parse::{
        console::lines::bytes::{number, uuid},
        ledgers::VALUE,
    },
};

/// A step of a rule.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::parse::console) struct RuleStep {
    pub name: Symbol,
    pub result: Option<StepResult>,
    pub session: Option<u32>,
    pub uuid: Option<Uuid>,
    pub by: Option<Arc<Caller>>,
    pub keys: Keys,
}

/// The result of a rule that matched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::parse::console) enum RuleHit {
    /// An iteration starts.
    Mark,
    /// A step, added to the others.
    Step,
}

/// Steps of rules.
#[derive(Clone, Debug, Default)]
pub(in crate::parse::console) struct RuleSteps {
    pub all: Vec<RuleStep>,
    /// Caller of the last step, most likely also of the next one.
    last: Option<Arc<Caller>>,
    results: ResultReader,
    /// Files whose rules matched.
    pub used: FileSet,
}

impl RuleSteps {
    /// Forgets the steps of a chunk.
    pub(in crate::parse::console) fn clear(&mut self) {
        self.all.clear();
        self.used = FileSet::default();
    }

    #[inline]
    fn party(&mut self, pid: u32, tid: u32, comm: &[u8]) -> Arc<Caller> {
        if let Some(last) = &self.last
            && (last.pid, last.tid) == (pid, tid)
            && last.comm.as_bytes() == comm
        {
            return Arc::clone(last);
        }
        let comm = String::from_utf8_lossy(comm).into();
        let party = Arc::new(Caller { pid, tid, comm, by_kernel: false });
        Arc::clone(self.last.insert(party))
    }
}

/// Numbers of a pattern's groups, by meaning.
#[derive(Clone, Debug, Default)]
struct Meanings {
    result: Option<usize>,
    session: Option<usize>,
    ta: Option<usize>,
    pid: Option<usize>,
    tid: Option<usize>,
    comm: Option<usize>,
    /// One of `keys` that is a figure, never a word.
    value: Option<usize>,
    keys: Vec<usize>,
}

impl Meanings {
    fn add(&mut self, group: usize, name: &str) {
        match name {
            "result" => self.result = Some(group),
            "session" => self.session = Some(group),
            "ta" => self.ta = Some(group),
            "pid" => self.pid = Some(group),
            "tid" => self.tid = Some(group),
            "comm" => self.comm = Some(group),
            _ => {
                self.keys.push(group);
                self.value = self.value.or((name == VALUE).then_some(group));
            }
        }
    }

    fn group_kind(&self, group: usize) -> GroupKind {
        if [self.ta, self.comm, self.value].contains(&Some(group)) {
            return GroupKind::Text;
        }
        let numbers = [self.result, self.session, self.pid, self.tid];
        let is_number = numbers.contains(&Some(group)) || self.keys.contains(&group);
        if is_number { GroupKind::Number } else { GroupKind::Nothing }
    }
}

#[derive(Clone, Debug)]
pub(super) struct ConsoleRule {
    /// The step and the file that names it; `None` for the mark.
    pub(super) step: Option<(Symbol, FileSet)>,
    regex: Regex,
    /// The same pattern without the regex engine, if possible.
    straight: Option<LiteralPattern>,
    /// Whether a match starts with its literal.
    leads: bool,
    meanings: Meanings,
    /// Names of the groups that are keys.
    names: Names,
    /// The longest literal that every match contains; may be empty.
    literal: Finder<'static>,
}

impl ConsoleRule {
    pub(super) fn new(step: Option<(Symbol, FileSet)>, pattern: &str) -> Result<Self, String> {
        // Logs are bytes: classes mean ASCII, and damaged UTF-8 does not hide a line.
        let regex = RegexBuilder::new(pattern).unicode(false).build();
        let regex = regex.map_err(|error| reason(&error))?;
        let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
        let hir = parser.parse(pattern).ok();
        let literal = hir.as_ref().map(longest_literal).unwrap_or_default();
        let named_groups =
            || (0..).zip(regex.capture_names()).filter_map(|(n, name)| Some((n, name?)));
        let mut meanings = Meanings::default();
        named_groups().for_each(|(group, name)| meanings.add(group, name));
        let keys = named_groups().filter(|(group, _)| meanings.keys.contains(group));
        let kind_of = |group| meanings.group_kind(group);
        Ok(Self {
            step,
            straight: hir.as_ref().and_then(|hir| LiteralPattern::new(hir, kind_of)),
            leads: hir.as_ref().is_some_and(|hir| leads(hir, &literal)),
            names: keys.map(|(_, name)| name.into()).collect::<Vec<_>>().as_slice().into(),
            literal: Finder::new(&literal).into_owned(),
            meanings,
            regex,
        })
    }

    /// The longest literal that every match contains; may be empty.
    pub(super) fn literal(&self) -> &[u8] {
        self.literal.needle()
    }

    /// Applies the rule to `line`, in which no literal of the rules starts before `from`.
    #[inline]
    pub(super) fn apply(&self, line: &[u8], from: usize, steps: &mut RuleSteps) -> Option<RuleHit> {
        if let Some(straight) = &self.straight {
            let mut values = GroupValues::default();
            let start = if self.leads { from } else { 0 };
            straight.find(line, start, &mut values).then_some(())?;
            return Some(
                self.record_match(&LiteralGroups { straight, found: &values, line }, steps),
            );
        }
        self.literal.find(line)?;
        Some(self.record_match(&RegexGroups { found: self.regex.captures(line)?, line }, steps))
    }

    #[inline]
    fn record_match(&self, groups: &impl MatchGroups, steps: &mut RuleSteps) -> RuleHit {
        let Some((name, file)) = self.step else { return RuleHit::Mark };
        steps.used.add(file);
        let step = self.step(name, groups, steps);
        steps.all.push(step);
        RuleHit::Step
    }

    #[inline]
    fn step(&self, name: Symbol, groups: &impl MatchGroups, steps: &mut RuleSteps) -> RuleStep {
        let meanings = &self.meanings;
        let number = |group: Option<usize>| group.and_then(|group| groups.number(group)).map(low);
        let text = |group: Option<usize>| group.and_then(|group| groups.text(group));
        let mut keys = Keys::with_names(self.names);
        for group in &meanings.keys {
            let is_value = meanings.value == Some(*group);
            keys.push(if is_value { figure(text(meanings.value)) } else { groups.number(*group) });
        }
        let (pid, tid, comm) = (number(meanings.pid), number(meanings.tid), text(meanings.comm));
        let has_party = pid.is_some() || tid.is_some() || comm.is_some();
        RuleStep {
            name,
            result: meanings.result.and_then(|group| groups.result(group, &mut steps.results)),
            session: number(meanings.session),
            uuid: text(meanings.ta).and_then(uuid).map(|(uuid, _)| uuid),
            by: has_party
                .then(|| steps.party(pid.unwrap_or(0), tid.unwrap_or(0), comm.unwrap_or_default())),
            keys,
        }
    }
}

/// The groups of a match, by their numbers; `None` for those that did not take part.
trait MatchGroups {
    /// A result: a code, or words.
    fn result(&self, group: usize, reader: &mut ResultReader) -> Option<StepResult>;
    fn number(&self, group: usize) -> Option<u64>;
    fn text(&self, group: usize) -> Option<&[u8]>;
}

struct LiteralGroups<'a> {
    straight: &'a LiteralPattern,
    found: &'a GroupValues,
    line: &'a [u8],
}

impl MatchGroups for LiteralGroups<'_> {
    #[inline]
    fn result(&self, group: usize, reader: &mut ResultReader) -> Option<StepResult> {
        if self.straight.is_number(group) {
            return self.number(group).map(low).map(StepResult::Code);
        }
        reader.read(self.text(group)?, is_after_0x(self.line, self.found.start(group)))
    }

    #[inline]
    fn number(&self, group: usize) -> Option<u64> {
        Some(self.straight.number(self.line, self.found, group))
    }

    fn text(&self, group: usize) -> Option<&[u8]> {
        Some(self.found.text(self.line, group))
    }
}

/// Groups that the regex engine found.
struct RegexGroups<'a> {
    found: Captures<'a>,
    line: &'a [u8],
}

impl MatchGroups for RegexGroups<'_> {
    fn result(&self, group: usize, reader: &mut ResultReader) -> Option<StepResult> {
        let text = self.found.get(group)?;
        reader.read(text.as_bytes(), is_after_0x(self.line, text.start()))
    }

    fn number(&self, group: usize) -> Option<u64> {
        self.found.get(group).map(|text| number(text.as_bytes()))
    }

    fn text(&self, group: usize) -> Option<&[u8]> {
        self.found.get(group).map(|text| text.as_bytes())
    }
}

/// Whether the digits at `start` are hexadecimal, since `0x` precedes them.
fn is_after_0x(line: &[u8], start: usize) -> bool {
    line.get(..start).is_some_and(|before| before.ends_with(b"0x"))
}

/// The whole part of a decimal number, or a number after `0x`; words are none.
fn figure(text: Option<&[u8]>) -> Option<u64> {
    let text = text?.split(|byte| *byte == b'.').next()?;
    let digits = text.strip_prefix(b"0x").unwrap_or(text);
    let is_number = match digits.len() == text.len() {
        true => digits.iter().all(u8::is_ascii_digit),
        false => digits.iter().all(u8::is_ascii_hexdigit),
    };
    (is_number && !digits.is_empty()).then(|| number(text))
}

/// The low 32 bits of a number.
const fn low(number: u64) -> u32 {
    (number & 0xffff_ffff) as u32
}

/// Whether every match of `hir` starts with these bytes.
fn leads(hir: &Hir, literal: &[u8]) -> bool {
    match hir.kind() {
        HirKind::Literal(first) => *first.0 == *literal,
        HirKind::Capture(capture) => leads(&capture.sub, literal),
        HirKind::Concat(parts) => parts.first().is_some_and(|first| leads(first, literal)),
        _ => false,
    }
}
