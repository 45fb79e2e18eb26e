//! The teeleak TA, behind an open session.

use teeleak_proto::{command::TaCommand, values::Words};
#[cfg(feature = "live")]
use teeleak_teec::client::Session;
#[cfg(not(feature = "live"))]
use teeleak_teec::direct::Session;

use super::Device;
use crate::error::{TeeError, TeeOperation};

pub(super) struct Ta {
    pub(super) session: Session,
}

impl Device for Ta {
    fn invoke(
        &mut self,
        command: TaCommand,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<usize, TeeError> {
        self.session.invoke(command as u32, request, reply).map_err(|result| TeeError {
            result,
            request: TeeOperation::Other(description(command)),
        })
    }

    fn exchange(&mut self, command: u32, words: Words) -> Result<Words, TeeError> {
        let failed = |result| TeeError {
            result,
            request: TeeOperation::Other("sending a values-only request"),
        };
        self.session.exchange(command, words).map_err(failed)
    }
}

fn description(command: TaCommand) -> &'static str {
    match command {
        TaCommand::Hello => "saying hello to the TA",
        TaCommand::Snapshot => "taking a snapshot",
        TaCommand::Events => "reading events",
        TaCommand::Mark => "starting an epoch",
        TaCommand::Canary => "planting the canary",
        TaCommand::Note => "reporting a step",
        TaCommand::Bind => "binding a protocol",
        TaCommand::Ledger => "reading the ledger",
    }
}
