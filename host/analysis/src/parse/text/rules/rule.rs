//! One rule: a compiled pattern, and what its groups mean.

use std::sync::Arc;

use memchr::memmem::Finder;
use regex::bytes::{Captures, Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};
use teeleak_proto::Uuid;

use super::super::{
    bytes::{number, uuid},
    straight::{Found, Straight, Want},
};
use crate::model::{Keys, Party};

/// A step that a rule named.
#[derive(Clone, PartialEq, Debug)]
pub(in super::super) struct Step {
    pub name: Arc<str>,
    pub result: Option<u32>,
    pub session: Option<u32>,
    pub uuid: Option<Uuid>,
    pub by: Option<Arc<Party>>,
    pub keys: Keys,
}

/// What a rule says of a line.
pub(in super::super) enum Hit {
    /// An iteration begins.
    Mark,
    /// A step.
    Step(Step),
}

/// Who did the last step: most likely also the next one.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Last(Option<Arc<Party>>);

impl Last {
    fn party(&mut self, pid: u32, tid: u32, comm: &[u8]) -> Arc<Party> {
        if let Some(last) = &self.0
            && (last.pid, last.tid) == (pid, tid)
            && last.comm.as_bytes() == comm
        {
            return Arc::clone(last);
        }
        let comm = String::from_utf8_lossy(comm).into();
        let party = Arc::new(Party { pid, tid, comm, by_kernel: false });
        Arc::clone(self.0.insert(party))
    }
}

/// What a group of a pattern means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Group {
    Result,
    Session,
    Ta,
    Pid,
    Tid,
    Comm,
    Key,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// `None` for the mark.
    pub(super) step: Option<Arc<str>>,
    regex: Regex,
    /// The same without the regex engine, where that can be.
    straight: Option<Straight>,
    /// Whether a match begins with its literal.
    leads: bool,
    groups: Vec<(usize, Group)>,
    /// Names of those groups that are keys.
    names: Arc<[Arc<str>]>,
    /// Bytes that every match contains; empty if there are none.
    literal: Finder<'static>,
}

impl Rule {
    pub(super) fn new(step: Option<Arc<str>>, pattern: &str) -> Result<Self, String> {
        // Logs are bytes: classes mean ASCII, and damaged UTF-8 does not hide a line.
        let regex = RegexBuilder::new(pattern).unicode(false).build();
        let regex = regex.map_err(|error| reason(&error))?;
        let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
        let hir = parser.parse(pattern).ok();
        let literal = hir.as_ref().map(longest_literal).unwrap_or_default();
        let named = || (0..).zip(regex.capture_names()).filter_map(|(n, name)| Some((n, name?)));
        let keys = named().filter(|(_, name)| group(name) == Group::Key);
        let groups: Vec<_> = named().map(|(n, name)| (n, group(name))).collect();
        let wanted = |n: usize| {
            let group = groups.iter().find(|(number, _)| *number == n);
            group.map_or(Want::Nothing, |(_, group)| group.wanted())
        };
        Ok(Self {
            step,
            straight: hir.as_ref().and_then(|hir| Straight::new(hir, wanted)),
            leads: hir.as_ref().is_some_and(|hir| leads(hir, &literal)),
            names: keys.map(|(_, name)| name.into()).collect(),
            literal: Finder::new(&literal).into_owned(),
            groups,
            regex,
        })
    }

    /// Bytes that every match contains; empty if there are none.
    pub(super) fn literal(&self) -> &[u8] {
        self.literal.needle()
    }

    /// What it says of `line`, in which none of the rules' literals begins before `from`.
    #[inline]
    pub(super) fn apply(&self, line: &[u8], from: usize, last: &mut Last) -> Option<Hit> {
        if let Some(straight) = &self.straight {
            let mut found = Found::default();
            let from = if self.leads { from } else { 0 };
            straight.find(line, from, &mut found).then_some(())?;
            return Some(self.hit(&Direct { straight, found, line }, last));
        }
        self.literal.find(line)?;
        Some(self.hit(&self.regex.captures(line)?, last))
    }

    #[inline]
    fn hit(&self, groups: &impl Groups, last: &mut Last) -> Hit {
        match &self.step {
            None => Hit::Mark,
            Some(name) => Hit::Step(self.step(name, groups, last)),
        }
    }

    #[inline]
    fn step(&self, name: &Arc<str>, groups: &impl Groups, last: &mut Last) -> Step {
        let (mut result, mut session, mut ta) = (None, None, None);
        let (mut pid, mut tid, mut comm) = (None, None, None);
        let mut keys = Keys::of(&self.names);
        for (n, group) in &self.groups {
            match group {
                Group::Key => keys.push(groups.number(*n)),
                Group::Result => result = groups.number(*n).map(low),
                Group::Session => session = groups.number(*n).map(low),
                Group::Pid => pid = groups.number(*n).map(low),
                Group::Tid => tid = groups.number(*n).map(low),
                Group::Comm => comm = groups.text(*n),
                Group::Ta => ta = groups.text(*n).and_then(uuid).map(|(uuid, _)| uuid),
            }
        }
        let known = pid.is_some() || tid.is_some() || comm.is_some();
        let by =
            known.then(|| last.party(pid.unwrap_or(0), tid.unwrap_or(0), comm.unwrap_or_default()));
        Step { name: Arc::clone(name), result, session, uuid: ta, by, keys }
    }
}

/// The groups of a match, by their numbers; `None` for those that it has not.
trait Groups {
    fn number(&self, group: usize) -> Option<u64>;
    fn text(&self, group: usize) -> Option<&[u8]>;
}

struct Direct<'a> {
    straight: &'a Straight,
    found: Found,
    line: &'a [u8],
}

impl Groups for Direct<'_> {
    #[inline]
    fn number(&self, group: usize) -> Option<u64> {
        Some(self.straight.number(self.line, &self.found, group))
    }

    fn text(&self, group: usize) -> Option<&[u8]> {
        Some(self.found.text(self.line, group))
    }
}

impl Groups for Captures<'_> {
    fn number(&self, group: usize) -> Option<u64> {
        self.get(group).map(|text| number(text.as_bytes()))
    }

    fn text(&self, group: usize) -> Option<&[u8]> {
        self.get(group).map(|text| text.as_bytes())
    }
}

impl Group {
    const fn wanted(self) -> Want {
        match self {
            Self::Ta | Self::Comm => Want::Text,
            Self::Result | Self::Session | Self::Pid | Self::Tid | Self::Key => Want::Number,
        }
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
        _ => Group::Key,
    }
}

/// The low 32 bits of a number.
const fn low(number: u64) -> u32 {
    (number & 0xffff_ffff) as u32
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

/// Whether every match of `hir` begins with these bytes.
fn leads(hir: &Hir, literal: &[u8]) -> bool {
    match hir.kind() {
        HirKind::Literal(first) => *first.0 == *literal,
        HirKind::Capture(capture) => leads(&capture.sub, literal),
        HirKind::Concat(parts) => parts.first().is_some_and(|first| leads(first, literal)),
        _ => false,
    }
}

/// The part of a regex error that says what is wrong, on one line.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or(&text);
    format!("no regular expression: {}", last.trim().trim_start_matches("error: "))
}
