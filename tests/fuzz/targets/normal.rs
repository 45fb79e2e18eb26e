//! Ledgers of the normal world: every line is accounted for, and what comes of them can be analysed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use teeleak_analysis::{
    audit::{Options, audit},
    model::Observation,
    parse::normal::{Reader, has_ledgers},
};

fuzz_target!(|data: &[u8]| {
    let _ = has_ledgers("proc/7/fdinfo/3", data);
    let mut reader = Reader::new("slab/kmalloc-128/alloc_calls");
    for text in data.split(|byte| *byte == 0) {
        text.split(|byte| *byte == b'\n').for_each(|line| reader.line(line));
        reader.source("proc/7/fdinfo/3");
    }
    let told = reader.finish();
    let lines = told.accounting;
    assert_eq!(lines.read, lines.parsed + lines.ignored + lines.rejected);
    let mut observation = Observation::default();
    told.add_to(&mut observation, false);
    let _ = audit(&observation, &Options::default());
});
