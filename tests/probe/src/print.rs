//! The peer of a snapshot: OP-TEE's own dump of the live buffers on the secure console.

use std::time::Instant;

use anyhow::ensure;
use optee_teec::raw;

use crate::teec::{Param, Session};

/// The stats PTA, `STATS_UUID` in optee_os core/pta/stats.c@4.10.0.
const STATS: [u8; 16] = [
    0xd9, 0x6a, 0x5b, 0x40, 0xe2, 0xc7, 0xb1, 0xaf, 0x87, 0x94, 0x10, 0x02, 0xa5, 0xd5, 0xc6, 0x1b,
];

/// `STATS_CMD_MEMLEAK_STATS` in optee_os lib/libutee/include/pta_stats.h@4.10.0.
const MEMLEAK_STATS: u32 = 2;

/// Has it printed `times` times in one session; prints how long each took, in nanoseconds.
pub(crate) fn print(times: u32) -> anyhow::Result<()> {
    let session = Session::expect(STATS, raw::TEEC_LOGIN_PUBLIC)?;
    for _ in 0..times {
        let began = Instant::now();
        let (code, _) = session.invoke(MEMLEAK_STATS, [Param::None; 4]);
        let wall_ns = began.elapsed().as_nanos();
        ensure!(code == 0, "STATS_CMD_MEMLEAK_STATS answered {code:#x}");
        println!("{{\"wall_ns\":{wall_ns}}}");
    }
    Ok(())
}
