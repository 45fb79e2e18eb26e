//! `diff` over several captures, and beside a known-good build's.

use teeleak::Exit;
use teeleak_tests::{Answer, golden, teeleak};

use crate::support::{capture, fixture};

/// Compares recordings of a real TEE; words that are no options name them.
fn diff(words: &[&str]) -> Answer {
    let path = |word: &&str| match word.starts_with('-') {
        true => (*word).to_owned(),
        false => capture(word),
    };
    let words: Vec<_> = ["diff".to_owned()].into_iter().chain(words.iter().map(path)).collect();
    let mut answer = teeleak(&words.iter().map(String::as_str).collect::<Vec<_>>());
    answer.out = answer.out.replace(&fixture("capture/"), "");
    answer
}

#[test]
fn several_captures_show_the_course() {
    let answer = diff(&["none", "forget-unmap", "close-before-unmap-2", "leak-session"]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    golden("diff.several.txt", &answer.out);
    let json = diff(&["--json", "none", "forget-unmap", "leak-session"]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(report["sites"].as_array().unwrap().iter().all(|site| {
        let counts = site["counts"].as_array().unwrap();
        counts.len() == 3 && counts[0] == site["count_before"] && counts[2] == site["count_after"]
    }));
}

#[test]
fn one_capture_alone_is_not_enough() {
    let answer = diff(&["none"]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("expected two or more captures"), "{}", answer.err);
}

#[test]
fn what_a_good_build_does_not_have_is_new() {
    let answer = diff(&["--good", "none", "forget-unmap", "leak-session", "none-2"]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.err);
    golden("diff.good.txt", &answer.out);
    golden("diff.good.json", &diff(&["--json", "--good", "none", "leak-session"]).out);
}

#[test]
fn what_both_have_is_no_news_unless_it_is_worse() {
    let answer = diff(&["--good", "forget-unmap", "forget-unmap"]);
    assert_eq!(answer.exit, Exit::Clean);
    assert!(answer.out.starts_with("nothing new: 4.10.0.forget-unmap.tlk has 0 new findings"));
    // Two regions per iteration instead of one.
    let answer = diff(&["--good", "forget-unmap", "close-before-unmap-2"]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert!(answer.out.contains("\nworse\n"), "{}", answer.out);
    let answer = diff(&["--good", "forget-unmap", "none"]);
    assert_eq!(answer.exit, Exit::Clean);
    assert!(answer.out.contains("\ngone\n"), "{}", answer.out);
}
