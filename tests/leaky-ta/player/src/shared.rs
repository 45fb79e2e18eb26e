//! A buffer of the client that the TA maps for longer than a call, as a secure video path does.

use anyhow::{Context as _, anyhow};
use leaky_interface::{Command, LEAKY, LOSE};
use teeleak_teec::client::{Context, Session};

/// Bytes of a buffer: some pages, so that it is more than the beginning of one.
const BYTES: usize = 4 * 4096;

/// A session with a buffer that is registered for as long as the session is open.
pub(crate) struct Buffer(Session);

impl Buffer {
    /// Registers a buffer.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let uuid = uuid().context("the leaky TA's UUID is none")?;
        let session = Context::new().and_then(|context| Session::open(context, uuid, BYTES, 1));
        let session = session.map_err(|code| anyhow!("can't open a session: {code:#x}"))?;
        Ok(Self(session))
    }

    /// Has it mapped by the TA.
    pub(crate) fn map(&mut self) -> anyhow::Result<()> {
        self.call(Command::MapShared, 0)
    }

    /// Has it unmapped by a TA that says it is and loses it. To release it after that would wait for
    /// the TA, for ever (`mobj_reg_shm_release_by_cookie` in core/mm/mobj_dyn_shm.c of optee_os).
    pub(crate) fn unmap_lost(&mut self) -> anyhow::Result<()> {
        self.call(Command::UnmapShared, LOSE)
    }

    fn call(&mut self, command: Command, first: u8) -> anyhow::Result<()> {
        let memory = [first; BYTES];
        let done = self.0.invoke(command as u32, &memory, &mut [0]);
        done.map_err(|code| anyhow!("{command:?}: {code:#x}"))?;
        Ok(())
    }
}

fn uuid() -> Option<[u8; 16]> {
    let digits: String = LEAKY.chars().filter(|digit| *digit != '-').collect();
    let mut uuid = [0; 16];
    for (n, byte) in uuid.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * n..2 * n + 2)?, 16).ok()?;
    }
    Some(uuid)
}
