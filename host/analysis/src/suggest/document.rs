//! A suggestion as a protocol file.

use std::fmt::Write as _;

use teeleak_proto::Uuid;

use super::{
    proposals::{Proposal, Support, proposals},
    trace::{Action, PLACES, Trace},
};
use crate::{model::EventKind, text};

/// What the calls of one TA suggest.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// The TA.
    pub ta: Uuid,
    /// Its actions.
    pub actions: Vec<Action>,
    /// The proposals, parents first.
    pub proposals: Vec<Proposal>,
}

impl Suggestion {
    pub(super) fn new(trace: Trace) -> Self {
        let proposals = proposals(&trace);
        Self { ta: trace.ta, actions: trace.actions, proposals }
    }

    /// `open_0 > map_1 > unmap_2 > close_3`.
    #[must_use]
    pub fn order(&self) -> String {
        let tops = (0..self.proposals.len()).filter(|at| self.proposals[*at].parent.is_none());
        tops.map(|at| self.order_from(at)).collect::<Vec<_>>().join("; ")
    }

    fn order_from(&self, at: usize) -> String {
        let is_child =
            |child: &usize| self.proposals[*child].parent.map(|parent| parent.0) == Some(at);
        let children = (0..self.proposals.len()).filter(is_child);
        let children: Vec<_> = children.map(|child| self.order_from(child)).collect();
        let inner = match children.as_slice() {
            [] => String::new(),
            [one] => format!(" > {one}"),
            several => format!(" > ({})", several.join(" | ")),
        };
        let (acquire, release) = self.step_names(at);
        format!("{acquire}{inner} > {release}")
    }

    /// Names of the steps that acquire and release.
    fn step_names(&self, at: usize) -> (String, String) {
        let proposal = &self.proposals[at];
        let name = |(action, _): (usize, usize), verb: &str| {
            let command = self.actions.get(action).map_or(0, |action| action.command);
            format!("{verb}_{command}")
        };
        let (first, last) = if self.is_mapping(at) { ("map", "unmap") } else { ("open", "close") };
        (name(proposal.acquire, first), name(proposal.release, last))
    }

    fn is_mapping(&self, at: usize) -> bool {
        let action = self.actions.get(self.proposals[at].acquire.0);
        action.is_some_and(|action| action.maps == Some(EventKind::Map))
    }

    fn resource_name(&self, at: usize) -> String {
        let kind = if self.is_mapping(at) { "mapping" } else { "handle" };
        format!("{kind}_{}", at + 1)
    }

    fn name(&self) -> String {
        format!("ta-{}", self.ta.to_string().chars().take(8).collect::<String>())
    }
}

/// The protocol file: one protocol for each suggestion, with its support in comments.
#[must_use]
pub fn write(suggestions: &[Suggestion]) -> String {
    let mut out = String::from(
        "# Proposed from what was observed: which steps acquire and release, and in which order. The names are\n\
         # made up from numbers: give them better ones, and delete what is chance.\n",
    );
    for suggestion in suggestions {
        // Writing to a string never fails.
        let _ = protocol(suggestion, &mut out);
    }
    out
}

fn protocol(suggestion: &Suggestion, out: &mut String) -> std::fmt::Result {
    let name = suggestion.name();
    writeln!(out, "\n[protocol.{name}]\nabout = \"{}\"", suggestion.order())?;
    writeln!(out, "ta = \"{}\"", suggestion.ta)?;
    writeln!(out, "\n[protocol.{name}.resource]")?;
    for (at, proposal) in suggestion.proposals.iter().enumerate() {
        let parent = proposal.parent.map(|(parent, _)| suggestion.resource_name(parent));
        let parent = parent.map_or_else(String::new, |name| format!(" parent = \"{name}\" "));
        writeln!(out, "# {}", support(&proposal.support))?;
        writeln!(out, "{} = {{{parent}}}", suggestion.resource_name(at))?;
    }
    writeln!(out, "\n[protocol.{name}.step]")?;
    for (at, proposal) in suggestion.proposals.iter().enumerate() {
        let (acquire, release) = suggestion.step_names(at);
        let parent = proposal.parent.map(|(_, keys)| keys);
        let first = (acquire, "acquire", proposal.acquire, parent.map(|keys| keys.0));
        let last = (release, "release", proposal.release, parent.map(|keys| keys.1));
        for step in [first, last] {
            step_line(suggestion, at, step, out)?;
        }
    }
    Ok(())
}

type Step<'s> = (String, &'s str, (usize, usize), Option<usize>);

fn step_line(
    suggestion: &Suggestion,
    at: usize,
    (name, verb, (action, place), parent): Step<'_>,
    out: &mut String,
) -> std::fmt::Result {
    let Some(action) = suggestion.actions.get(action) else { return Ok(()) };
    let resource = suggestion.resource_name(at);
    write!(out, "{name} = {{ {verb} = \"{resource}\"")?;
    write!(out, ", invoke = {}", action.command)?;
    let key = |place: usize| PLACES.get(place).copied().unwrap_or("one");
    write!(out, ", key = \"{}\"", key(place))?;
    if let Some(parent) = parent {
        write!(out, ", parent_key = \"{}\"", key(parent))?;
    }
    writeln!(out, " }}")
}

/// `22 of 22 released: 100 %; 3 releases failed`.
fn support(support: &Support) -> String {
    let mut sentence = format!(
        "support {} %: {} of {} released",
        support.percent,
        text::number(support.released),
        text::number(support.acquired)
    );
    let exceptions = [
        (support.failed, "release failed", "releases failed"),
        (support.late, "release after the parent's", "releases after the parent's"),
        (support.unknown, "release of what was not acquired", "releases of what was not acquired"),
    ];
    for (count, one, several) in exceptions.into_iter().filter(|(count, ..)| *count > 0) {
        let words = if count == 1 { one } else { several };
        sentence += &format!("; exception: {} {words}", text::number(count));
    }
    sentence
}
