//! Blame in words.

use teeleak_proto::Uuid;

use crate::model::{Blame, BlamedCall, CallOutcome, Certainty, EventKind, TeeResult};
use crate::text;

/// Calls that are named; the others are counted.
const NAMED: usize = 8;

/// `certain: the TEE core, in each open of a session to TA … that fails with …, by process client`.
#[must_use]
pub fn sentence(blame: &Blame) -> String {
    let mut sentence = format!("{}: {}", certainty(blame), sides(blame));
    if !blame.calls.is_empty() {
        sentence += &format!(", in {}", calls(&blame.calls));
    }
    if let Some(process) = &blame.process {
        sentence += &format!(", by {process}");
    }
    sentence
}

fn certainty(blame: &Blame) -> &'static str {
    match (blame.side(), blame.certainty) {
        (Some(_), Certainty::Certain) => "certain",
        (Some(_), Certainty::Likely) => "likely",
        (Some(_), Certainty::Possible) | (None, _) => "unsure",
    }
}

/// The sides that fit: `the TEE core`, `the client or the kernel of the normal world`.
pub(super) fn sides(blame: &Blame) -> String {
    let sides: Vec<_> = blame.sides.iter().map(ToString::to_string).collect();
    if sides.is_empty() { "who keeps it is not known".to_owned() } else { alternatives(&sides) }
}

/// The calls that fit: `each call of command 3 or 9 of TA …`, or several kinds with `or`.
pub(super) fn calls(calls: &[BlamedCall]) -> String {
    let mut alike: Vec<(CallGroup, Vec<&BlamedCall>)> = Vec::new();
    for call in calls.iter().take(NAMED) {
        let group = CallGroup::of(call);
        match alike.iter_mut().find(|(known, _)| *known == group) {
            Some((_, calls)) => calls.push(call),
            None => alike.push((group, vec![call])),
        }
    }
    let mut names: Vec<_> = alike.iter().map(|(group, calls)| group.name(calls)).collect();
    let n_more = calls.len().saturating_sub(NAMED) as u64;
    if n_more > 0 {
        names.push(text::count(n_more, "other kind of call"));
    }
    alternatives(&names)
}

/// What calls have in common that are named together.
#[derive(PartialEq, Eq)]
struct CallGroup {
    is_invoke: bool,
    uuid: Uuid,
    pta: bool,
    outcome: CallOutcome,
    every: u64,
}

impl CallGroup {
    fn of(call: &BlamedCall) -> Self {
        let BlamedCall { kind, uuid, pta, outcome, every, .. } = call;
        let is_invoke = *kind == EventKind::Invoke;
        Self { is_invoke, uuid: *uuid, pta: *pta, outcome: *outcome, every: *every }
    }

    /// `each call of command 3 or 9 of TA …`, `every third open of a session to PTA … that fails with …`.
    fn name(&self, calls: &[&BlamedCall]) -> String {
        let which = match self.every {
            1 => "each".to_owned(),
            every => format!("every {}", text::ordinal(every)),
        };
        let kind = if self.pta { "PTA" } else { "TA" };
        let outcome = match self.outcome {
            CallOutcome::Any | CallOutcome::Result(0) => String::new(),
            CallOutcome::Result(result) => format!(" that fails with {}", TeeResult(result)),
        };
        format!("{which} {} {kind} {}{outcome}", self.what(calls), self.uuid)
    }

    fn what(&self, calls: &[&BlamedCall]) -> String {
        if !self.is_invoke {
            let word = |call: &&BlamedCall| match call.kind {
                EventKind::Open => "open".to_owned(),
                _ => "close".to_owned(),
            };
            let words: Vec<_> = calls.iter().map(word).collect();
            return format!("{} of a session to", alternatives(&words));
        }
        let commands = calls.iter().filter_map(|call| call.cmd).map(|cmd| cmd.to_string());
        let commands: Vec<_> = commands.collect();
        if commands.is_empty() {
            "call of".to_owned()
        } else {
            format!("call of command {} of", alternatives(&commands))
        }
    }
}

/// `a`, `a or b`, `a, b or c`.
fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [more @ .., last] => format!("{} or {last}", more.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use teeleak_proto::Uuid;

    use crate::blame::words::*;

    #[test]
    fn calls_read_well() {
        let failing = BlamedCall {
            kind: EventKind::Invoke,
            uuid: Uuid([7; 16]),
            pta: false,
            cmd: Some(3),
            outcome: CallOutcome::Result(0xffff_0006),
            every: 3,
        };
        let opening = BlamedCall { kind: EventKind::Open, cmd: None, every: 1, ..failing.clone() };
        let uuid = "07070707-0707-0707-0707-070707070707";
        assert_eq!(
            calls(&[failing, BlamedCall { outcome: CallOutcome::Any, ..opening.clone() }]),
            format!(
                "every third call of command 3 of TA {uuid} that fails with \
                 TEE_ERROR_BAD_PARAMETERS (0xffff0006) or each open of a session to TA {uuid}"
            )
        );
        let command = |cmd| BlamedCall {
            kind: EventKind::Invoke,
            cmd: Some(cmd),
            outcome: CallOutcome::Any,
            ..opening.clone()
        };
        let sessions = [EventKind::Open, EventKind::Close].map(|kind| BlamedCall {
            kind,
            cmd: None,
            ..command(0)
        });
        assert_eq!(
            calls(&[&[0, 3, 9].map(command)[..], &sessions].concat()),
            format!(
                "each call of command 0, 3 or 9 of TA {uuid} or each open or close of a session to TA \
                 {uuid}"
            )
        );
    }
}
