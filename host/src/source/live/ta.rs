//! The teeleak TA, behind an open session.

use teeleak_proto::{command::Command, values::Words};
#[cfg(feature = "live")]
use teeleak_teec::client::Session;
#[cfg(not(feature = "live"))]
use teeleak_teec::direct::Session;

use super::Device;
use crate::TeeError;

pub(super) const OPENING: &str = "opening a session to the teeleak TA";

pub(super) struct Ta {
    pub(super) session: Session,
}

impl Device for Ta {
    fn invoke(
        &mut self,
        command: Command,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<usize, TeeError> {
        self.session
            .invoke(command as u32, request, reply)
            .map_err(|result| TeeError { result, doing: doing(command) })
    }

    fn exchange(&mut self, command: u32, words: Words) -> Result<Words, TeeError> {
        let failed = |result| TeeError { result, doing: "sending a values-only request" };
        self.session.exchange(command, words).map_err(failed)
    }
}

fn doing(command: Command) -> &'static str {
    match command {
        Command::Hello => "saying hello to the TA",
        Command::Snapshot => "taking a snapshot",
        Command::Events => "reading events",
        Command::Mark => "starting an epoch",
        Command::Canary => "planting the canary",
        Command::Note => "reporting a step",
        Command::Bind => "binding a protocol",
        Command::Ledger => "reading the ledger",
    }
}
