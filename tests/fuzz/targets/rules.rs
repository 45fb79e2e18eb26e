//! Rules files, and the lines that they are applied to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use teeleak_analysis::parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, scan};

fuzz_target!(|data: &[u8]| {
    let (file, lines) = data.split_at(data.len() / 2);
    let Ok(file) = str::from_utf8(file) else { return };
    let mut rules = Rules::default();
    if let Err(mistake) = rules.add_file("rules", file) {
        assert!(mistake.line >= 1 && mistake.line <= file.matches('\n').count() + 1);
        assert!(mistake.column >= 1);
        return;
    }
    let mut harvest = ChunkFacts::new(false);
    scan(lines, &rules, &mut harvest);
    let mut assembler = Assembler::new("log", IterationSplit::default());
    assembler.push(&mut harvest);
    let _ = assembler.finish();
});
