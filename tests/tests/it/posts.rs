//! What `teeleak analyze` says about texts as people post them: a few lines, in the words of any release
//! and of any part, often without the line that would explain the others.

use serde_json::Value;
use teeleak::Exit;
use teeleak_tests::teeleak;

use crate::support::fixture;

/// What has to be, and must not be, in the first line of the answer to a text, and what else in its
/// answer.
struct Post {
    name: &'static str,
    headline: &'static [&'static str],
    absent: &'static [&'static str],
    answer: &'static [&'static str],
}

const POSTS: &[Post] = &[
    Post {
        name: "3.12.loader-interrupted-while-it-asks",
        headline: &["TA 6f2c1d70-93ab-4a1e-8b55-0c9e7d4412aa could not be loaded"],
        absent: &["never released", "page tables"],
        answer: &[
            "shared memory of the normal world, tee-supplicant",
            "its call was not interrupted",
        ],
    },
    Post {
        name: "4.0.normal-world-gives-no-memory",
        headline: &["shared memory of the normal world"],
        absent: &["core heap", "TA memory", "TEE_SUCCESS"],
        answer: &["check that tee-supplicant runs", "no secure memory ran out"],
    },
    Post {
        name: "3.6.loader-panics",
        headline: &["the loader of TAs panicked as it loaded TA 90d3b1f8"],
        absent: &["the TEE core panicked", "null pointer", "pool of TA memory"],
        answer: &["TEE_ERROR_NOT_IMPLEMENTED", "check that this build of OP-TEE has the function"],
    },
    Post {
        name: "3.3.stack-of-a-ta-too-small",
        headline: &["the stack overflowed", "TA b7f1a6d2-08ce-4d13-8e47-5a90cc217f6e"],
        absent: &["--tee"],
        answer: &["enlarge TA_STACK_SIZE", "sp 0x40003e90, outside the stack of the TA"],
    },
    Post {
        name: "3.14.stack-of-a-ta-runs-into-its-loader",
        headline: &["the stack overflowed", "TA 41be0c37-d5f9-4a82-93c0-e6b1f20d7748"],
        absent: &[],
        answer: &["enlarge TA_STACK_SIZE", "41be0c37-d5f9-4a82-93c0-e6b1f20d7748+0x13084"],
    },
    Post {
        name: "3.19.one-load-that-fails-at-five-stages",
        headline: &["out of memory, reported 2 times", "page tables"],
        absent: &["the TEE core panicked"],
        answer: &["then: populate_segments:909 sys_map_ta_bin", "from the TA (origin 4)"],
    },
    Post {
        name: "4.10.stack-smashed-in-a-ta",
        headline: &[
            "a stack was overrun (stack smashing detected; TA panicked with code 0xffff0000)",
        ],
        absent: &["then a TA panicked", "the TEE core panicked"],
        answer: &["6e7f2a18-40bc-4d95-8a63-c15e09d7f2b4+0xe1f8"],
    },
    Post {
        name: "3.21.ta-that-dies-six-times",
        headline: &[
            "TA 2f6b0c93-d1e4-4a57-b8c2-90a7e35d1f64 panicked with TEE_ERROR_ACCESS_DENIED",
        ],
        absent: &["leak:", "keeps"],
        answer: &["11 regions of 90,112 bytes, panicked"],
    },
    Post {
        name: "3.7.loads-that-fail-between-steady-dumps",
        headline: &["out of memory, reported 3 times"],
        absent: &["clean"],
        answer: &["12 snapshots"],
    },
    Post {
        name: "2.0.aborts-and-panics-in-old-words",
        headline: &[
            "user TA data-abort at address 0x14 (translation fault) in TA 3c5d8e91-7f20-4b6a-a1d8-e0947c3b52f0",
            "the TEE core panicked (core prefetch-abort at address 0x0 (translation fault); \
             PANIC: tee_pager_handle_fault core/arch/arm/mm/tee_pager.c:592)",
        ],
        absent: &["no message explains", "input is damaged"],
        answer: &[
            "address 0x14 is a field of a structure",
            "address 0x0 was called",
            "pc 0x1056a0",
        ],
    },
    Post {
        name: "4.8.translation-tables-of-the-core-used-up",
        headline: &["out of memory", "page tables"],
        absent: &["no message explains"],
        answer: &["raise MAX_XLAT_TABLES", "core+0xd24c"],
    },
    Post {
        name: "2.4.assertion-without-its-prefix",
        headline: &["the heap of a TA is damaged"],
        absent: &["no snapshot was taken (0"],
        answer: &["something wrote beyond its own allocation"],
    },
    Post {
        name: "1.1.assertion-of-a-user-ta",
        headline: &["the heap of a TA is damaged"],
        absent: &["no message explains"],
        answer: &["result TEE_ERROR_GENERIC (0xffff0000)"],
    },
    Post {
        name: "3.2.free-list-of-the-core-damaged",
        headline: &["the heap of the TEE core is damaged"],
        absent: &["out of memory"],
        answer: &["it ends the text: nothing runs after it"],
    },
    Post {
        name: "4.10.calls-that-fail-for-other-reasons",
        headline: &["TEE_ERROR_TARGET_DEAD (0xffff3024)"],
        absent: &["out of memory", "core heap"],
        answer: &[
            "TEE_ERROR_SECURITY (0xffff000f)",
            "TEE_ERROR_ACCESS_DENIED (0xffff0001)",
            "TEE_ERROR_ITEM_NOT_FOUND (0xffff0008)",
            "TEE_ERROR_BAD_STATE (0xffff0007)",
            "TEE_ERROR_BAD_PARAMETERS (0xffff0006)",
            "tee-supplicant found no file for a TA",
        ],
    },
    Post {
        name: "3.19.signature-refused-by-the-loader",
        headline: &[
            "TA 7d0e5fb4-c318-42a9-bb6e-094f5ac1d823 could not be loaded: TEE_ERROR_SECURITY",
            "TA c2a1877e-5b40-4f9d-8d16-b37e60f0a594 could not be loaded: TEE_ERROR_CORRUPT_OBJECT",
        ],
        absent: &["out of memory", "check that tee-supplicant runs"],
        answer: &["sign the TA with the key of this build", "check secure storage"],
    },
    Post {
        name: "4.6.driver-does-not-start",
        headline: &["probe with driver optee failed with error -22"],
        absent: &["out of memory"],
        answer: &["no common kind of shared memory", "TAs of the normal world cannot be loaded"],
    },
    Post {
        name: "4.6.driver-without-memory",
        headline: &["out of memory", "shared memory of the normal world"],
        absent: &["core heap"],
        answer: &["the driver of OP-TEE did not start"],
    },
    Post {
        name: "6.1.key-register-that-is-no-lack-of-memory",
        headline: &["key shm register failed"],
        absent: &["out of memory", "an allocation failed"],
        answer: &["memory is only one of the reasons"],
    },
    Post {
        name: "3.18.objects-fill-the-heap-of-pkcs11",
        headline: &["out of memory", "heap of the TA"],
        absent: &["core heap"],
        answer: &["CFG_PKCS11_TA_HEAP_SIZE"],
    },
    Post {
        name: "4.1.shares-that-are-not-given-back",
        headline: &["Failed to relinquish cookie 0x4"],
        absent: &["no message explains"],
        answer: &["a partition did not give it back"],
    },
    Post {
        name: "3.10.early-ta-not-unpacked",
        headline: &["out of memory", "core heap"],
        absent: &[],
        answer: &["zlib had no memory for its state", "CFG_EARLY_TA_COMPRESS=n"],
    },
    Post {
        name: "3.8.load-that-fails-and-stays-no-session",
        headline: &["TA e5d2c06a-1b94-4a77-8d30-2f6bb19c0e85 could not be loaded"],
        absent: &["never released", "no close"],
        answer: &["Secure Storage TA answered TEE_ERROR_STORAGE_NOT_AVAILABLE (0xf0100003)"],
    },
    Post {
        name: "4.10.supplicant-stopped-before-a-load",
        headline: &["tee-supplicant ended (Stopping tee-supplicant: OK)"],
        absent: &["out of memory:", "core heap"],
        answer: &[
            "TA 83c1f7d9-5e02-4b3a-9f6d-c8a7741e20b5 could not be loaded",
            "tee-supplicant was not running",
        ],
    },
    Post {
        name: "4.4.heap-that-ran-out-as-printed",
        headline: &["core heap: ran out 2 times, smallest request 72 bytes"],
        absent: &[],
        answer: &["core+0x9b20"],
    },
    Post {
        name: "2.5.one-line-without-its-end",
        headline: &[
            "the TEE core panicked (Panic at core/arch/arm/kernel/generic_boot.c:567 <get_memory>)",
        ],
        absent: &["damaged,", "could not be read"],
        answer: &["1 used"],
    },
    Post {
        name: "3.20.big-numbers-of-a-ta",
        headline: &["crypto bignum pool"],
        absent: &["core heap"],
        answer: &["lib/libutee/tee_api_arith_mpi.c", "core/lib/libtomcrypt/mpi_desc.c"],
    },
];

#[test]
fn posts_are_answered() {
    for Post { name, headline, absent, answer } in POSTS {
        let printed = teeleak(&["analyze", &fixture(&format!("log/{name}.log"))]);
        assert_eq!(printed.exit, Exit::Blind, "{name}: {}", printed.out);
        let first_line = printed.out.lines().next().unwrap_or_default();
        for text in *headline {
            assert!(
                first_line.contains(text),
                "{name} does not begin with {text}: {}",
                printed.out
            );
        }
        for text in *absent {
            let (before, _) =
                printed.out.split_once("\nnot observed").unwrap_or((&printed.out, ""));
            assert!(!before.contains(text), "{name} has {text}: {}", printed.out);
        }
        for text in *answer {
            assert!(printed.out.contains(text), "{name} lacks {text}: {}", printed.out);
        }
    }
}

/// Kind and code of each incident.
fn kinds(name: &str) -> Vec<(String, String)> {
    let printed = teeleak(&["analyze", "--json", &fixture(&format!("log/{name}.log"))]);
    let report: Value = serde_json::from_str(&printed.out).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let incidents = report["incidents"].as_array().unwrap().iter();
    incidents.map(|one| (word(&one["kind"]), word(&one["code"]))).collect()
}

#[test]
fn calls_and_loaders_that_fail_have_kinds_of_their_own() {
    let calls = kinds("4.10.calls-that-fail-for-other-reasons");
    let failed = calls.iter().filter(|(kind, _)| kind == "call_failed").count();
    assert_eq!((calls.len(), failed), (8, 7), "{calls:?}");
    let loader = kinds("3.6.loader-panics");
    assert!(loader.iter().any(|(kind, _)| kind == "loader_panic"), "{loader:?}");
    assert!(
        loader.iter().all(|(kind, _)| kind != "core_panic" && kind != "ta_panic"),
        "{loader:?}"
    );
}

#[test]
fn a_panic_that_a_person_mentions_is_none() {
    assert_eq!(kinds("2.4.assertion-without-its-prefix").len(), 1);
}
