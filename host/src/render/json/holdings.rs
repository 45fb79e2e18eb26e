//! What the normal world holds.

use schemars::JsonSchema;
use serde::Serialize;

use crate::render::normal_world::Holdings;

/// What the normal world held when it was last looked at.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NormalWorld")]
pub(super) struct Entry<'s> {
    /// Processes, those with most descriptors first.
    processes: Vec<Process<'s>>,
    /// dma-bufs, the largest first.
    dma_bufs: Vec<Buffer<'s>>,
    /// Figures of `/proc/meminfo`.
    memory: Vec<Figure<'s>>,
    /// Slab caches, the largest first.
    caches: Vec<Cache<'s>>,
}

/// A process and its descriptors.
#[derive(Serialize, JsonSchema)]
struct Process<'s> {
    /// Its number.
    pid: u64,
    /// Its name.
    comm: &'s str,
    /// Descriptors that it has.
    n_fds: u64,
    /// Those that it may have; null for any number, or where that could not be read.
    limit: Option<u64>,
    /// Those of dma-bufs.
    n_dma_bufs: u64,
    /// Bytes of those.
    dma_buf_bytes: u64,
}

/// A dma-buf, and who has it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DmaBuf")]
struct Buffer<'s> {
    /// Its inode, by which all ledgers know it.
    inode: u64,
    /// Its size.
    size_bytes: u64,
    /// Its name, or that of its exporter.
    name: &'s str,
    /// Who has a descriptor of it.
    holders: Vec<Holder<'s>>,
}

/// Who has a descriptor of a dma-buf.
#[derive(Serialize, JsonSchema)]
struct Holder<'s> {
    /// Process.
    pid: u64,
    /// Its name.
    comm: &'s str,
    /// Descriptor.
    fd: u64,
}

/// A figure of `/proc/meminfo`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MemoryFigure")]
struct Figure<'s> {
    /// As the kernel calls it.
    name: &'s str,
    /// What it says.
    bytes: u64,
}

/// A slab cache.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SlabCache")]
struct Cache<'s> {
    /// As the kernel calls it.
    name: &'s str,
    /// Objects in use.
    n_objects: u64,
    /// Bytes of those.
    bytes: u64,
}

pub(super) fn entry<'s>(holdings: &Holdings<'s>) -> Entry<'s> {
    let processes = holdings.processes.iter().map(|one| Process {
        pid: one.holder.pid,
        comm: &one.holder.comm,
        n_fds: one.fds,
        limit: one.limit,
        n_dma_bufs: one.buffers.0,
        dma_buf_bytes: one.buffers.1,
    });
    let buffers = holdings.buffers.iter().map(|one| Buffer {
        inode: one.inode,
        size_bytes: one.bytes,
        name: one.name,
        holders: {
            let holders = one.holders.iter();
            holders
                .map(|(holder, fd)| Holder { pid: holder.pid, comm: &holder.comm, fd: *fd })
                .collect()
        },
    });
    let caches = holdings.caches.iter().map(|row| Cache {
        name: &row.name,
        n_objects: row.count,
        bytes: row.bytes,
    });
    Entry {
        processes: processes.collect(),
        dma_bufs: buffers.collect(),
        memory: holdings
            .memory
            .iter()
            .map(|(name, bytes)| Figure { name, bytes: *bytes })
            .collect(),
        caches: caches.collect(),
    }
}
