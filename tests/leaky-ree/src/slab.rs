//! Messages to somebody who has stopped reading: the kernel keeps each in objects of its slab caches, and
//! no limit on descriptors is ever met.
//!
//! Linux takes a `struct sk_buff` of the cache `skbuff_head_cache` for each (`net/core/skbuff.c`).

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    process,
};

use anyhow::{Context as _, Result};
use rustix::net::sockopt::set_socket_send_buffer_size_force;
use serde_json::{Value, json};

use crate::server::Work;

/// Bytes that the kernel may keep for the reader.
const ROOM: usize = 256 << 20;

/// Both ends.
pub(crate) struct Slab {
    from: UnixStream,
    to: UnixStream,
    each: u32,
    well: bool,
    unread: u64,
}

impl Slab {
    /// So many messages of one byte in each step.
    pub(crate) fn new(each: u32, well: bool) -> Result<Self> {
        let (from, to) = UnixStream::pair()?;
        set_socket_send_buffer_size_force(&from, ROOM).context("it takes root to send so much")?;
        from.set_nonblocking(true)?;
        Ok(Self { from, to, each, well, unread: 0 })
    }
}

impl Work for Slab {
    fn step(&mut self) -> Result<Value> {
        for _ in 0..self.each {
            self.from.write_all(&[0]).context("the kernel keeps no more")?;
            self.unread += 1;
            if self.well {
                self.to.read_exact(&mut [0])?;
                self.unread -= 1;
            }
        }
        Ok(json!({ "pid": process::id(), "sent": self.each, "unread": self.unread }))
    }
}
