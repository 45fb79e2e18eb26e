//! Findings that somebody knows already: baselines, suppressions, notes.

use std::{fs, path::PathBuf};

use teeleak::Exit;
use teeleak_tests::{Answer, golden, teeleak};

use crate::support::{FOLDER, capture, fixture, folder};

/// Reports the recording of a TA that forgets sessions, with the fixtures that the options name.
fn report(options: &[&str]) -> Answer {
    let in_fixtures = |option: &&str| match option.starts_with("triage/") {
        true => fixture(option),
        false => (*option).to_owned(),
    };
    let options = options.iter().map(in_fixtures);
    let capture = capture("leak-session");
    let arguments: Vec<_> =
        ["report".to_owned()].into_iter().chain(options).chain([capture]).collect();
    let mut answer = teeleak(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    answer.out = answer.out.replace(FOLDER, "");
    answer.err = answer.err.replace(FOLDER, "");
    answer
}

fn scratch(name: &str) -> PathBuf {
    folder("triage").join(name)
}

#[test]
fn suppressed_findings_are_counted_and_do_not_count() {
    let answer = report(&["--suppress", "triage/accepted.toml"]);
    assert_eq!(answer.exit, Exit::Clean, "{}{}", answer.out, answer.err);
    golden("triage.suppressed.txt", &answer.out);
    let answer = report(&["--json", "--suppress", "triage/accepted.toml"]);
    golden("triage.suppressed.json", &answer.out);
}

#[test]
fn an_expired_suppression_is_said_and_excuses_nothing() {
    let answer = report(&["--suppress", "triage/expired.toml"]);
    assert_eq!(answer.exit, Exit::Leak);
    golden("triage.expired.txt", &answer.out);
}

#[test]
fn a_report_is_the_baseline_of_the_next() {
    let first = report(&["--json"]);
    assert_eq!(first.exit, Exit::Leak);
    let file = scratch("baseline.json");
    fs::write(&file, &first.out).unwrap();
    let file = file.to_str().unwrap();
    let again = report(&["--json", "--baseline", file]);
    assert_eq!(again.exit, Exit::Clean, "{}", again.err);
    // What was accepted once stays accepted when the baseline is written anew.
    fs::write(file, &again.out).unwrap();
    let third = report(&["--baseline", file]);
    assert_eq!(third.exit, Exit::Clean);
    golden("triage.baseline.txt", &third.out.replace(file, "baseline.json"));
}

#[test]
fn what_is_new_counts_beside_a_baseline() {
    let document = r#"{"schema_version": 1, "kind": "report", "findings": [
        {"fingerprint": "v1:session-growth:f375a27f-9f12-45e4-982d-bc6a4a3227f8"}]}"#;
    let file = scratch("part.json");
    fs::write(&file, document).unwrap();
    let answer = report(&["--baseline", file.to_str().unwrap()]);
    assert_eq!(answer.exit, Exit::Leak);
    assert!(answer.out.contains("; 1 finding with 3 effects ("), "{}", answer.out);
    assert!(answer.out.contains("accepted: 1 finding that does not count"), "{}", answer.out);
}

#[test]
fn a_note_says_which_version_has_the_fix() {
    let answer = report(&["--notes", "triage/notes.toml"]);
    assert_eq!(answer.exit, Exit::Leak);
    golden("triage.notes.txt", &answer.out);
}

#[test]
fn mistakes_are_reported_with_place_and_hint() {
    let answer = report(&["--suppress", "triage/mistaken.toml"]);
    assert_eq!((answer.exit, &*answer.out), (Exit::Usage, ""));
    golden("triage.mistaken.txt", &answer.err);
    let file = scratch("broken.json");
    for (text, expected) in [
        (
            "{\"kind\": \"report\",\n  \"findings\": [}",
            ":2:16: expected value\n  hint: a baseline is the output of",
        ),
        ("{\"kind\": \"report\"}", ":1:18: missing field `findings`\n  hint: "),
        ("{\"kind\": \"diff\", \"findings\": []}", "expected a report, found a diff in "),
    ] {
        fs::write(&file, text).unwrap();
        let answer = report(&["--baseline", file.to_str().unwrap()]);
        assert_eq!(answer.exit, Exit::Usage);
        assert!(answer.err.contains(expected), "{}", answer.err);
    }
}
