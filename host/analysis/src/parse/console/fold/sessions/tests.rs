//! Lines about sessions, in various orders.

use teeleak_proto::Uuid;

use super::{Instances, SYSTEM, SessionChange, SessionTracker};
use crate::parse::console::messages::fact::{LineOrigin, SessionLine};

const TA: Uuid = Uuid([1; 16]);
const WHO: LineOrigin = LineOrigin { image: None, thread: Some(0) };

fn play(lines: &[SessionLine]) -> Vec<String> {
    play_threads(&lines.iter().map(|line| (WHO.thread, *line)).collect::<Vec<_>>())
}

fn play_threads(lines: &[(Option<u16>, SessionLine)]) -> Vec<String> {
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
    for (thread, line) in lines {
        let who = LineOrigin { thread: *thread, ..WHO };
        sessions.line(who, *line, &mut instances, &mut report);
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

#[test]
fn a_session_is_used_and_closed_on_another_thread() {
    let (first, second) = (Some(0), Some(1));
    let changes = play_threads(&[
        (first, SessionLine::LookupPta(TA)),
        (first, SessionLine::Load(TA)),
        (second, SessionLine::InvokeError(8)),
        (second, SessionLine::Close(Some(1))),
    ]);
    assert_eq!(changes, ["0opens 1", "invoke 8", "0closes Some(1)"]);
    let changes = play_threads(&[
        (first, SessionLine::Reopen(TA)),
        (second, SessionLine::Close(Some(1))),
        (first, SessionLine::Reopen(TA)),
        (second, SessionLine::Close(Some(4))),
        (None, SessionLine::Reopen(TA)),
        (second, SessionLine::Close(None)),
    ]);
    let ids = ["Some(1)", "Some(4)", "None"];
    let closes: Vec<_> = changes.into_iter().filter(|change| change.contains("closes")).collect();
    assert_eq!(closes, ids.map(|id| format!("0closes {id}")));
}

#[test]
fn an_open_goes_on_while_another_thread_works() {
    const PEER: Uuid = Uuid([2; 16]);
    let (first, second) = (Some(0), Some(1));
    let changes = play_threads(&[
        (second, SessionLine::Reopen(PEER)),
        (second, SessionLine::InvokeError(8)),
        (first, SessionLine::LookupPta(TA)),
        (first, SessionLine::Load(TA)),
        (second, SessionLine::InvokeError(8)),
        (second, SessionLine::Close(Some(1))),
        (first, SessionLine::Failed(Some(TA), 0xffff_000c)),
    ]);
    let expected = ["0opens 1", "invoke 8", "invoke 8", "0closes Some(1)", "failed ffff000c"];
    assert_eq!(changes, expected);
}

/// A TA keeps its sessions and another one closes each of its own; the close of one of them is not in the text.
fn rounds_without_a_close(round_of_loss: usize, lost: &[SessionLine]) -> Vec<String> {
    const KEPT: Uuid = Uuid([2; 16]);
    let round = |close: &[SessionLine]| {
        [&[SessionLine::Reopen(KEPT), SessionLine::Reopen(TA)], close].concat()
    };
    let close = |id| vec![SessionLine::Close(Some(id)), SessionLine::Destroy];
    let mut closes: Vec<_> = (2..7).map(close).collect();
    closes[round_of_loss] = lost.to_vec();
    play(&closes.iter().flat_map(|close| round(close)).collect::<Vec<_>>())
}

#[test]
fn a_lost_close_does_not_shift_the_later_ones() {
    for round_of_loss in 1..4 {
        let changes = rounds_without_a_close(round_of_loss, &[SessionLine::Destroy]);
        let ends = changes.iter().filter(|change| change.contains("closes"));
        let mut expected: Vec<_> = (2..7).map(|id| format!("0closes Some({id})")).collect();
        expected[round_of_loss] = "0closes None".to_owned();
        assert_eq!(ends.cloned().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn ids_are_right_where_nothing_was_lost() {
    let changes = rounds_without_a_close(2, &[]);
    assert!(!changes.iter().any(|change| change == "0closes None"), "{changes:?}");
}

#[test]
fn a_close_whose_line_was_lost_is_of_the_youngest_session() {
    const PEER: Uuid = Uuid([2; 16]);
    let changes = play(&[
        SessionLine::Reopen(TA),
        SessionLine::Reopen(PEER),
        SessionLine::Destroy,
        SessionLine::Reopen(TA),
        SessionLine::Reopen(PEER),
        SessionLine::Close(Some(3)),
        SessionLine::Destroy,
    ]);
    let expected =
        ["0opens 1", "0opens 2", "0closes None", "0opens 2", "0opens 3", "0closes Some(3)"];
    assert_eq!(changes, expected);
}

#[test]
fn an_open_between_a_close_and_its_end_shows_no_loss() {
    const PEER: Uuid = Uuid([2; 16]);
    let changes = play_threads(&[
        (Some(0), SessionLine::Reopen(TA)),
        (Some(0), SessionLine::Close(Some(1))),
        (Some(1), SessionLine::Reopen(PEER)),
        (Some(0), SessionLine::Destroy),
    ]);
    assert_eq!(changes, ["0opens 1", "0closes Some(1)"]);
}
