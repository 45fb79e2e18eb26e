//! `teeleak suggest`: protocols proposed from captures, in the form that `--protocol` accepts.

use std::fs;

use teeleak::Exit;
use teeleak_tests::teeleak;

use crate::support::{capture, fixture, folder};

/// Proposes for a file, writes that to another one, and returns its path with its text.
fn proposed(name: &str, arguments: &[&str]) -> (String, String) {
    let answer = teeleak(&[&["suggest"], arguments].concat());
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    let path = folder("suggest").join(format!("{name}.toml"));
    fs::write(&path, &answer.out).unwrap();
    (path.display().to_string(), answer.out)
}

#[test]
fn the_order_of_a_clean_loop_is_proposed_and_kept() {
    let clean = capture("none");
    let (path, text) = proposed("none", &[&clean]);
    assert!(text.contains("open_0 > map_1 > unmap_2 > close_3"), "{text}");
    assert!(text.contains("support 100 %: 44 of 44 released\n"), "{text}");
    assert!(!text.contains("exception"), "{text}");
    let report = teeleak(&["report", "--protocol", &path, &clean]);
    assert_eq!(report.exit, Exit::Clean, "{}", report.out);
}

#[test]
fn exceptions_are_shown() {
    let buggy = capture("close-before-unmap-2");
    let (path, text) = proposed("close-before-unmap-2", &[&buggy]);
    assert!(text.contains("open_0 > map_1 > unmap_2 > close_3"), "{text}");
    assert!(
        text.contains("exception: 44 releases failed; exception: 44 releases after the parent's"),
        "{text}"
    );
    let report = teeleak(&["report", "--protocol", &path, &buggy]);
    assert_eq!(report.exit, Exit::Order, "{}", report.out);
    assert!(report.out.contains("close_3 came before unmap_2"), "{}", report.out);
}

#[test]
fn a_log_is_refused() {
    let log = fixture("log/3.11.vendor-channel-switches.log");
    let answer = teeleak(&["suggest", &log]);
    assert_eq!((answer.exit, &*answer.out), (Exit::Usage, ""));
    assert!(answer.err.contains("teeleak analyze"), "{}", answer.err);
}
