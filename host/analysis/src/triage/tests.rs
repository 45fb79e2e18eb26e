//! Findings and notes after triage.

use super::{Day, Triage, TriageReport};
use crate::model::{Finding, FindingKind, Fingerprint, PoolKind, Severity, Subject, Verdict};

const TODAY: Day = Day { year: 2026, month: 11, day: 21 };

fn finding(fingerprint: &str, verdict: Verdict) -> Finding {
    Finding {
        kind: FindingKind::SiteGrowth,
        severity: if verdict == Verdict::Leak { Severity::Failure } else { Severity::Possible },
        verdict: Some(verdict),
        subject: Subject::Pool(PoolKind::Named("any".into())),
        title: "it grows".into(),
        headline: None,
        figures: Vec::new(),
        evidence: Vec::new(),
        fingerprint: Fingerprint(fingerprint.into()),
        cause: None,
        blame: None,
        next_step: "look".into(),
    }
}

fn suppress(until: &str, findings: Vec<Finding>) -> TriageReport {
    let text = format!("[[suppress]]\nfingerprint = 'v1:a:*'\nreason = 'why'\nexpires = {until}\n");
    let mut triage = Triage { today: Some(TODAY), ..Triage::default() };
    triage.add_suppressions("s.toml", &text).unwrap();
    triage.apply(findings)
}

#[test]
fn a_suppression_holds_to_its_last_day() {
    let findings = || vec![finding("v1:a:x", Verdict::Leak), finding("v1:b", Verdict::Leak)];
    let triaged = suppress("2026-11-21", findings());
    assert_eq!((triaged.left.len(), triaged.accepted.len()), (1, 1));
    let excuse = triaged.accepted[0].excuse.to_string();
    assert_eq!(excuse, "suppressed at s.toml:2 until 2026-11-21: why");
    assert!(triaged.suppression_notes.is_empty());
    let triaged = suppress("2026-11-20", findings());
    assert_eq!((triaged.left.len(), triaged.accepted.len()), (2, 0));
    let expired =
        "suppression at s.toml:2 expired after 2026-11-20: its findings count again (why)";
    assert_eq!(*triaged.suppression_notes[0], *expired);
}

#[test]
fn what_matches_nothing_is_reported() {
    let triaged = suppress("2099-01-01", vec![finding("v1:b", Verdict::Leak)]);
    assert_eq!(
        *triaged.suppression_notes[0],
        *"suppression at s.toml:2 matches nothing: remove it (why)"
    );
}

#[test]
fn caches_are_excused_and_leaks_in_them_are_not() {
    let mut triage = Triage::default();
    triage.add_known();
    let grown = |verdict| finding("v1:site-growth:core/kernel/handle.c:-:<=64", verdict);
    let triaged = triage.apply(vec![grown(Verdict::Undecided), grown(Verdict::Leak)]);
    assert_eq!(triaged.accepted.len(), 1);
    assert_eq!(triaged.left[0].verdict, Some(Verdict::Leak));
    assert!(triaged.suppression_notes.is_empty());
}

#[test]
fn the_list_of_caches_has_no_mistakes() {
    let text = include_str!("../../known/optee-caches.toml");
    assert_eq!(super::read::builtin_rules(text).len(), text.matches("[[suppress]]").count());
}

#[test]
fn a_note_changes_what_to_do_and_not_what_counts() {
    let mut triage = Triage::default();
    let text = "[[fixed]]\nfingerprint = 'v1:a'\nversion = '4.3.0'\nnote = 'commit 5f3c'\n";
    triage.add_notes("n.toml", text).unwrap();
    let triaged = triage.apply(vec![finding("v1:a", Verdict::Leak)]);
    assert_eq!(*triaged.left[0].next_step, *"update to 4.3.0, which fixes it; until then: look");
    assert!(format!("{:?}", triaged.left[0].evidence).contains("fixed in 4.3.0 (commit 5f3c)"));
}

#[test]
fn mistakes_have_places_and_hints() {
    let whole = "fingerprint = 'v1:a'\nreason = 'why'\n";
    let cases = [
        (format!("[[suppress]]\n{whole}"), "s.toml:1:1: this suppression has no `expires`"),
        (format!("[[suppress]]\n{whole}expires = 12:00:00\n"), "s.toml:4:11: expected a date"),
        (format!("[[suppress]]\n{whole}until = 3\n"), "s.toml:4:1: unknown field `until`"),
        (
            "[[suppress]]\nfingerprint = 'core/mm'\nreason = ' '\nexpires = 2027-01-01\n".into(),
            "s.toml:2:15: expected a fingerprint",
        ),
        ("[suppress]\n".into(), "s.toml:1:1: invalid type"),
    ];
    for (text, expected) in cases {
        let mistakes = Triage::default().add_suppressions("s.toml", &text).unwrap_err();
        let message = mistakes[0].to_string();
        assert!(message.starts_with(expected) && mistakes[0].hint.is_some(), "{message}");
    }
    let mistakes =
        Triage::default().add_notes("n.toml", "[[fixed]]\nfingerprint = 'v1:a'\n").unwrap_err();
    assert!(mistakes[0].to_string().contains("missing field `version`"));
}
