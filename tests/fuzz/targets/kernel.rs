//! Text of the kernel's trace, as tasks that are called anything could make it: every line is
//! accounted for, however it is cut, and what comes of it can be joined.
#![no_main]

use libfuzzer_sys::fuzz_target;
use teeleak_analysis::{
    clients::join,
    parse::ftrace::{TraceReader, task_of},
};

fuzz_target!(|data: &[u8]| {
    let (Some(&first), data) = (data.first(), data.get(1..).unwrap_or_default()) else { return };
    let mut whole = TraceReader::default();
    whole.push(data);
    let lines = whole.accounting();
    assert_eq!(lines.read, lines.parsed + lines.ignored + lines.rejected);
    assert_eq!(lines.read, data.iter().filter(|byte| **byte == b'\n').count() as u64);
    let mut cut = TraceReader::default();
    data.chunks(usize::from(first) + 1).for_each(|piece| cut.push(piece));
    assert_eq!(cut.accounting(), lines);
    data.split(|byte| *byte == b'\n').for_each(|line| drop(task_of(line)));
    let (Some(whole), Some(cut)) = (whole.finish(), cut.finish()) else { return };
    assert_eq!((&whole.calls, &whole.processes), (&cut.calls, &cut.processes));
    assert!(whole.lost >= lines.rejected && whole.lost == cut.lost);
    // The last line need not have an end.
    assert!(whole.calls.len() as u64 <= lines.parsed.div_ceil(2));
    assert_eq!(join(&mut [], &whole).matched, 0);
});
