//! The published schemas of `--json`: what is printed keeps to them, and nothing else would.

use std::{collections::BTreeSet, fs};

use jsonschema::Validator;
use serde_json::Value;
use teeleak::Exit;
use teeleak_tests::{World, large, published, teeleak};

use crate::support::{DRM_PLAYER, FOLDER, capture, fixture};

const KINDS: [&str; 6] = ["report", "snapshot", "diff", "differential", "dump", "doctor"];

fn schema(kind: &str) -> Value {
    let text = fs::read_to_string(format!("{FOLDER}../host/schema/{kind}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn validator(document: &Value) -> Validator {
    let schema = schema(document["kind"].as_str().unwrap());
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::validator_for(&schema).unwrap()
}

fn keeps(name: &str, document: &Value) {
    let validator = validator(document);
    let errors: Vec<_> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
}

#[test]
fn what_is_published_is_what_is_printed() {
    for kind in KINDS {
        let answer = teeleak(&["schema", kind]);
        assert_eq!(answer.exit, Exit::Clean);
        published(&format!("{kind}.json"), &answer.out);
    }
    assert_eq!(teeleak(&["schema", "run"]).out, teeleak(&["schema", "report"]).out);
    let unknown = teeleak(&["schema", "watch"]);
    assert_eq!(unknown.exit, Exit::Usage);
}

/// All of the golden files that are documents.
fn goldens() -> Vec<(String, Value)> {
    let files = fs::read_dir(fixture("cli")).unwrap().map(|file| file.unwrap());
    let json = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "json"));
    let read = json.filter_map(|file| {
        let name = file.file_name().into_string().unwrap();
        let document: Value =
            serde_json::from_str(&fs::read_to_string(file.path()).unwrap()).ok()?;
        document.get("kind").is_some().then_some((name, document))
    });
    read.collect()
}

#[test]
fn every_golden_document_keeps_to_its_schema() {
    let goldens = goldens();
    assert!(goldens.len() >= 8, "{}", goldens.len());
    let mut kinds = BTreeSet::new();
    for (name, document) in &goldens {
        keeps(name, document);
        kinds.insert(document["kind"].as_str().unwrap());
    }
    assert!(kinds.len() >= 5, "{kinds:?}");
}

#[test]
fn what_is_printed_keeps_to_its_schema() {
    let accepted = fixture("triage/accepted.toml");
    for name in ["leak-session", "close-before-unmap-2", "forget-unmap", "none"] {
        let capture = capture(name);
        let with =
            ["report", "--json", "--protocol", DRM_PLAYER, "--suppress", &accepted, &capture];
        keeps(name, &serde_json::from_str(&teeleak(&with).out).unwrap());
        let diff = ["diff", "--json", &capture, &capture, &capture];
        keeps(name, &serde_json::from_str(&teeleak(&diff).out).unwrap());
    }
    for log in ["3.11.vendor-oom-with-call-stack", "3.6.ldelf-regions-after-ta-panic"] {
        let answer = teeleak(&["analyze", "--json", &fixture(&format!("log/{log}.log"))]);
        keeps(log, &serde_json::from_str(&answer.out).unwrap());
    }
    for folder in ["binder", "camera", "kernel-ion", "kernel-slab"] {
        let answer = teeleak(&["analyze", "--json", &fixture(&format!("normal-world/{folder}"))]);
        keeps(folder, &serde_json::from_str(&answer.out).unwrap());
    }
    let world = large();
    for arguments in
        [["run", "--json", "-n", "3", "--", "true"].as_slice(), &["snapshot", "--json"]]
    {
        keeps("large", &serde_json::from_str(&world.run(arguments).out).unwrap());
    }
    let nothing = World::without_tee().run(&["doctor", "--json"]);
    keeps("nothing", &serde_json::from_str(&nothing.out).unwrap());
}

/// Every object of a document, wherever it is, with a field more.
fn with_a_field_more(document: &Value) -> Vec<Value> {
    fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                all.push(at.to_owned());
                fields.iter().for_each(|(name, one)| pointers(one, &format!("{at}/{name}"), all));
            }
            Value::Array(several) => {
                let several = several.iter().enumerate();
                several.for_each(|(n, one)| pointers(one, &format!("{at}/{n}"), all));
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    pointers(document, "", &mut all);
    let bent = |at: &String| {
        let mut bent = document.clone();
        bent.pointer_mut(at).unwrap()["surprise"] = 1.into();
        bent
    };
    all.iter().map(bent).collect()
}

#[test]
fn a_field_that_no_schema_names_is_refused() {
    for (name, document) in goldens() {
        let validator = validator(&document);
        for bent in with_a_field_more(&document).iter().take(300) {
            assert!(!validator.is_valid(bent), "{name} takes a surprise: {bent:#}");
        }
        let mut other = document.clone();
        other["schema_version"] = 2.into();
        assert!(!validator.is_valid(&other), "{name}: another version");
    }
}

/// A description for every field, so that the schema can be read.
#[test]
fn every_field_is_explained() {
    fn look(at: &str, value: &Value) {
        let Value::Object(fields) = value else { return };
        if let Some(Value::Object(properties)) = fields.get("properties") {
            for (name, one) in properties {
                let tag = name == "type" && one.get("const").is_some();
                assert!(tag || one.get("description").is_some(), "{at}/{name}: {one}");
            }
        }
        for (name, one) in fields {
            look(&format!("{at}/{name}"), one);
            if let Value::Array(several) = one {
                several.iter().for_each(|one| look(&format!("{at}/{name}"), one));
            }
        }
    }
    KINDS.iter().for_each(|kind| look(kind, &schema(kind)));
}
