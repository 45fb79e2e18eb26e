//! Incidents and the OP-TEE release from console text.

use std::sync::Arc;

use crate::{
    model::{Incident, Moment, Stage},
    parse::{
        console::{Assembler, ChunkFacts, IterationSplit, Rules, scan},
        lines::LineSplitter,
    },
};

/// Longest line that is kept, in bytes.
const LINE_BYTES: usize = 1 << 20;

/// Console text, read line by line.
pub(super) struct ConsoleLog {
    text: Assembler,
    harvest: ChunkFacts,
    splitter: LineSplitter,
    /// Each iteration, with the number of lines before it.
    iterations: Vec<(u64, Option<u32>)>,
}

impl ConsoleLog {
    /// An empty log; `source` is the name shown in places.
    pub(super) fn new(source: &str) -> Self {
        let split = IterationSplit { warmup: 0, marked: true };
        Self {
            text: Assembler::new(&format!("console of {source}"), split),
            harvest: ChunkFacts::new(false),
            splitter: LineSplitter::new(LINE_BYTES),
            iterations: Vec::new(),
        }
    }

    /// Starts an iteration: the text that follows belongs to it.
    pub(super) fn begin(&mut self, moment: Moment) {
        let is_measured = moment.stage == Stage::Measured;
        self.iterations.push((self.text.lines(), is_measured.then_some(moment.iteration)));
    }

    /// Reads text, split anywhere.
    pub(super) fn push(&mut self, text: &[u8]) {
        let Self { text: console, harvest, splitter, .. } = self;
        splitter.stretches(text, |lines| {
            scan(lines, &Rules::default(), harvest);
            console.push(harvest);
        });
    }

    /// The incidents, and the OP-TEE release if it was printed.
    pub(super) fn finish(self) -> (Vec<Incident>, Option<Arc<str>>) {
        let observation = self.text.finish();
        let mut incidents = observation.incidents;
        for incident in &mut incidents {
            let iterations = self.iterations.iter().rev();
            let mut earlier_iterations =
                iterations.skip_while(|(lines, _)| *lines >= incident.place.at);
            incident.iteration = earlier_iterations.next().and_then(|(_, iteration)| *iteration);
        }
        (incidents, observation.platform.release)
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::capture::console_log::*;

    #[test]
    fn an_incident_belongs_to_its_iteration_however_the_text_is_cut() {
        let oom = "E/TC:0 0 print_oom:181 Memory allocation failed: size 64 context 0xe1\n";
        let text = format!("D/TC:0 0 a\n{oom}D/TC:0 0 b\n");
        for size in 1..text.len() {
            let mut log = ConsoleLog::new("x");
            for iteration in 1..=2 {
                log.begin(Moment { stage: Stage::Measured, iteration });
                text.as_bytes().chunks(size).for_each(|piece| log.push(piece));
            }
            let (incidents, _) = log.finish();
            let positions: Vec<_> = incidents.iter().map(|i| (i.place.at, i.iteration)).collect();
            assert_eq!(positions, [(2, Some(1)), (5, Some(2))], "pieces of {size}");
        }
    }
}
