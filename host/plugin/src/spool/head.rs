//! The head of a file.

use std::{
    io,
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::time::{ClockId, clock_gettime};
use teeleak_proto::frame::{FILE_HEAD, FrameKind, Meta};

/// Longest [`Meta`] here, in bytes: a host's name has at most 64.
const META_BYTES: usize = 256;

/// The head of a file, with its origin and time.
pub(super) fn write() -> io::Result<Vec<u8>> {
    let system = rustix::system::uname();
    let unix_time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let meta = Meta {
        tool: concat!("teeleak-plugin ", env!("CARGO_PKG_VERSION")),
        host: system.nodename().to_str().unwrap_or_default(),
        workload: "",
        unix_ns: u64::try_from(unix_time.as_nanos()).unwrap_or(u64::MAX),
        monotonic_ns: monotonic_ns(),
    };
    let mut bytes = [0; META_BYTES];
    let meta = postcard::to_slice(&meta, &mut bytes).map_err(io::Error::other)?;
    Ok([FILE_HEAD.as_slice(), &super::frame_of(FrameKind::Meta, meta)?].concat())
}

/// `CLOCK_MONOTONIC`, in nanoseconds.
fn monotonic_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let (seconds, ns) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or(0).saturating_mul(1_000_000_000).saturating_add(ns.unwrap_or(0))
}
