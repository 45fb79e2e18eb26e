//! libteec.

use std::path::Path;

use anyhow::Result;
use optee_teec::{
    ConnectionMethods, Context, Error, Operation, ParamNone, ParamTmpRef, ParamType, ParamValue,
    Session, Uuid,
};
use teeleak_proto::command::{self, Command};

use super::{Device, NODE, World};
use crate::{TeeError, error::CONNECTING};

/// UUID of the stats PTA (optee_os lib/libutee/include/pta_stats.h@4.10.0, `STATS_UUID`).
const STATS: &str = "d96a5b40-e2c7-b1af-8794-1002a5d5c61b";

/// `STATS_CMD_ALLOC_STATS` of the same header.
const ALLOC_STATS: u32 = 1;

const OPENING: &str = "opening a session to the teeleak TA";

/// The TEE that libteec reaches.
pub(super) struct Libteec;

impl World for Libteec {
    fn has_node(&self) -> bool {
        Path::new(NODE).exists()
    }

    fn connect(&self) -> Result<Box<dyn Device>> {
        let login = ConnectionMethods::LoginUser;
        let session = open(&command::TA_UUID.to_string(), login, OPENING)?;
        Ok(Box::new(Ta { session }))
    }

    fn stats(&self, pool: u32, reply: &mut [u8]) -> Result<usize> {
        let mut session = open(STATS, ConnectionMethods::LoginPublic, "opening the stats PTA")?;
        let which = ParamValue::new(pool, 0, ParamType::ValueInput);
        let out = ParamTmpRef::new_output(reply);
        let mut operation = Operation::new(0, which, out, ParamNone, ParamNone);
        session
            .invoke_command(ALLOC_STATS, &mut operation)
            .map_err(|error| failed(&error, "asking the stats PTA"))?;
        Ok(operation.parameters().1.updated_size())
    }
}

struct Ta {
    session: Session,
}

impl Device for Ta {
    fn invoke(
        &mut self,
        command: Command,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<usize, TeeError> {
        let room = reply.len();
        let request = ParamTmpRef::new_input(request);
        let out = ParamTmpRef::new_output(reply);
        let mut operation = Operation::new(0, request, out, ParamNone, ParamNone);
        self.session
            .invoke_command(command as u32, &mut operation)
            .map_err(|error| failed(&error, doing(command)))?;
        Ok(operation.parameters().1.updated_size().min(room))
    }
}

fn open(uuid: &str, login: ConnectionMethods, what: &'static str) -> Result<Session, TeeError> {
    let uuid = Uuid::parse_str(uuid)
        .map_err(|_| TeeError { result: crate::error::BAD_PARAMETERS, doing: what })?;
    let mut context = Context::new().map_err(|error| failed(&error, CONNECTING))?;
    context.open_session_with_login(uuid, login).map_err(|error| failed(&error, what))
}

fn failed(error: &Error, doing: &'static str) -> TeeError {
    TeeError { result: error.raw_code(), doing }
}

fn doing(command: Command) -> &'static str {
    match command {
        Command::Hello => "saying hello to the TA",
        Command::Snapshot => "taking a census",
        Command::Events => "reading events",
        Command::Mark => "beginning an epoch",
        Command::Canary => "planting the canary",
        Command::Note => "reporting a step",
        Command::Bind => "binding a protocol",
        Command::Ledger => "reading the ledger",
    }
}
