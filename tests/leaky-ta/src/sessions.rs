//! Sessions to other TAs.

use alloc::vec::Vec;

use optee_utee::{ErrorKind, Result, TaSession, TaSessionBuilder, Uuid};

/// Sessions that stay when the client that asked for them is gone.
pub(crate) struct Sessions(Vec<TaSession>);

impl Sessions {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Opens a session and loses it.
    pub(crate) fn leak(&mut self, uuid: [u8; 16]) -> Result<()> {
        self.0.try_reserve(1).map_err(|_| ErrorKind::OutOfMemory)?;
        self.0.push(open(uuid)?);
        Ok(())
    }

    /// Finds them again and closes them.
    pub(crate) fn close(&mut self) {
        self.0.clear();
    }
}

/// Opens a session, and closes it if it could be opened.
pub(crate) fn try_open(uuid: [u8; 16]) -> Result<()> {
    drop(open(uuid)?);
    Ok(())
}

fn open(uuid: [u8; 16]) -> Result<TaSession> {
    TaSessionBuilder::new(Uuid::from_bytes(uuid)).build()
}
