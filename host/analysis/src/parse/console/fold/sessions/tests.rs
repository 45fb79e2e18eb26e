//! Lines about sessions, in various orders.

use teeleak_proto::Uuid;

use super::{Instances, SYSTEM, SessionChange, SessionTracker};
use crate::parse::console::messages::fact::{LineOrigin, SessionLine};

const TA: Uuid = Uuid([1; 16]);
const WHO: LineOrigin = LineOrigin { image: None, thread: Some(0) };

fn play(lines: &[SessionLine]) -> Vec<String> {
    let (mut sessions, mut instances) = (SessionTracker::default(), Instances::default());
    let mut changes = Vec::new();
    let mut report = |change| {
        changes.push(match change {
            SessionChange::Opened(opened) => format!("{}opens {}", opened.opener, opened.id),
            SessionChange::Closed(id, Some(opened)) => format!("{}closes {id:?}", opened.opener),
            SessionChange::Closed(id, None) => format!("? closes {id:?}"),
            SessionChange::Failed(_, result) => format!("failed {result:x}"),
            SessionChange::InvokeFailed(result) => format!("invoke {result:x}"),
        });
    };
    for line in lines {
        sessions.line(WHO, *line, &mut instances, &mut report);
    }
    changes
}

#[test]
fn sessions_opened_for_a_ta_that_loads_are_its_own() {
    let changes = play(&[
        SessionLine::LookupPta(TA),
        SessionLine::Load(TA),
        SessionLine::LookupPta(SYSTEM),
        SessionLine::OpenPta,
        SessionLine::Close(Some(1)),
        SessionLine::Reopen(TA),
        SessionLine::Close(Some(2)),
        SessionLine::Close(Some(1)),
    ]);
    let expected = [
        "1opens 1",
        "1closes Some(1)",
        "0opens 1",
        "0opens 2",
        "0closes Some(2)",
        "0closes Some(1)",
    ];
    assert_eq!(changes, expected);
}

#[test]
fn a_close_with_an_unknown_id_is_of_the_one_being_opened() {
    let changes = play(&[SessionLine::Reopen(TA), SessionLine::Close(Some(5))]);
    assert_eq!(changes, ["0opens 5", "0closes Some(5)"]);
}

#[test]
fn a_ta_keeps_its_system_session_until_it_dies() {
    let changes = play(&[
        SessionLine::LookupPta(TA),
        SessionLine::Load(TA),
        SessionLine::LookupPta(SYSTEM),
        SessionLine::OpenPta,
        SessionLine::InvokeError(8),
        SessionLine::Close(Some(1)),
        SessionLine::DestroyContext,
        SessionLine::Close(Some(1)),
    ]);
    assert_eq!(changes[3..], ["0closes Some(1)", "1closes Some(1)"]);
}

#[test]
fn a_session_that_a_ta_opened_is_detected_by_ids_that_do_not_rise() {
    const PEER: Uuid = Uuid([2; 16]);
    let changes = play(&[
        SessionLine::Reopen(TA),
        SessionLine::Reopen(PEER),
        SessionLine::Close(Some(1)),
        SessionLine::Reopen(TA),
        SessionLine::Close(Some(1)),
        SessionLine::Reopen(TA),
        SessionLine::Close(Some(1)),
    ]);
    let ends: Vec<_> = changes.iter().filter(|change| change.contains("closes")).collect();
    assert_eq!(ends, ["0closes Some(1)"; 3]);
    assert_eq!(changes.last().map(String::as_str), Some("0closes Some(1)"));
    assert!(changes.contains(&"0opens 1".to_owned()) && !changes.contains(&"0opens 4".to_owned()));
}

#[test]
fn failures_open_nothing() {
    let changes = play(&[
        SessionLine::Reopen(TA),
        SessionLine::Failed(None, 0xffff_000c),
        SessionLine::Close(Some(3)),
    ]);
    assert_eq!(changes, ["failed ffff000c", "? closes Some(3)"]);
}
