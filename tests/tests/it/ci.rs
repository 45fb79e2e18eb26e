//! Reports for continuous integration: goldens, and what other programs read of them.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use junit_parser::TestStatus;
use serde_json::Value;
use teeleak::Exit;
use teeleak_tests::{Answer, World, golden, teeleak};

use crate::support::{DRM_PLAYER, FOLDER, capture, fixture, folder};

/// Recordings with a leak, a wrong order between processes, growth of regions, and nothing.
const CAPTURES: [&str; 4] = ["leak-session", "close-before-unmap-2", "forget-unmap", "none"];

fn scratch(name: &str) -> PathBuf {
    folder("ci").join(name)
}

/// Reports a recording in all forms at once; gives the answer and the files.
fn report(name: &str, more: &[&str]) -> (Answer, BTreeMap<&'static str, String>) {
    /// Tests run at the same time.
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let forms = ["junit", "sarif", "markdown"];
    let paths = forms.map(|form| scratch(&format!("{call}.{form}")));
    let summary = scratch(&format!("{call}.summary"));
    let _ = fs::remove_file(&summary);
    let world = World { github_summary: Some(summary.clone()), ..World::without_tee() };
    let mut arguments = vec!["report".to_owned(), "--github".to_owned()];
    for (form, path) in forms.iter().zip(&paths) {
        arguments.extend([format!("--{form}"), path.display().to_string()]);
    }
    arguments.extend(more.iter().map(|one| (*one).to_owned()));
    arguments.extend(["--protocol".to_owned(), DRM_PLAYER.to_owned()]);
    arguments.push(capture(name));
    let answer = world.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap().replace(FOLDER, "");
    let mut files: BTreeMap<_, _> = forms.into_iter().zip(paths.iter().map(read)).collect();
    files.insert("summary", read(&summary));
    (answer, files)
}

#[test]
fn each_form_is_kept() {
    for name in CAPTURES {
        let (answer, files) = report(name, &[]);
        golden(&format!("ci.{name}.github.txt"), &answer.err);
        golden(&format!("ci.{name}.junit.xml"), &files["junit"]);
        golden(&format!("ci.{name}.sarif"), &files["sarif"]);
        golden(&format!("ci.{name}.md"), &files["markdown"]);
        assert_eq!(files["summary"], files["markdown"]);
        let verdict = answer.out.lines().next().unwrap();
        assert!(files["markdown"].contains(verdict), "it is printed as well: {verdict}");
    }
}

#[test]
fn sarif_keeps_to_its_schema() {
    let schema = fs::read_to_string(fixture("schema/sarif-2.1.0.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // A bracket too many, which not every engine takes.
    for of in ["run", "toolComponent"] {
        schema["definitions"][of]["properties"]["language"]["pattern"] = "".into();
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in CAPTURES {
        let (answer, files) = report(name, &["--suppress", &fixture("triage/accepted.toml")]);
        let sarif: Value = serde_json::from_str(&files["sarif"]).unwrap();
        let errors: Vec<_> = validator.iter_errors(&sarif).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        let run = &sarif["runs"][0];
        assert_eq!(run["invocations"][0]["exitCode"], i64::from(answer.exit as u8));
        for result in run["results"].as_array().unwrap() {
            assert!(result["partialFingerprints"]["teeleak/v1"].is_string());
        }
    }
    let broken = serde_json::json!({ "version": "2.1.0", "runs": [{ "results": [{}] }] });
    assert!(!validator.is_valid(&broken), "the schema is looked at");
}

#[test]
fn junit_is_read_by_others() {
    for (name, failed) in [("leak-session", true), ("none", false)] {
        let (answer, files) = report(name, &[]);
        let junit = junit_parser::from_reader(files["junit"].as_bytes()).unwrap();
        let suite = &junit.suites[0];
        assert_eq!(suite.cases.len(), 10, "always the same ones");
        let failures =
            suite.cases.iter().filter(|case| matches!(case.status, TestStatus::Failure(_)));
        assert_eq!(suite.failures, failures.count() as u64);
        assert_eq!((suite.failures > 0, answer.exit != Exit::Clean), (failed, failed));
    }
}

#[test]
fn what_could_not_be_observed_does_not_pass() {
    let path = scratch("empty.junit");
    let log = scratch("empty.log");
    fs::write(&log, "nothing of a TEE\n").unwrap();
    let [path, log] = [path, log].map(|path| path.to_str().unwrap().to_owned());
    let answer = teeleak(&["analyze", "--junit", &path, &log]);
    assert_eq!(answer.exit, Exit::Blind);
    let junit = junit_parser::from_reader(fs::read(&path).unwrap().as_slice()).unwrap();
    let suite = &junit.suites[0];
    let skipped = suite.cases.iter().filter(|case| case.status.is_skipped()).count();
    assert_eq!((suite.errors, skipped, suite.tests), (1, 9, 10));
}

#[test]
fn only_what_is_asked_for_counts() {
    let capture = capture("leak-session");
    let order = teeleak(&["report", "--fail-on", "order,disagreement", &capture]);
    assert_eq!(order.exit, Exit::Clean, "{}", order.out);
    assert!(order.out.contains("not selected by --fail-on"), "{}", order.out);
    let both = teeleak(&["report", "--fail-on", "order,leak,unpaired", &capture]);
    assert_eq!(both.exit, Exit::Leak);
    let unknown = teeleak(&["report", "--fail-on", "leaks", &capture]);
    assert_eq!(unknown.exit, Exit::Usage);
    assert!(unknown.err.contains("[possible values: leak, order,"), "{}", unknown.err);
}

#[test]
fn a_budget_lets_grow_what_it_names() {
    let capture = capture("leak-session");
    let report = |budget: &str| {
        teeleak(&["report", "--fail-on", "leak", "--max-bytes-per-iter", budget, &capture])
    };
    let little = report("*=1");
    assert_eq!(little.exit, Exit::Leak);
    let enough = report("*=1000000");
    assert!(
        enough.out.contains("within the budget of 1,000,000 bytes per iteration"),
        "{}",
        enough.out
    );
    let other = report("core/nowhere.c=64");
    assert_eq!(other.exit, Exit::Leak);
    assert!(other.out.contains("for core/nowhere.c matches no finding"), "{}", other.out);
    assert_eq!(report("64").exit, Exit::Usage);
}

#[test]
fn a_file_that_cannot_be_written_is_reported() {
    let answer = teeleak(&["report", "--sarif", "/proc/none/x", &capture("none")]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("cannot write /proc/none/x"), "{}", answer.err);
    let full = teeleak(&["report", "--junit", "/dev/full", &capture("none")]);
    assert_eq!(full.exit, Exit::Usage);
    assert!(full.err.contains("cannot write /dev/full"), "{}", full.err);
}

#[test]
fn a_report_that_can_not_be_written_keeps_no_other_from_it() {
    let folder = folder("ci");
    let (missing, junit) = (folder.join("no-such/o.html"), folder.join("beside.xml"));
    let _ = fs::remove_file(&junit);
    let arguments = ["--html", missing.to_str().unwrap(), "--junit", junit.to_str().unwrap()];
    let answer = teeleak(&[&["report", &capture("forget-unmap")][..], &arguments].concat());
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("no-such/o.html"), "{}", answer.err);
    assert!(fs::read_to_string(&junit).unwrap().contains("</testsuites>"));
}
