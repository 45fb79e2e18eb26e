//! Files of messages, and the lines that they explain.
#![no_main]

use libfuzzer_sys::fuzz_target;
use teeleak_analysis::{
    catalogue::{Catalogue, LineSource},
    parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, scan},
};

fuzz_target!(|data: &[u8]| {
    let (file, lines) = data.split_at(data.len() / 2);
    for source in LineSource::ALL {
        let _ = Catalogue::built_in().find(source, lines);
    }
    let Ok(file) = str::from_utf8(file) else { return };
    let mut catalogue = Catalogue::built_in().clone();
    if let Err(mistake) = catalogue.add_file("messages", file) {
        assert!(mistake.line >= 1 && mistake.line <= file.matches('\n').count() + 1);
        assert!(mistake.column >= 1);
    }
    let mut rules = Rules::default();
    rules.set_messages(catalogue);
    let mut harvest = ChunkFacts::new(false);
    scan(lines, &rules, &mut harvest);
    let mut assembler = Assembler::new("log", IterationSplit::default());
    assembler.push(&mut harvest);
    let _ = assembler.finish();
});
