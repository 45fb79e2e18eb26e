//! Work that is right, unless the TEE core was made to forget a release before.

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use leaky_interface::{ACCESS_DENIED, Command, ITEM_NOT_FOUND, PEER, REFUSE, forget, plugin};
use optee_teec::{
    Context, Error, Operation, Param, ParamNone, ParamType, ParamValue, Session, Uuid,
};

use crate::tee::Tee;

/// One kind of work.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    /// Have the TA open a persistent object that is not there
    OpenMissing,
    /// Have it make a digest
    Digest,
    /// Have it make a key of an elliptic curve
    MakeKey,
    /// Have it create a persistent object and delete it
    Store,
    /// Have it ask a plugin of tee-supplicant
    AskPlugin,
    /// Have it ask the plugin, which loses a descriptor
    LoseDescriptor,
    /// Open a session to another TA and close it
    Session,
    /// Open one to another TA, which refuses it
    RefusedSession,
    /// Open a session to a PTA, invoke a command, and close it
    PtaSession,
}

impl Work {
    /// Does it once.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::OpenMissing => call(Command::OpenMissing, ITEM_NOT_FOUND),
            Self::Digest => call(Command::Digest, 0),
            Self::MakeKey => call(Command::MakeKey, 0),
            Self::Store => call(Command::Store, 0),
            Self::AskPlugin => Tee::open()?.send(Command::AskPlugin, plugin::KEEP, 0),
            Self::LoseDescriptor => Tee::open()?.send(Command::AskPlugin, plugin::LOSE, 0),
            Self::Session => open(PEER, ParamNone).map(drop).context("open a session to the peer"),
            Self::RefusedSession => refused(),
            Self::PtaSession => invoke(forget::PING, ParamNone),
        }
    }
}

/// Has the core forget release `number`, each `every`-th time.
pub(crate) fn forget(number: u32, every: u32) -> anyhow::Result<()> {
    invoke(forget::CHOOSE, ParamValue::new(number, every, ParamType::ValueInput))
}

fn call(command: Command, expected: u32) -> anyhow::Result<()> {
    match Tee::open()?.try_call(command) {
        code if code == expected => Ok(()),
        code => bail!("{command:?}: expected {expected:#x}, found {code:#x}"),
    }
}

fn refused() -> anyhow::Result<()> {
    match open(PEER, ParamValue::new(REFUSE, 0, ParamType::ValueInput)) {
        Err(error) if error.raw_code() == ACCESS_DENIED => Ok(()),
        Err(error) => bail!("expected the session to be refused, found {error}"),
        Ok(_) => bail!("expected the session to be refused, found it open"),
    }
}

fn invoke(command: u32, param: impl Param) -> anyhow::Result<()> {
    let mut session = open(forget::PTA, ParamNone).context("open a session to the PTA")?;
    let mut operation = Operation::new(0, param, ParamNone, ParamNone, ParamNone);
    session.invoke_command(command, &mut operation).context("invoke the PTA")
}

fn open(uuid: &str, param: impl Param) -> Result<Session, Error> {
    let mut context = Context::new()?;
    let mut operation = Operation::new(0, param, ParamNone, ParamNone, ParamNone);
    let uuid = Uuid::parse_str(uuid)?;
    context.open_session_with_operation(uuid, &mut operation)
}
