//! Holdings of the normal world as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::render::normal_world::Holdings;

/// Holdings of the normal world in its last snapshot.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NormalWorld")]
pub(super) struct Entry<'s> {
    /// Processes, most descriptors first.
    processes: Vec<Process<'s>>,
    /// dma-bufs, largest first.
    dma_bufs: Vec<Buffer<'s>>,
    /// Figures of `/proc/meminfo`.
    memory: Vec<Figure<'s>>,
    /// Slab caches, largest first.
    caches: Vec<Cache<'s>>,
}

/// A process and its descriptors.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Process")]
struct Process<'s> {
    /// Process id.
    pid: u64,
    /// Name of the process.
    comm: &'s str,
    /// Number of open descriptors.
    n_fds: u64,
    /// Limit of open descriptors; null if unlimited or unreadable.
    limit: Option<u64>,
    /// Number of descriptors of dma-bufs.
    n_dma_bufs: u64,
    /// Bytes of these dma-bufs.
    dma_buf_bytes: u64,
}

/// A dma-buf and its holders.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DmaBuf")]
struct Buffer<'s> {
    /// Inode, which identifies the dma-buf in all ledgers.
    inode: u64,
    /// Size.
    size_bytes: u64,
    /// Name of the dma-buf or of its exporter.
    name: &'s str,
    /// Processes with a descriptor of it.
    holders: Vec<Holder<'s>>,
}

/// A process with a descriptor of a dma-buf.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Holder")]
struct Holder<'s> {
    /// Process id.
    pid: u64,
    /// Name of the process.
    comm: &'s str,
    /// File descriptor.
    fd: u64,
}

/// A figure of `/proc/meminfo`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MemoryFigure")]
struct Figure<'s> {
    /// Name of the field.
    name: &'s str,
    /// Value.
    bytes: u64,
}

/// A slab cache.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SlabCache")]
struct Cache<'s> {
    /// Name of the cache.
    name: &'s str,
    /// Number of objects in use.
    n_objects: u64,
    /// Bytes of these objects.
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
