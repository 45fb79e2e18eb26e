//! `teeleak analyze` on logs that lost a line or some bytes: the damage costs that line and nothing else.

use std::fs;

use teeleak::Exit;
use teeleak_tests::{Answer, teeleak};

use crate::support::{fixture, folder};

/// Rules and protocol of the vendor's steps.
const VIDEO: [&str; 4] = ["--rules", "secure-video", "--protocol", "secure-video"];

fn analyze(name: &str, arguments: &[&str]) -> Answer {
    let log = fixture(&format!("log/{name}.log"));
    teeleak(&[&["analyze"], arguments, &[log.as_str()]].concat())
}

/// Writes a log of its own and analyzes it.
fn analyze_text(name: &str, text: &[u8], arguments: &[&str]) -> Answer {
    let path = folder(&format!("damage/{name}")).join("input.log");
    fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    teeleak(&[&["analyze"], arguments, &[path.as_str()]].concat())
}

fn assert_all(answer: &Answer, words: &[&str]) {
    for word in words {
        assert!(answer.out.contains(word), "{word} in {}", answer.out);
    }
}

#[test]
fn records_that_lost_bytes_belong_to_their_dump() {
    let answer = analyze("3.12.records-that-lost-bytes", &[]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert_all(
        &answer,
        &[
            "112 bytes per iteration stay allocated in the core heap: core/tee/tee_obj.c:73",
            "over 8 iterations",
            "9 snapshots: 1 before, 8 measured",
            "4 damaged",
        ],
    );
}

#[test]
fn four_damaged_dumps_of_thirteen_are_not_clean() {
    let answer = analyze("4.3.records-damaged-in-four-dumps", &[]);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert_all(&answer, &["4 damaged", "sites 9, ", "of 13"]);
}

#[test]
fn one_damaged_record_among_many_equal_dumps_is_clean() {
    let answer = analyze("4.3.one-record-cut-in-21-dumps", &[]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.out);
    assert_all(&answer, &["1 damaged", "sites 20, ", "records of a dump: the input is damaged"]);
}

#[test]
fn a_damaged_prefix_does_not_end_a_dump() {
    let log = fs::read(fixture("log/4.10.qemu-dumps-of-a-region-leak.log")).unwrap();
    let lines: Vec<_> = log.split_inclusive(|byte| *byte == b'\n').collect();
    for at in [700, 1000, 1269] {
        for lost in 0..5 {
            let mut text = lines.clone();
            let prefix = text[at].windows(5).position(|part| part == b"I/TC:").unwrap();
            let mut line = text[at].to_vec();
            line.remove(prefix + lost);
            text[at] = &line;
            let answer = analyze_text("prefix", &text.concat(), &[]);
            assert_eq!(answer.exit, Exit::Leak, "line {at}, byte {lost}: {}", answer.out);
            assert_all(&answer, &["8 snapshots: 1 before, 7 measured", "320 bytes per iteration"]);
            assert_all(&answer, &["core/mm/mobj.c:377 (56 bytes) and 3 more sites"]);
        }
    }
}

#[test]
fn regions_are_counted_by_their_numbers() {
    let answer = analyze("4.3.region-maps-with-damaged-lines", &[]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert_all(
        &answer,
        &["keeps 2 regions (8,192 bytes) more mapped after each iteration", "3 to 15 regions"],
    );
}

#[test]
fn closes_without_ids_accuse_nobody() {
    let answer = analyze("3.2.closes-without-ids", &[]);
    assert!(!answer.out.contains("never released"), "{}", answer.out);
    // Not even where one close is missing, or another TA's session is closed in between.
    let log = fs::read_to_string(fixture("log/3.2.closes-without-ids.log")).unwrap();
    let closes: Vec<_> = log.match_indices("tee_ta_close_session(0x").map(|(at, _)| at).collect();
    for at in closes {
        let start = log[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = at + log[at..].find('\n').unwrap() + 1;
        let text = [&log[..start], &log[end..]].concat();
        let answer = analyze_text("close", text.as_bytes(), &[]);
        assert_ne!(answer.exit, Exit::Leak, "{}", answer.out);
        assert!(!answer.out.contains("never released"), "{}", answer.out);
    }
}

#[test]
fn a_hidden_close_is_no_wrong_order() {
    let answer = analyze("3.11.vendor-close-that-damage-hides", &VIDEO);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert_all(&answer, &["1 damaged", "steps that damaged lines hide"]);
    assert!(!answer.out.contains("already held"), "{}", answer.out);
}

#[test]
fn a_missing_close_is_reported_once() {
    let log = fs::read(fixture("log/3.11.vendor-close-that-damage-hides.log")).unwrap();
    let log = String::from_utf8_lossy(&log);
    let lines = log.split_inclusive('\n').filter(|line| !line.contains("usb"));
    let text: String = lines.collect();
    let answer = analyze_text("missing", text.as_bytes(), &VIDEO);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert_all(&answer, &["already held, once", "one line missing from the log would explain it"]);
}

#[test]
fn wrong_order_and_what_grows_by_it_are_one_story() {
    let answer = analyze("4.3.vendor-late-unmap-seen-in-dumps", &VIDEO);
    assert_eq!(answer.exit, Exit::Order, "{}", answer.out);
    assert_all(
        &answer,
        &["close_channel came before unmap, 8 times", "7 of 7 remaining regions lie"],
    );
    assert_eq!(answer.out.matches("   effect      ").count(), 3, "{}", answer.out);
}

#[test]
fn a_ta_that_panics_does_not_hide_equal_dumps() {
    let answer = analyze("4.3.ta-panic-between-equal-dumps", &[]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.out);
    assert_all(&answer, &["incidents\n", "TA panicked with code 0xdead"]);
    // A TA that ran out of memory is another matter.
    let log = fs::read_to_string(fixture("log/4.3.ta-panic-between-equal-dumps.log")).unwrap();
    let text = log.replace("code 0xdead", "code 0xffff000c");
    assert_ne!(analyze_text("panic", text.as_bytes(), &[]).exit, Exit::Clean);
}

#[test]
fn any_number_of_dumps_has_one_per_iteration() {
    let mut text = String::new();
    for dump in 0..2500 {
        text.push_str(&format!("clip {dump}\n"));
        text.push_str("I/TC: buffer: 152 bytes core/kernel/tee_ta_manager.c:611\n");
        text.push_str(&"I/TC: buffer: 56 bytes core/mm/mobj.c:166\n".repeat(dump / 50));
        text.push_str("I/TC: buffer: 48 bytes lib/libutils/isoc/bget_malloc.c:833\n");
    }
    let answer = analyze_text("many", text.as_bytes(), &[]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert_all(&answer, &["0.02 objects per iteration", "2,496 iterations"]);
}

#[test]
fn two_equal_dumps_are_no_proof() {
    let dump = "I/TC: buffer: 152 bytes core/kernel/tee_ta_manager.c:611\n\
                I/TC: buffer: 56 bytes core/mm/mobj.c:166\n\
                I/TC: buffer: 48 bytes lib/libutils/isoc/bget_malloc.c:833\n";
    for n in 2..7 {
        let text: String = (0..n).map(|iteration| format!("clip {iteration}\n{dump}")).collect();
        let answer = analyze_text("equal", text.as_bytes(), &[]);
        let right = if n < 5 { Exit::Blind } else { Exit::Clean };
        assert_eq!(answer.exit, right, "{n} dumps: {}", answer.out);
        let wanting = match 5 - n {
            1 => "1 more snapshot would decide".to_owned(),
            wanting => format!("{wanting} more snapshots would decide"),
        };
        assert_eq!(answer.out.contains(&wanting), n < 5, "{}", answer.out);
    }
}

#[test]
fn what_a_report_did_not_observe_takes_five_lines() {
    let brief = teeleak(&["analyze", &fixture("normal-world/binder")]);
    let list = |answer: &Answer| {
        let (_, list) = answer.out.split_once("not observed\n").unwrap();
        list.lines().take_while(|line| !line.is_empty()).count()
    };
    assert_eq!(list(&brief), 5, "{}", brief.out);
    assert_all(&brief, &["10 more; use -v to show all"]);
}
