//! Ledgers of the normal world: every line is accounted for, and what comes of them can be analysed, saved or as
//! iterations of a run.
#![no_main]

use libfuzzer_sys::fuzz_target;
use teeleak_analysis::{
    audit::{Options, audit},
    model::{Moment, NormalWorld, Observation, Stage},
    parse::ledgers::{LedgerReader, Tables, has_ledgers},
};

/// Files that a run reads.
const FILES: [&str; 4] =
    ["/proc/*/fd", "/proc/7/fdinfo/3", "/proc/7/maps", "/sys/kernel/debug/kmemleak"];

fuzz_target!(|data: &[u8]| {
    let _ = has_ledgers("proc/7/fdinfo/3", data);
    let mut reader = LedgerReader::new("slab/kmalloc-128/alloc_calls");
    for text in data.split(|byte| *byte == 0) {
        text.split(|byte| *byte == b'\n').for_each(|line| reader.line(line));
        reader.source("proc/7/fdinfo/3");
    }
    check(reader.finish());

    // Descriptions of tables are the user's.
    let mut tables = Tables::built_in().clone();
    let (description, rows) = data.split_at(data.len() / 2);
    let _ = tables.add(&String::from_utf8_lossy(description));
    let mut reader = LedgerReader::with_tables("", &tables);
    rows.split(|byte| *byte == b'\n').for_each(|line| reader.line(line));
    check(reader.finish());

    let mut reader = LedgerReader::new("");
    for (iteration, text) in (0..).zip(data.split(|byte| *byte == 0)) {
        let stage = if iteration < 2 { Stage::Idle } else { Stage::Measured };
        reader.set_moment(Moment { stage, iteration });
        for file in FILES {
            reader.source(file);
            reader.lines(text);
        }
    }
    check(reader.take());
});

fn check(normal_world: NormalWorld) {
    let lines = normal_world.accounting;
    assert_eq!(lines.read, lines.parsed + lines.ignored + lines.rejected);
    let mut observation = Observation::default();
    normal_world.add_to(&mut observation, false);
    let _ = audit(&mut observation, &Options::default());
}
