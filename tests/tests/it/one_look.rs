//! `teeleak analyze` on heaps of TAs, on figures of pools, and on a single look.

use std::fs;

use serde_json::Value;
use teeleak::Exit;
use teeleak_tests::{Answer, teeleak};

use crate::support::{fixture, folder};

fn analyze(log: &str) -> Answer {
    teeleak(&["analyze", &fixture(&format!("log/{log}"))])
}

fn json(log: &str) -> Value {
    let answer = teeleak(&["analyze", "--json", &fixture(&format!("log/{log}"))]);
    serde_json::from_str(&answer.out).unwrap()
}

fn assert_all(answer: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(answer.out.contains(text), "`{text}` is missing:\n{}", answer.out);
    }
}

#[test]
fn dumps_of_a_ta_are_of_its_own_heap() {
    let answer = analyze("4.5.ta-dumps-its-own-heap.log");
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert_all(
        &answer,
        &[
            "96 bytes per iteration stay allocated in the heap of TA 2f8d6a90-41c7-4c5b-9e0a-6d1b7c3e8f52",
            "ta/channel.c:208 (72 bytes) and 1 more site",
            "10 dumps of a TA's heap, which no line names, are assumed to be of TA 2f8d6a90",
            "10 snapshots",
            "TA_DATA_SIZE",
        ],
    );
    assert!(!answer.out.contains("core heap"), "{}", answer.out);
    let finding = &json("4.5.ta-dumps-its-own-heap.log")["findings"][0];
    assert_eq!(finding["subject"]["heap"], "heap of TA 2f8d6a90-41c7-4c5b-9e0a-6d1b7c3e8f52");
}

#[test]
fn unnamed_tas_are_told_apart_by_their_sites() {
    let answer = analyze("4.2.heaps-of-two-unnamed-tas.log");
    assert_all(
        &answer,
        &["in the heap of unnamed TA 1: src/player.c:77 (40 bytes)", "6 dumps: unnamed TA 2"],
    );
    assert!(!answer.out.contains("in the heap of unnamed TA 2"), "{}", answer.out);
}

#[test]
fn the_heap_of_a_ta_that_grows_is_not_the_core_heap() {
    let answer = analyze("4.6.heap-of-a-ta-grows.log");
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert_all(
        &answer,
        &[
            "heap of TA 8c1f4e02-7d3a-4b6e-a05d-93e2c7b81f46: grows by 192 bytes per iteration",
            "CFG_TEE_TA_MALLOC_DEBUG=y",
            "heap of TA 1f7b3a60-5c2e-4d0b-8f91-0a6d4c8e2b37: its statistics are zeros",
            "CFG_TA_STATS=y",
        ],
    );
    assert!(!answer.out.contains("core heap"), "{}", answer.out);
}

/// CSV, JSON and Perfetto name the TA beside its heap.
#[test]
fn the_heap_of_a_ta_is_in_every_output() {
    let folder = folder("one-look/outputs");
    let path = |name: &str| folder.join(name).display().to_string();
    let log = fixture("log/4.6.heap-of-a-ta-grows.log");
    let (csv, html) = (path("heap.csv"), path("heap.html"));
    let _ = teeleak(&["analyze", "--csv", &csv, "--html", &html, &log]);
    let uuid = "8c1f4e02-7d3a-4b6e-a05d-93e2c7b81f46";
    let table = fs::read_to_string(csv).unwrap();
    let rows: Vec<_> =
        { table.lines() }.filter(|row| row.contains(uuid) && row.contains(",allocated,")).collect();
    assert_eq!(rows.len(), 10, "{table}");
    assert!(rows.iter().all(|row| row.contains(",leak,v1:pool-growth:heap_of_TA_")), "{rows:?}");
    let page = fs::read_to_string(html).unwrap();
    assert!(page.contains(&format!("heap of TA {uuid}: grows by 192 bytes")), "{uuid} is missing");
}

#[test]
fn a_full_heap_of_a_ta_is_a_fact_with_two_prints() {
    let answer = analyze("4.6.heap-of-a-ta-is-full.log");
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert_all(
        &answer,
        &[
            "was full, now 31,504 of 32,752 bytes in use (96.2 %)",
            "3 allocations failed while it was observed: the count rose from 9 to 12",
            "a request of 2,064 bytes failed while 736 bytes were free in total",
            "TA_DATA_SIZE of TA 8c1f4e02-7d3a-4b6e-a05d-93e2c7b81f46",
        ],
    );
}

#[test]
fn pools_in_other_words_are_series_too() {
    let answer = analyze("4.1.pools-on-one-line.log");
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert_all(
        &answer,
        &[
            "core heap: grows by 736 bytes per iteration",
            "3,145,728 of 8,388,608 bytes, peak 4,194,304, the same in all 10 snapshots",
            "30 read, 20 used, 10 unrelated, 0 damaged",
        ],
    );
}

#[test]
fn maxima_of_the_bignum_pool_are_a_series_of_its_own() {
    let answer = analyze("3.18.bignum-pool-rises.log");
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert_all(
        &answer,
        &[
            "crypto bignum pool: the most it ever held rose 9 times",
            "each value is a maximum",
            "MPI_MEMPOOL_SIZE is 47,104 bytes in this release",
            "crypto bignum pool of a TA at most 1,888 bytes so far",
        ],
    );
}

#[test]
fn one_dump_is_answered_with_what_is_alive() {
    let answer = analyze("3.7.one-dump-and-two-maps.log");
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert_all(
        &answer,
        &[
            "inconclusive: one snapshot: 46 allocations, 5,064 bytes; largest: core/tee/tee_svc_cryp.c:1350",
            "27 x 32      core/mm/vm.c:190  as many as the TAs have regions (20 + 7)",
            "TA c0d3e5f7-1a2b-4c3d-9e8f-7a6b5c4d3e2f: 20 regions of 344,064 bytes, far more than the others (7)",
            "13 of them are small (at most 8,192 bytes, 69,632 in all)",
        ],
    );
    let look = &json("3.7.one-dump-and-two-maps.log")["one_look"];
    assert_eq!(look["tas"][0]["n_regions_of_others"], 7);
    assert_eq!(look["tas"][0]["small_regions"]["count"], 13);
    assert_eq!(look["heaps"][0]["sites"][1]["one_per_region"], true);
}

#[test]
fn the_field_report_names_what_is_odd() {
    let answer = analyze("3.11.vendor-field-report.log");
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert_all(
        &answer,
        &[
            "acbe4b66-6e40-46dc-a2fe-a576922cf170 has 22 regions, the others 9",
            "14 of them are small",
            "6 x 32      core/arch/arm/mm/mobj.c:168",
            "1 x 28      core/arch/arm/mm/tee_mmu.c:257",
            "a request of 7,689 bytes failed",
        ],
    );
}
