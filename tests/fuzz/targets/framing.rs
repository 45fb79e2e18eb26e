//! Frames of texts: every line is accounted for, and pieces make no difference.
#![no_main]

use libfuzzer_sys::fuzz_target;
use teeleak_analysis::parse::framing::{BEGIN, Framing, FramingCounts, TextUnframer};

/// Lines, and the number of lines of the text that end with each.
fn read(text: &[u8], framing: &Framing, size: usize) -> (Vec<(Vec<u8>, u32)>, FramingCounts) {
    let mut lines = Vec::new();
    let mut unframer = TextUnframer::new(framing.clone());
    let mut take = |line: &[u8], source_lines: u32| lines.push((line.to_vec(), source_lines));
    for piece in text.chunks(size) {
        unframer.push(piece, &mut take);
    }
    unframer.end(&mut take);
    (lines, unframer.counts())
}

fuzz_target!(|data: &[u8]| {
    let Some((first, text)) = data.split_first() else { return };
    let Some(framing) = Framing::detect(&text[..text.len().min(BEGIN)]) else { return };
    let (lines, counts) = read(text, &framing, usize::MAX);
    assert_eq!((&lines, counts), (&read(text, &framing, 1 + usize::from(*first)).0, counts));
    // UTF-16 may have newlines in either byte.
    if counts.utf16 == 0 {
        let source_lines: u64 = lines.iter().map(|(_, lines)| u64::from(*lines)).sum();
        assert_eq!(source_lines, text.split_inclusive(|byte| *byte == b'\n').count() as u64);
    }
});
