//! Sessions to other TAs.

use core::mem;

use optee_utee::{Result, TaSession, TaSessionBuilder, Uuid};

/// Opens a session and loses it. It stays when the client that asked for it is gone.
pub(crate) fn leak(uuid: [u8; 16]) -> Result<()> {
    mem::forget(open(uuid)?);
    Ok(())
}

/// Opens a session, and closes it if it could be opened.
pub(crate) fn try_open(uuid: [u8; 16]) -> Result<()> {
    drop(open(uuid)?);
    Ok(())
}

fn open(uuid: [u8; 16]) -> Result<TaSession> {
    TaSessionBuilder::new(Uuid::from_bytes(uuid)).build()
}
