//! Access to the TEE over the kernel's interface, without libteec.

use std::path::Path;

use anyhow::Result;
use teeleak_proto::{command, limits, stock};
use teeleak_teec::direct::{
    Context, Login,
    Parameter::{None, Output, Values},
    Session,
};

use super::{Device, NODE, World, sampler::REPLY_BYTES, ta::Ta};
use crate::{
    error::{TeeError, TeeOperation},
    source::stock::{Answer, Question, StatsPta},
};

/// Room for a reply of the statistics PTA: 372 TAs at 88 bytes each (`struct pta_stats_ta`,
/// lib/libutee/include/pta_stats.h of optee_os 4.6.0).
const STATS_BYTES: usize = 32 << 10;

/// The TEE as reached over the kernel.
pub(super) struct Kernel;

impl World for Kernel {
    fn has_node(&self) -> bool {
        Path::new(NODE).exists()
    }

    fn connect(&self) -> Result<Box<dyn Device>> {
        let whom = (command::TA_UUID.0, Login::User);
        let session = Session::open(context()?, whom, limits::REQUEST_BYTES, REPLY_BYTES)
            .map_err(|result| TeeError { result, request: TeeOperation::OpenTa })?;
        Ok(Box::new(Ta { session }))
    }

    fn stats(&self) -> Result<Box<dyn StatsPta>> {
        let session =
            Session::open(context()?, (stock::STATS_UUID.0, Login::Public), 0, STATS_BYTES)
                .map_err(|result| TeeError { result, request: TeeOperation::OpenStats })?;
        Ok(Box::new(Stats { session }))
    }
}

fn context() -> Result<Context, TeeError> {
    Context::new().map_err(|result| TeeError { result, request: TeeOperation::Connect })
}

struct Stats {
    session: Session,
}

impl StatsPta for Stats {
    fn ask(&mut self, question: Question, reply: &mut [u8]) -> Answer {
        let out = Output(0, reply.len());
        let (command, asked) = match question {
            Question::Pools(pool) => (stock::ALLOC_STATS, [Values(pool, 0), out, None, None]),
            Question::Tas => (stock::TA_STATS, [out, None, None, None]),
            Question::Dump => (stock::MEMLEAK_STATS, [None; 4]),
            Question::Mark => (stock::PAGER_STATS, [None; 4]),
        };
        let (result, bytes) = self.session.ask(command, asked, reply);
        Answer { result, bytes }
    }
}
