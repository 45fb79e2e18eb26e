//! Birthplaces in words.

use crate::{
    model::{BirthCall, Birthplace, EventKind},
    text,
};

/// Commands that are named of one TA; the others are counted.
const NAMED: usize = 8;

/// `command 1 of TA … by player (pid 812), 20 of 20`.
#[must_use]
pub fn sentence(place: &Birthplace) -> String {
    let share = format!("{} of {}", text::number(place.count), text::number(place.total));
    let groups: Vec<_> = place.calls.chunk_by(are_alike).map(group).collect();
    match place.calls.as_slice() {
        [] => format!("calls that are not recorded, {share}"),
        [_] => format!("{}, {share}", text::list(&groups)),
        _ => format!("iterations with {}, {share}", text::list(&groups)),
    }
}

/// Whether only the kind of call or the command differs.
fn are_alike(a: &BirthCall, b: &BirthCall) -> bool {
    let who = |call: &BirthCall| (call.uuid, call.opener);
    (who(a), &a.program, &a.pids) == (who(b), &b.program, &b.pids)
}

/// `command 0 and 1, open and close of TA … by player (pid 812)`.
fn group(calls: &[BirthCall]) -> String {
    let Some(call) = calls.first() else { return String::new() };
    let commands = calls.iter().filter_map(|call| call.cmd.map(|cmd| cmd.to_string()));
    let numbers: Vec<_> = commands.collect();
    let mut words: Vec<_> = calls.iter().filter_map(word).map(ToOwned::to_owned).collect();
    if !numbers.is_empty() {
        words.push(format!("command {}", text::list_up_to(&numbers, NAMED)));
    }
    let side = if call.pta { "PTA" } else { "TA" };
    format!("{} of {side} {}{}", text::list(&words), call.uuid, callers(call))
}

const fn word(call: &BirthCall) -> Option<&'static str> {
    match (&call.kind, call.cmd) {
        (EventKind::Open, _) => Some("the open"),
        (EventKind::Close, _) => Some("the close"),
        (_, None) => Some("a call"),
        (_, Some(_)) => None,
    }
}

fn callers(call: &BirthCall) -> String {
    let opener = call.opener.map_or_else(String::new, |ta| format!(", called by TA {ta}"));
    let pids = match call.pids.iter().collect::<Vec<_>>().as_slice() {
        [] => return opener,
        [pid] => format!("pid {pid}"),
        pids => text::count(pids.len() as u64, "process"),
    };
    match &call.program {
        Some(program) => format!("{opener} by {program} ({pids})"),
        None => format!("{opener} by {pids}"),
    }
}

#[cfg(test)]
mod tests {
    use teeleak_proto::Uuid;

    use crate::birthplace::words::*;

    #[test]
    fn a_call_reads_well() {
        let call = BirthCall {
            kind: EventKind::Invoke,
            uuid: Uuid([7; 16]),
            pta: false,
            cmd: Some(1),
            opener: None,
            program: Some("player".into()),
            pids: [812].into(),
        };
        let uuid = call.uuid;
        let place = Birthplace { calls: vec![call.clone()], count: 20, total: 20 };
        assert_eq!(
            sentence(&place),
            format!("command 1 of TA {uuid} by player (pid 812), 20 of 20")
        );
        let opening = BirthCall { kind: EventKind::Open, cmd: None, ..call.clone() };
        let place = Birthplace { calls: vec![opening.clone(), call.clone()], ..place };
        assert_eq!(
            sentence(&place),
            format!(
                "iterations with the open and command 1 of TA {uuid} by player (pid 812), 20 of 20"
            )
        );
        let several = BirthCall { pids: (1..=20).collect(), ..call };
        let nobody = BirthCall { program: None, pids: [].into(), ..opening };
        let place = Birthplace { calls: vec![nobody, several], count: 5, total: 20 };
        assert_eq!(
            sentence(&place),
            format!(
                "iterations with the open of TA {uuid} and command 1 of TA {uuid} by player \
                 (20 processes), 5 of 20"
            )
        );
        let place = Birthplace { calls: Vec::new(), ..place };
        assert_eq!(sentence(&place), "calls that are not recorded, 5 of 20");
    }
}
