//! A TA that panics while others look at it.

use anyhow::ensure;
use leaky_interface::{Command, LEAKY};
use optee_teec::raw;
use teeleak_proto::Uuid;

use crate::teec::{Param, Session};

/// Opens a session to the leaky TA and has it panic, so many times.
pub(crate) fn crash(times: u32) -> anyhow::Result<()> {
    let uuid = Uuid::parse(LEAKY).unwrap_or_default().0;
    for _ in 0..times {
        let session = Session::expect(uuid, raw::TEEC_LOGIN_PUBLIC)?;
        let (code, _) = session.invoke(Command::Panic as u32, [Param::None; 4]);
        let expected = raw::TEEC_ERROR_TARGET_DEAD;
        ensure!(code == expected, "expected {expected:#x}, found {code:#x}");
    }
    Ok(())
}
