//! Text of strace: every line is accounted for, and what comes of it can be analysed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use teeleak_analysis::{
    audit::{Options, audit},
    model::Observation,
    parse::strace::{StraceReader, looks_like_strace},
};

fuzz_target!(|data: &[u8]| {
    let _ = looks_like_strace(data);
    let mut reader = StraceReader::new("trace", None);
    data.split(|byte| *byte == b'\n').for_each(|line| reader.line(line));
    let trace = reader.finish();
    let lines = trace.accounting;
    assert_eq!(lines.read, lines.parsed + lines.ignored + lines.rejected);
    let mut observation = Observation::default();
    trace.add_to(&mut observation);
    let _ = audit(&mut observation, &Options::default());
});
