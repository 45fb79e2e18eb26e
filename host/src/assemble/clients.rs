//! What processes of the normal world asked of the TEE, from whichever recorder.

use teeleak_analysis::clients;

use super::{Assembler, gap};

impl Assembler {
    /// Puts the calls of the normal world together with what the TEE saw.
    pub(super) fn join_clients(&mut self) {
        let mut told = std::mem::take(&mut self.clients).finish();
        if told.lost > 0 {
            self.observation.gaps.push(gap::of_clients(told.lost));
        }
        if !told.processes.is_empty() {
            told.joined = Some(clients::join(&mut self.observation.events, &told));
            self.observation.events.extend(clients::descriptors(&told.calls));
        }
        self.observation.clients = told;
    }

    pub(super) fn calls(&mut self, payload: &[u8]) -> Option<()> {
        let place = self.place();
        self.unknown_records += self.clients.calls(payload, &place).ok()?;
        Some(())
    }

    pub(super) fn kernel_trace(&mut self, text: &[u8]) {
        let place = self.place();
        self.unknown_lines += self.clients.kernel(text, &place);
    }
}
