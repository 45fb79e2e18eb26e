//! libteec.

use std::path::Path;

use anyhow::Result;
use optee_teec::{
    ConnectionMethods, Context, Error, Operation, ParamNone, ParamTmpRef, ParamType, ParamValue,
    Session, Uuid,
};
use teeleak_proto::{
    command::{self, Command},
    stock,
};

use super::{Device, NODE, World};
use crate::{
    TeeError,
    error::{CONNECTING, OPENING_STATS},
    source::stock::{Answer, Question, StatsPta},
};

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

    fn stats(&self) -> Result<Box<dyn StatsPta>> {
        let login = ConnectionMethods::LoginPublic;
        let session = open(&stock::STATS_UUID.to_string(), login, OPENING_STATS)?;
        Ok(Box::new(Stats { session }))
    }
}

struct Stats {
    session: Session,
}

impl Stats {
    fn without_parameters(&mut self, command: u32) -> Answer {
        let mut operation = Operation::new(0, ParamNone, ParamNone, ParamNone, ParamNone);
        let done = self.session.invoke_command(command, &mut operation);
        Answer { result: code(done), bytes: 0 }
    }

    fn pools(&mut self, pool: u32, reply: &mut [u8]) -> Answer {
        let which = ParamValue::new(pool, 0, ParamType::ValueInput);
        let out = ParamTmpRef::new_output(reply);
        let mut operation = Operation::new(0, which, out, ParamNone, ParamNone);
        let done = self.session.invoke_command(stock::ALLOC_STATS, &mut operation);
        Answer { result: code(done), bytes: operation.parameters().1.updated_size() }
    }

    fn tas(&mut self, reply: &mut [u8]) -> Answer {
        let out = ParamTmpRef::new_output(reply);
        let mut operation = Operation::new(0, out, ParamNone, ParamNone, ParamNone);
        let done = self.session.invoke_command(stock::TA_STATS, &mut operation);
        Answer { result: code(done), bytes: operation.parameters().0.updated_size() }
    }
}

impl StatsPta for Stats {
    fn ask(&mut self, question: Question, reply: &mut [u8]) -> Answer {
        match question {
            Question::Pools(pool) => self.pools(pool, reply),
            Question::Tas => self.tas(reply),
            Question::Dump => self.without_parameters(stock::MEMLEAK_STATS),
            Question::Mark => self.without_parameters(stock::PAGER_STATS),
        }
    }
}

fn code(done: Result<(), Error>) -> u32 {
    done.err().map_or(0, |error| error.raw_code())
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
