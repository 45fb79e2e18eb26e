//! Console text of any kind: every line is accounted for, and chunks make no difference.
#![no_main]

use libfuzzer_sys::fuzz_target;
use teeleak_analysis::{
    model::Observation,
    parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, Tally, chunk_end, scan},
};

fn read(text: &[u8], rules: &Rules, size: usize) -> (Observation, Tally) {
    let mut assembler =
        Assembler::new("log", IterationSplit { warmup: 1, marked: rules.has_mark() });
    let mut harvest = ChunkFacts::new(true);
    let mut rest = text;
    while !rest.is_empty() {
        let end = chunk_end(rest, size);
        scan(&rest[..end], rules, &mut harvest);
        assembler.push(&mut harvest);
        rest = &rest[end..];
    }
    let tally = *assembler.tally();
    (assembler.finish(), tally)
}

fuzz_target!(|data: &[u8]| {
    let Some((first, text)) = data.split_first() else { return };
    let mut rules = Rules::default();
    if first & 1 == 1 {
        rules.add_mark("loop [0-9]+").unwrap();
        rules.add_file("secure-video", Rules::built_in("secure-video").unwrap()).unwrap();
    }
    let (whole, tally) = read(text, &rules, usize::MAX);
    let (pieces, again) = read(text, &rules, 1 + usize::from(first >> 1));
    assert_eq!(tally, again);
    assert_eq!(tally.lines.read, tally.lines.parsed + tally.lines.ignored + tally.lines.rejected);
    assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
});
