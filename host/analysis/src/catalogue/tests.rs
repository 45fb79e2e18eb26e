//! Every built-in file is read, and what it says is complete.

use super::{Catalogue, FILES, LineSource, MessageKind, file, pattern::MessagePattern};

fn find(source: LineSource, text: &str) -> Option<super::MessageHit> {
    Catalogue::built_in().find(source, text.as_bytes())
}

#[test]
fn every_built_in_file_is_valid() {
    for (name, text) in FILES {
        let entries = file::read(name, text, MessagePattern::checked);
        assert!(entries.as_ref().is_ok_and(|entries| !entries.is_empty()), "{:?}", entries.err());
    }
}

#[test]
fn allocations_fail_in_many_words() {
    for text in [
        "Failed to allocate scratch buffer, size=8192",
        "Failed to allocate 12288 bytes for queue 3",
        "TEE_Malloc(6144) failed",
        "calloc failed: out of memory",
        "no memory for context (208 bytes)",
        "malloc(32) returned NULL",
        "cannot allocate a session",
        "allocation of 64 bytes failed",
        "key slot: not enough memory",
    ] {
        let hit = find(LineSource::Ta, text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(hit.kind, MessageKind::Memory, "{text}");
    }
    for text in [
        "no memory leak",
        "allocated 12 bytes",
        "memory map",
        "0xffff000c12",
        "handle table is full",
    ] {
        assert!(find(LineSource::Ta, text).is_none(), "{text}");
    }
}

#[test]
fn results_are_read_with_their_origin() {
    for (text, origin) in [
        ("demo: TEEC_OpenSession failed with code 0xffff000c origin 0x3", Some(3)),
        ("TEEC_InvokeCommand() failed: 0xFFFF000C (origin 4)", Some(4)),
        ("ERR [2291] LT:ckteec_invoke_init:306: TEEC open session failed ffff000c from 3", Some(3)),
        (
            "rng optee-ta-ab7a617c-b8e7-4d8f-8301-d09b61036b64: tee_client_open_session failed, err: ffff000c",
            None,
        ),
        (
            "4100.c:2207: f(x) has an unexpected value: 0xffff000c = TEEC_ERROR_OUT_OF_MEMORY, expected 0x0",
            None,
        ),
    ] {
        let hit = find(LineSource::Normal, text).unwrap_or_else(|| panic!("{text}"));
        let code = hit.code.map(|code| code.0);
        assert_eq!(
            (hit.kind, code, hit.origin),
            (MessageKind::Result, Some(0xffff_000c), origin),
            "{text}"
        );
    }
    let other =
        "a.c:7: f(x) has an unexpected value: 0x0, expected 0xffff000c = TEEC_ERROR_OUT_OF_MEMORY";
    assert_eq!(
        find(LineSource::Normal, other).and_then(|hit| hit.code).map(|code| code.0),
        Some(0)
    );
}

#[test]
fn a_file_of_ones_own_goes_first_and_its_mistakes_are_located() {
    let own = "component = 'drm'\nlines = ['ta']\n[[message]]\npattern = 'Failed to allocate plane'\n\
               what = 'error'\nmeans = 'no plane is left'\n";
    let mut catalogue = Catalogue::built_in().clone();
    catalogue.add_file("drm.toml", own).unwrap();
    let hit = catalogue.find(LineSource::Ta, b"Failed to allocate plane 3").unwrap();
    assert_eq!((hit.kind, &*hit.meaning.component), (MessageKind::Error, "drm"));
    for (from, to, line) in [("'error'", "'eror'", 5), ("'Failed to allocate plane'", "'a.b'", 4)] {
        let error = catalogue.add_file("drm.toml", &own.replace(from, to)).unwrap_err();
        assert_eq!(error.line, line, "{error}");
    }
}

#[test]
fn a_message_names_the_pool_that_ran_out() {
    use crate::model::Resource::{CoreHeap, TaRam};
    for (text, size, resources) in [
        (
            "Allocation failed: no free entry of 2097152 bytes in TA RAM",
            Some(2_097_152),
            &[TaRam][..],
        ),
        ("TA RAM is full", None, &[TaRam]),
        ("pool exhausted size=0x200000 free=0x100000", Some(0x0020_0000), &[TaRam, CoreHeap]),
    ] {
        let hit = find(LineSource::Core, text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((hit.kind, hit.size), (MessageKind::Memory, size), "{text}");
        assert_eq!(&*hit.meaning.resources, resources, "{text}");
    }
    assert!(find(LineSource::Core, "TA RAM: 0xe300000..0xf000000").is_none());
}
