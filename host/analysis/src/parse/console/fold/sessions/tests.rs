//! Lines about sessions, in various orders.

use teeleak_proto::Uuid;

use super::{Change, Instances, SYSTEM, Sessions};
use crate::parse::console::messages::fact::{SessionLine, Who};

const TA: Uuid = Uuid([1; 16]);
const WHO: Who = Who { image: None, thread: Some(0) };

fn play(lines: &[SessionLine]) -> Vec<String> {
    let (mut sessions, mut instances) = (Sessions::default(), Instances::default());
    let mut told = Vec::new();
    let mut tell = |change| {
        told.push(match change {
            Change::Opened(opened) => format!("{}opens {}", opened.opener, opened.id),
            Change::Closed(id, Some(opened)) => format!("{}closes {id:?}", opened.opener),
            Change::Closed(id, None) => format!("? closes {id:?}"),
            Change::Failed(_, result) => format!("failed {result:x}"),
            Change::InvokeFailed(result) => format!("invoke {result:x}"),
        });
    };
    for line in lines {
        sessions.line(WHO, *line, &mut instances, &mut tell);
    }
    told
}

#[test]
fn sessions_opened_for_a_ta_that_loads_are_its_own() {
    let told = play(&[
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
    assert_eq!(told, expected);
}

#[test]
fn a_close_with_an_unknown_id_is_of_the_one_being_opened() {
    let told = play(&[SessionLine::Reopen(TA), SessionLine::Close(Some(5))]);
    assert_eq!(told, ["0opens 5", "0closes Some(5)"]);
}

#[test]
fn a_ta_keeps_its_system_session_until_it_dies() {
    let told = play(&[
        SessionLine::LookupPta(TA),
        SessionLine::Load(TA),
        SessionLine::LookupPta(SYSTEM),
        SessionLine::OpenPta,
        SessionLine::InvokeError(8),
        SessionLine::Close(Some(1)),
        SessionLine::DestroyContext,
        SessionLine::Close(Some(1)),
    ]);
    assert_eq!(told[3..], ["0closes Some(1)", "1closes Some(1)"]);
}

#[test]
fn a_session_that_a_ta_opened_is_told_by_ids_that_do_not_rise() {
    const PEER: Uuid = Uuid([2; 16]);
    let told = play(&[
        SessionLine::Reopen(TA),
        SessionLine::Reopen(PEER),
        SessionLine::Close(Some(1)),
        SessionLine::Reopen(TA),
        SessionLine::Close(Some(1)),
        SessionLine::Reopen(TA),
        SessionLine::Close(Some(1)),
    ]);
    let ends: Vec<_> = told.iter().filter(|told| told.contains("closes")).collect();
    assert_eq!(ends, ["0closes Some(1)"; 3]);
    assert_eq!(told.last().map(String::as_str), Some("0closes Some(1)"));
    assert!(told.contains(&"0opens 1".to_owned()) && !told.contains(&"0opens 4".to_owned()));
}

#[test]
fn failures_open_nothing() {
    let told = play(&[
        SessionLine::Reopen(TA),
        SessionLine::Failed(None, 0xffff_000c),
        SessionLine::Close(Some(3)),
    ]);
    assert_eq!(told, ["failed ffff000c", "? closes Some(3)"]);
}
