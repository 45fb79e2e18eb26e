//! What `teeleak analyze` says about failures that the secure world or its clients report.

use std::fs;

use serde_json::Value;
use teeleak::Exit;
use teeleak_tests::{Answer, teeleak};

use crate::support::{fixture, folder};

fn text(name: &str) -> Answer {
    teeleak(&["analyze", &fixture(&format!("log/{name}.log"))])
}

fn json(name: &str) -> Value {
    let answer = teeleak(&["analyze", "--json", &fixture(&format!("log/{name}.log"))]);
    serde_json::from_str(&answer.out).unwrap()
}

fn incidents(name: &str) -> Vec<Value> {
    json(name)["incidents"].as_array().unwrap().clone()
}

fn headline(answer: &Answer) -> &str {
    answer.out.lines().next().unwrap_or_default()
}

#[test]
fn loads_that_fail_are_never_clean() {
    let name = "4.10.loads-that-fail-between-steady-dumps";
    let answer = text(name);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    let what = "TA f9a41474-a8c7-483c-bf04-706f30b64572 could not be loaded 4 times with \
                TEE_ERROR_OUT_OF_MEMORY (0xffff000c)";
    assert!(headline(&answer).contains(what), "{}", answer.out);
    let all = incidents(name);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["lines"], serde_json::json!([22, 42, 62, 72]));
    assert_eq!(all[0]["resources"], serde_json::json!(["ta_ram", "page_tables"]));
}

#[test]
fn results_alone_are_out_of_memory_and_their_origin_steers() {
    let all = incidents("4.10.out-of-memory-by-results-alone");
    let seen: Vec<_> = { all.iter() }
        .map(|one| {
            (one["ta"].as_str().unwrap_or(""), one["origin"].as_u64(), one["times"].as_u64())
        })
        .collect();
    let (first, second) =
        ("252e1627-f5a6-4976-a077-7c5f6f91bb2c", "d5b4a74e-6c98-4784-ab9b-08bb318aacfc");
    let expected = [(first, Some(4), Some(2)), (first, Some(3), Some(1)), (second, None, Some(1))];
    assert_eq!(seen, expected);
    let old = incidents("3.2.opens-that-fail-by-result");
    assert_eq!(old.len(), 2);
    for one in old {
        assert_eq!((&one["kind"], &one["code"]), (&"out_of_memory".into(), &"0xffff000c".into()));
        assert_eq!(one["ta"], "4b7f3c1d-88e2-4d54-9b0a-6c2e1f7a9d03");
    }
}

#[test]
fn clients_that_are_out_of_memory_are_claims_of_the_normal_world() {
    let all = incidents("4.10.clients-out-of-memory-by-origin");
    assert_eq!(all.iter().map(|one| one["times"].as_u64().unwrap()).sum::<u64>(), 8);
    assert!(all.iter().all(|one| one["claimed"] == true && one["code"] == "0xffff000c"));
    let origins = |origin: Value| {
        let of = all.iter().filter(|one| one["origin"] == origin);
        of.map(|one| one["times"].as_u64().unwrap()).sum::<u64>()
    };
    let counts = [3.into(), 4.into(), 1.into(), 2.into(), Value::Null].map(origins);
    assert_eq!(counts, [3, 1, 1, 1, 2]);
    let of_normal_world = all.iter().filter(|one| one["origin"] == 1 || one["origin"] == 2);
    for one in of_normal_world {
        assert_eq!(one["kind"], "normal_world_memory");
    }
}

#[test]
fn allocations_fail_in_anybodys_words() {
    let answer = text("4.10.allocations-that-fail-in-words-of-others");
    assert!(headline(&answer).contains("reported 8 times"), "{}", answer.out);
    assert!(answer.out.contains("4 allocations failed (core heap)"), "{}", answer.out);
    assert!(answer.out.contains("4 allocations failed (heap of the TA)"), "{}", answer.out);
    assert!(answer.out.contains("3 times: licence_parse:204 TEE_Malloc(6144) failed"));
    let all = incidents("4.10.allocations-that-fail-in-words-of-others");
    let sizes: Vec<_> = all.iter().map(|one| one["requested_bytes"].as_u64()).collect();
    assert_eq!(sizes, [Some(8192), Some(12288), Some(6144), None, Some(208)]);
}

#[test]
fn errors_that_no_message_explains_are_shown_and_rejected() {
    let log = fixture("log/4.10.errors-that-no-message-explains.log");
    let rejected = folder("messages/rejected").join("lines");
    let answer = teeleak(&["analyze", "--rejected", &rejected.display().to_string(), &log]);
    assert!(headline(&answer).contains("7 error lines that no message explains"), "{}", answer.out);
    let first = "secbuf_import:181 handle table is full (64 of 64), 3 times";
    assert!(answer.out.contains(first), "{}", answer.out);
    assert!(answer.out.contains("0 damaged"), "{}", answer.out);
    let lines = fs::read_to_string(rejected).unwrap();
    assert_eq!(lines.lines().count(), 7);
}

#[test]
fn a_load_that_fails_without_supplicant_is_no_shortage() {
    let name = "4.10.loads-that-fail-without-supplicant";
    let all = incidents(name);
    let kinds: Vec<_> = all.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["supplicant_stopped", "load_failed", "load_failed"]);
    assert_eq!(
        (&all[1]["code_name"], &all[1]["at"]),
        (&"TEE_ERROR_COMMUNICATION".into(), &9.into())
    );
    let notes = all[2]["notes"].to_string();
    assert!(notes.contains("it ended at") && notes.contains("it is not missing"), "{notes}");
    assert!(json(name)["findings"].as_array().unwrap().is_empty());
    assert!(all[0]["notes"].to_string().contains("7722.418844 s"), "{}", all[0]);
}

#[test]
fn an_abort_is_placed_by_its_registers() {
    let all = incidents("4.10.abort-with-registers");
    assert_eq!(all.len(), 1);
    let registers = &all[0]["registers"];
    assert_eq!(
        (&registers["pc"], &registers["pc_offset"]),
        (&"0x40088e1c".into(), &"0x17e1c".into())
    );
    assert_eq!(
        (&registers["lr"], &registers["lr_offset"]),
        (&"0x4007a3f4".into(), &"0x93f4".into())
    );
    assert_eq!((&registers["sp"], &registers["cpu"]), (&"0x4001cd60".into(), &2.into()));
    let answer = text("4.10.abort-with-registers");
    assert!(answer.out.contains("within the stack of the TA"), "{}", answer.out);
    assert!(
        answer.out.contains("`--ta DIR` with 19b8b3a1-3e2f-427d-9083-33d8c702de1c.elf"),
        "{}",
        answer.out
    );
}

#[test]
fn two_panics_are_two_and_one_with_its_cause_is_one() {
    let all = incidents("4.10.ta-panic-then-core-panic");
    let kinds: Vec<_> = all.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ta_panic", "core_panic"]);
    assert_eq!(
        (&all[0]["code_name"], &all[1]["stack"][0]["offset"]),
        (&"TEE_ERROR_BAD_STATE".into(), &"0x94c8".into())
    );
    assert!(all[0]["notes"].to_string().contains("TEE_ERROR_TARGET_DEAD (0xffff3024) (origin 3)"));
    let all = incidents("4.10.assertion-of-a-ta");
    assert_eq!((all.len(), &all[0]["kind"]), (1, &"ta_panic".into()));
    assert!(all[0]["text"].as_str().unwrap().starts_with("assertion 'cache->n_slots"));
    assert_eq!(all[0]["ta"], "a9949dad-b945-4014-a696-21e44eaebf6c");
    let all = incidents("4.10.dead-canary-of-a-thread-stack");
    assert_eq!((all.len(), &all[0]["kind"]), (1, &"stack_overrun".into()));
    assert_eq!(all[0]["stack"].as_array().unwrap().len(), 3);
}

#[test]
fn a_request_larger_than_the_pool_says_nothing_about_the_pool() {
    let answer = text("4.10.request-larger-than-the-pool");
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert!(answer.out.contains("more than the whole pool of 131,056 bytes"), "{}", answer.out);
    for wrong in ["was full", "ran out", "peak of demand", "make the pool larger"] {
        assert!(!answer.out.contains(wrong), "{wrong}: {}", answer.out);
    }
}

#[test]
fn a_pack_of_ones_own_explains_its_lines() {
    let pack = folder("messages/pack").join("drm.toml");
    let text = "component = 'overlay'\nlines = ['core']\n[[message]]\npattern = 'handle table is full'\n\
                what = 'error'\nmeans = 'too many buffers are imported'\nnext = 'release buffers'\n";
    fs::write(&pack, text).unwrap();
    let (path, log) =
        (pack.display().to_string(), fixture("log/4.10.errors-that-no-message-explains.log"));
    let answer = teeleak(&["analyze", "--messages", &path, &log]);
    assert!(answer.out.contains("too many buffers are imported"), "{}", answer.out);
    assert!(headline(&answer).contains("4 error lines that no message explains"), "{}", answer.out);
    fs::write(&pack, text.replace("'error'", "'eror'")).unwrap();
    let answer = teeleak(&["analyze", "--messages", &path, &log]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("drm.toml:5:"), "{}", answer.err);
}
