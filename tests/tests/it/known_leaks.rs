//! Leaks of OP-TEE itself that upstream has fixed, in logs of the releases that have them.

use std::fs;

use serde_json::Value;
use teeleak::Exit;
use teeleak_tests::teeleak;

use crate::support::{fixture, folder};

/// The JSON report of a log.
fn report(name: &str) -> Value {
    let answer = teeleak(&["analyze", "--json", &fixture(&format!("log/{name}.log"))]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.err);
    serde_json::from_str(&answer.out).unwrap()
}

/// Commit and certainty of each known leak of each finding.
fn known(report: &Value) -> Vec<(&str, &str)> {
    let findings = report["findings"].as_array().unwrap();
    let leaks = findings.iter().filter_map(|finding| finding.get("known")?.as_array()).flatten();
    leaks.map(|one| (one["commit"].as_str().unwrap(), one["certainty"].as_str().unwrap())).collect()
}

#[test]
fn a_log_of_a_release_with_the_leak_names_its_fix() {
    for (log, expected) in [
        ("3.20.public-keys-leave-their-private-half", vec![("c4cab13e43f8", "certain")]),
        ("3.11.enumerated-objects-stay-open", vec![("19cb73dd990d", "likely"); 2]),
        ("3.8.registered-buffer-mapped-again", vec![("d627f5569de4", "likely")]),
        ("3.5.keep-alive-ta-panics", vec![("fd10f62b8210", "likely")]),
        ("3.19.public-keys-of-an-unnamed-release", vec![("c4cab13e43f8", "possible")]),
    ] {
        assert_eq!(known(&report(log)), expected, "{log}");
    }
}

#[test]
fn rows_that_fit_equally_are_all_named() {
    let commits = ["e2d69ac1ab59", "48c288291364", "ca430e6e2adb"];
    assert_eq!(
        known(&report("3.15.caam-calls-that-fail")),
        commits.map(|commit| (commit, "possible"))
    );
}

#[test]
fn a_release_with_the_fix_is_never_called_known() {
    let report = report("4.2.fixed-key-pair-site-grows");
    assert!(known(&report).is_empty(), "{report}");
    let next = report["findings"][0]["next"].as_str().unwrap();
    assert!(next.starts_with("look for the missing release"), "{next}");
}

#[test]
fn every_output_names_the_fix() {
    let log = fixture("log/3.20.public-keys-leave-their-private-half.log");
    let folder = folder("known_leaks/outputs");
    let path = |name: &str| folder.join(name).display().to_string();
    let outputs = ["--html", "--markdown", "--sarif", "--junit"];
    let files = outputs.map(path);
    let options = outputs.iter().zip(&files).flat_map(|(option, file)| [*option, file]);
    let words: Vec<_> = ["analyze"].into_iter().chain(options).chain([&*log]).collect();
    let answer = teeleak(&words);
    let fix = "fixed in 3.21 by commit c4cab13e4, in your 3.20 not";
    assert!(answer.out.contains(&format!("known       {fix}")), "{}", answer.out);
    for (option, file) in outputs.iter().zip(&files) {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains(fix), "{option}");
        assert!(
            text.contains("cherry-pick commit c4cab13e4, or update to 3.21 or later"),
            "{option}"
        );
    }
}

#[test]
fn a_note_of_the_user_comes_before_the_fix() {
    let notes = folder("known_leaks/notes").join("notes.toml");
    let text = "[[fixed]]\nfingerprint = 'v1:site-growth:*ed25519*'\nversion = 'our 7.1'\n";
    fs::write(&notes, text).unwrap();
    let log = fixture("log/3.20.public-keys-leave-their-private-half.log");
    let answer = teeleak(&["analyze", "--notes", &notes.display().to_string(), &log]);
    let next = "update to our 7.1, which fixes it; until then: cherry-pick commit c4cab13e4, or update to 3.21 or later";
    assert!(answer.out.contains(next), "{}", answer.out);
}
