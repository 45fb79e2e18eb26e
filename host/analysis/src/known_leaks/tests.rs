//! Every row against findings made from it, and findings that are in no row.

use std::sync::Arc;

use proptest::prelude::*;
use teeleak_proto::Uuid;

use super::{
    identify,
    table::{LeakRow, LeakSite, Need, SiteLine, rows},
};
use crate::model::{
    Certainty, Event, EventKind, Evidence, Exposure, Finding, FindingKind, Fingerprint, FixRelease,
    Incident, IncidentDetails, IncidentKind, Keys, KnownLeak, Observation, Origin, PoolKind,
    Release, Severity, SourceLocation, Subject, Verdict,
};

fn place() -> SourceLocation {
    SourceLocation { source: "made".into(), at: 1 }
}

fn site(file: &str, line: u32, size: u64, owner: Option<Uuid>) -> Subject {
    Subject::Site { file: file.into(), line, size, heap: PoolKind::CoreHeap, owner, caller: None }
}

fn growth(subjects: Vec<Subject>) -> Finding {
    let mut subjects = subjects.into_iter();
    Finding {
        kind: FindingKind::SiteGrowth,
        severity: Severity::Failure,
        verdict: Some(Verdict::Leak),
        subject: subjects.next().unwrap(),
        title: "grows".into(),
        headline: None,
        figures: vec![],
        evidence: subjects.map(|subject| Evidence::Member(subject, vec![])).collect(),
        fingerprint: Fingerprint("v1:made".into()),
        cause: None,
        blame: None,
        next_step: "look".into(),
    }
}

fn event(kind: EventKind, uuid: Option<Uuid>, result: u32) -> Event {
    Event {
        origin: Origin::Text,
        seq: 1,
        lost_before: 0,
        time: None,
        duration_ns: None,
        place: place(),
        iteration: None,
        kind,
        result: Some(result.into()),
        session: None,
        opener: 0,
        instance: 0,
        uuid,
        cmd: None,
        values: [0; 8],
        keys: Keys::default(),
        by: None,
    }
}

fn panic() -> Incident {
    Incident {
        kind: IncidentKind::TaPanic { code: 0 },
        place: place(),
        time: None,
        iteration: None,
        uuid: None,
        text: "TA panicked".into(),
        load_address: None,
        images: vec![],
        stack: vec![],
        details: IncidentDetails::default(),
    }
}

fn observation(release: Option<&str>) -> Observation {
    let mut observation = Observation::default();
    observation.platform.release = release.map(Arc::from);
    observation
}

fn full(release: Release) -> String {
    format!("{}.{}.{}", release.major, release.minor, release.patch)
}

/// The line of a site in a release.
fn line_in(site: &LeakSite, release: Release) -> Option<u32> {
    let is_in = |at: &&SiteLine| (at.from..=at.to).contains(&release);
    site.lines.iter().find(is_in).map(|at| at.line)
}

/// What a row leaves in a release, with everything around that it needs.
fn made_from(row: &LeakRow, release: Release) -> (Vec<Finding>, Observation) {
    let subject = |one: &LeakSite| {
        Some(site(&one.file, line_in(one, release)?, one.bytes.unwrap_or(48), row.owner))
    };
    let (own, shared): (Vec<_>, Vec<_>) = row.sites.iter().partition(|site| !site.shared);
    let subjects = own.into_iter().chain(shared).filter_map(subject).collect();
    let mut finding = growth(subjects);
    if row.once {
        (finding.severity, finding.verdict) = (Severity::Note, Some(Verdict::Step));
    }
    let mut observation = observation(Some(&full(release)));
    if row.needs.contains(&Need::FailedOpen) {
        observation.events.push(event(EventKind::Open, None, row.open_result.unwrap_or(1)));
    }
    if row.needs.contains(&Need::Panic) {
        observation.incidents.push(panic());
    }
    (vec![finding], observation)
}

fn identified(mut findings: Vec<Finding>, observation: &Observation) -> Vec<KnownLeak> {
    identify(&mut findings, observation);
    findings.iter().flat_map(Finding::known_leaks).cloned().collect()
}

fn has(leaks: &[KnownLeak], row: &LeakRow) -> bool {
    leaks.iter().any(|leak| *leak.commit == *row.commit)
}

/// First and last release of each range of the sites that show a row.
fn releases(row: &LeakRow) -> Vec<Release> {
    let own = row.sites.iter().filter(|site| !site.shared);
    own.flat_map(|site| &site.lines).flat_map(|at| [at.from, at.to]).collect()
}

#[test]
fn each_row_is_matched_by_what_it_leaves() {
    for row in rows() {
        for release in releases(row) {
            let (findings, observation) = made_from(row, release);
            let leaks = identified(findings, &observation);
            let is_better = leaks.iter().any(|leak| leak.certainty > row.certainty);
            assert!(has(&leaks, row) || is_better, "{} in {release}: {leaks:?}", row.commit);
        }
    }
}

#[test]
fn no_row_is_matched_by_a_release_with_its_fix() {
    for row in rows() {
        for release in releases(row) {
            let (findings, mut observation) = made_from(row, release);
            let first_fixed = match row.fixed {
                FixRelease::In(release) => release,
                FixRelease::After(Release { major, minor, .. }) => {
                    Release { major, minor: minor + 1, patch: 0 }
                }
            };
            for build in ["", "-dev", "-35-g1a2b3c4d"] {
                let text = format!("{}{build}", full(first_fixed));
                observation.platform.release = Some(text.as_str().into());
                let leaks = identified(findings.clone(), &observation);
                assert!(!has(&leaks, row), "{} in {text}", row.commit);
            }
        }
    }
}

#[test]
fn what_a_row_needs_is_needed() {
    for row in rows().iter().filter(|row| !row.needs.is_empty()) {
        let (findings, observation) = made_from(row, releases(row)[0]);
        for need in &row.needs {
            let (mut findings, mut observation) = (findings.clone(), observation.clone());
            match need {
                Need::Alone => findings.push(Finding {
                    subject: site("core/tee/elsewhere.c", 1, 8, row.owner),
                    evidence: vec![],
                    ..findings[0].clone()
                }),
                Need::Together => findings[0].evidence.clear(),
                Need::Owner => {
                    let Subject::Site { owner, .. } = &mut findings[0].subject else { panic!() };
                    *owner = Some(Uuid([7; 16]));
                }
                Need::FailedOpen => observation.events.clear(),
                Need::Panic => observation.incidents.clear(),
            }
            assert!(!has(&identified(findings, &observation), row), "{} {need:?}", row.commit);
        }
    }
}

/// The private halves of Ed25519 keys that a release without the fix leaks.
fn ed25519(line: u32, size: u64) -> Vec<Finding> {
    vec![growth(vec![site("core/lib/libtomcrypt/ed25519.c", line, size, None)])]
}

#[test]
fn all_that_agrees_makes_a_match_certain() {
    let mut findings = ed25519(27, 32);
    identify(&mut findings, &observation(Some("3.20.0")));
    let leak = findings[0].known_leaks().next().unwrap();
    assert_eq!((leak.certainty, leak.exposure), (Certainty::Certain, Exposure::Missing));
    assert_eq!(
        super::sentence(leak),
        "fixed in 3.21 by commit c4cab13e4, in your 3.20 not: leaks the private half of an Ed25519 key each time an Ed25519 public key object \
         is freed (certain: file, line, size and release agree)"
    );
    assert_eq!(*findings[0].next_step, *"cherry-pick commit c4cab13e4, or update to 3.21 or later");
}

#[test]
fn less_agreement_makes_it_less_certain() {
    for (line, size, release, expected) in [
        (27, 32, Some("3.20.0-35-g1a2b3c4d"), Some(Certainty::Likely)),
        (27, 32, Some("3.18 or 3.19"), Some(Certainty::Likely)),
        (27, 32, None, Some(Certainty::Possible)),
        (31, 32, Some("3.20.0"), Some(Certainty::Possible)),
        (27, 32, Some("3.22.0-acme"), Some(Certainty::Possible)),
        (31, 32, Some("3.22.0-acme"), None),
        (27, 32, Some("3.22.0"), None),
        (27, 32, Some("3.18.0"), None),
        (27, 64, Some("3.20.0"), None),
    ] {
        let leaks = identified(ed25519(line, size), &observation(release));
        let certainty = leaks.first().map(|leak| leak.certainty);
        assert_eq!(certainty, expected, "{line} {size} {release:?}");
    }
}

#[test]
fn what_is_only_possible_changes_no_next_step() {
    let mut findings = ed25519(27, 32);
    identify(&mut findings, &observation(None));
    assert_eq!(*findings[0].next_step, *"look");
    let text = super::sentence(findings[0].known_leaks().next().unwrap());
    assert!(text.contains("by commit c4cab13e4; your release is not known"), "{text}");
}

#[test]
fn a_site_that_grows_with_foreign_ones_is_named() {
    let subject = site("core/lib/libtomcrypt/ed25519.c", 27, 32, None);
    let other = site("core/tee/tee_obj.c", 77, 88, None);
    let leaks = identified(vec![growth(vec![other, subject])], &observation(Some("3.20.0")));
    assert_eq!(leaks[0].certainty, Certainty::Possible);
    assert_eq!(leaks[0].member.as_deref(), Some("core/lib/libtomcrypt/ed25519.c:27"));
}

#[test]
fn rows_that_fit_equally_are_all_named() {
    let subject = site("core/drivers/crypto/caam/utils/utils_mem.c", 54, 96, None);
    let leaks = identified(vec![growth(vec![subject])], &observation(Some("3.15.0")));
    let commits: Vec<_> = leaks.iter().map(KnownLeak::short_commit).collect();
    assert_eq!(commits, ["e2d69ac1a", "48c288291", "ca430e6e2"]);
}

#[test]
fn where_owners_are_unknown_the_ta_must_have_been_called() {
    let row = rows().iter().find(|row| row.commit.starts_with("dbc2184e3")).unwrap();
    let subject = site("lib/libutee/tee_api.c", 405, 8, None);
    let findings = vec![growth(vec![subject])];
    let mut observation = observation(Some("3.15.0"));
    assert!(identified(findings.clone(), &observation).is_empty());
    observation.events.push(event(EventKind::Open, row.owner, 0));
    let leaks = identified(findings, &observation);
    assert!(has(&leaks, row) && leaks[0].certainty == Certainty::Possible, "{leaks:?}");
}

fn release_text() -> impl Strategy<Value = Option<String>> {
    let numbered = (0..6_u16, 0..30_u16).prop_map(|(major, minor)| format!("{major}.{minor}.0"));
    prop_oneof![
        Just(None),
        numbered.prop_map(Some),
        "[0-9.a-z -]{0,12}".prop_map(Some),
        Just(Some("3.18 or 3.19".to_owned())),
    ]
}

/// A file of the table or another one, with lines and sizes near those of the table.
fn any_subject() -> impl Strategy<Value = Subject> {
    let known = prop::sample::select(rows().iter().flat_map(|row| &row.sites).collect::<Vec<_>>());
    let file = (known, any::<bool>())
        .prop_map(|(site, keep)| if keep { site.file.clone() } else { format!("x{}", site.file) });
    (file, 1..2200_u32, 1..300_u64).prop_map(|(file, line, size)| site(&file, line, size, None))
}

/// Whether a row has this file with this size, or with this line where it names no size.
fn is_in_table(subject: &Subject) -> bool {
    let Subject::Site { file, line, size, .. } = subject else { return false };
    let mut sites = rows().iter().flat_map(|row| &row.sites);
    sites.any(|site| {
        *site.file == **file
            && site.bytes.map_or_else(
                || site.lines.iter().any(|at| at.line == *line),
                |bytes| bytes == *size,
            )
    })
}

proptest! {
    #[test]
    fn what_is_in_no_row_is_not_known(
        subjects in prop::collection::vec(any_subject(), 1..5),
        release in release_text(),
    ) {
        let leaks = identified(vec![growth(subjects.clone())], &observation(release.as_deref()));
        prop_assert!(leaks.is_empty() || subjects.iter().any(is_in_table), "{:?}", leaks);
    }

    #[test]
    fn a_release_outside_of_the_range_is_never_called_affected(
        subjects in prop::collection::vec(any_subject(), 1..3),
        (major, minor) in (0..6_u16, 0..30_u16),
    ) {
        let release = Release { major, minor, patch: 0 };
        let leaks = identified(vec![growth(subjects)], &observation(Some(&full(release))));
        for leak in leaks {
            prop_assert!(leak.fixed.is_missing_in(release), "{:?}", leak);
        }
    }
}
