//! Access to the TEE over libteec.

use std::path::Path;

use anyhow::Result;
use optee_teec::{
    ConnectionMethods, Context, Error, Operation, ParamNone, ParamTmpRef, ParamType, ParamValue,
    Session, Uuid,
};
use teeleak_proto::{command, limits, stock, tee_result::BAD_PARAMETERS};
use teeleak_teec::client;

use super::{Device, NODE, World, sampler::REPLY_BYTES, ta::Ta};
use crate::{
    error::{TeeError, TeeOperation},
    source::stock::{Answer, Question, StatsPta},
};

/// The TEE as reached over libteec.
pub(super) struct Libteec;

impl World for Libteec {
    fn has_node(&self) -> bool {
        Path::new(NODE).exists()
    }

    fn connect(&self) -> Result<Box<dyn Device>> {
        let failed = |request| move |result| TeeError { result, request };
        let context = client::Context::new().map_err(failed(TeeOperation::Connect))?;
        let uuid = command::TA_UUID.0;
        let session = client::Session::open(context, uuid, limits::REQUEST_BYTES, REPLY_BYTES)
            .map_err(failed(TeeOperation::OpenTa))?;
        Ok(Box::new(Ta { session }))
    }

    fn stats(&self) -> Result<Box<dyn StatsPta>> {
        let session = open_stats()?;
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

fn open_stats() -> Result<Session, TeeError> {
    let uuid = Uuid::parse_str(&stock::STATS_UUID.to_string())
        .map_err(|_| TeeError { result: BAD_PARAMETERS, request: TeeOperation::OpenStats })?;
    let mut context = Context::new().map_err(|error| failed(&error, TeeOperation::Connect))?;
    context
        .open_session_with_login(uuid, ConnectionMethods::LoginPublic)
        .map_err(|error| failed(&error, TeeOperation::OpenStats))
}

fn failed(error: &Error, request: TeeOperation) -> TeeError {
    TeeError { result: error.raw_code(), request }
}
