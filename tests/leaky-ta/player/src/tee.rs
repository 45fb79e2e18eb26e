//! The leaky TA's commands as functions.

use anyhow::{Context as _, bail};
use leaky_interface::{Command, ITEM_NOT_FOUND, LEAKY};
use optee_teec::{Context, Operation, Param, ParamNone, ParamType, ParamValue, Session, Uuid};

/// A session to the leaky TA.
pub(crate) struct Tee {
    session: Session,
}

impl Tee {
    pub(crate) fn open() -> anyhow::Result<Self> {
        let uuid = Uuid::parse_str(LEAKY)?;
        let session = Context::new()
            .and_then(|mut context| context.open_session(uuid))
            .context("can't open a session to the leaky TA")?;
        Ok(Self { session })
    }

    fn invoke<A: Param, B: Param>(
        &mut self,
        command: Command,
        a: A,
        b: B,
    ) -> Result<(A, B), optee_teec::Error> {
        let mut operation = Operation::new(0, a, b, ParamNone, ParamNone);
        self.session.invoke_command(command as u32, &mut operation)?;
        let (a, b, ..) = operation.parameters();
        Ok((a, b))
    }

    /// A command that takes two values and gives none.
    pub(crate) fn send(&mut self, command: Command, a: u32, b: u32) -> anyhow::Result<()> {
        self.invoke(command, input(a, b), ParamNone).with_context(|| format!("{command:?}"))?;
        Ok(())
    }

    /// The same; gives the code.
    pub(crate) fn try_send(&mut self, command: Command, a: u32, b: u32) -> u32 {
        self.invoke(command, input(a, b), ParamNone).err().map_or(0, |error| error.raw_code())
    }

    /// A command without parameters; gives the code.
    pub(crate) fn try_call(&mut self, command: Command) -> u32 {
        self.invoke(command, ParamNone, ParamNone).err().map_or(0, |error| error.raw_code())
    }

    /// A command without parameters.
    pub(crate) fn call(&mut self, command: Command) -> anyhow::Result<()> {
        self.invoke(command, ParamNone, ParamNone).with_context(|| format!("{command:?}"))?;
        Ok(())
    }

    pub(crate) fn open_channel(&mut self) -> anyhow::Result<u32> {
        let out = ParamValue::new(0, 0, ParamType::ValueOutput);
        let (out, _) = self.invoke(Command::OpenChannel, out, ParamNone).context("open_channel")?;
        Ok(out.a())
    }

    pub(crate) fn map(&mut self, channel: u32, size: u32) -> anyhow::Result<u64> {
        let out = ParamValue::new(0, 0, ParamType::ValueOutput);
        let (_, out) = self.invoke(Command::Map, input(channel, size), out).context("map")?;
        Ok(u64::from(out.b()) << 32 | u64::from(out.a()))
    }

    /// Unmaps; gives the code, which is [`ITEM_NOT_FOUND`] when nothing is found there.
    pub(crate) fn unmap(&mut self, channel: u32, address: u64) -> anyhow::Result<u32> {
        #[expect(clippy::cast_possible_truncation, reason = "two halves")]
        let address = input(address as u32, (address >> 32) as u32);
        match self.invoke(Command::Unmap, input(channel, 0), address) {
            Ok(_) => Ok(0),
            Err(error) if error.raw_code() == ITEM_NOT_FOUND => Ok(ITEM_NOT_FOUND),
            Err(error) => bail!("unmap: {error}"),
        }
    }

    pub(crate) fn close_channel(&mut self, channel: u32) -> anyhow::Result<()> {
        self.send(Command::CloseChannel, channel, 0)
    }

    pub(crate) fn leak_session(&mut self, uuid: &str) -> anyhow::Result<()> {
        match self.try_leak_session(uuid)? {
            0 => Ok(()),
            code => bail!("leak_session: {code:#x}"),
        }
    }

    /// Leaks a session; gives the code.
    pub(crate) fn try_leak_session(&mut self, uuid: &str) -> anyhow::Result<u32> {
        let [a, b, c, d] = words(uuid).with_context(|| format!("not a UUID: {uuid:?}"))?;
        let done = self.invoke(Command::LeakSession, input(a, b), input(c, d));
        Ok(done.err().map_or(0, |error| error.raw_code()))
    }
}

fn input(a: u32, b: u32) -> ParamValue {
    ParamValue::new(a, b, ParamType::ValueInput)
}

/// The four words of a UUID.
fn words(uuid: &str) -> Option<[u32; 4]> {
    let digits: String = uuid.chars().filter(|digit| *digit != '-').collect();
    let mut words = [0; 4];
    for (n, word) in words.iter_mut().enumerate() {
        *word = u32::from_str_radix(digits.get(8 * n..8 * n + 8)?, 16).ok()?;
    }
    (digits.len() == 32).then_some(words)
}
