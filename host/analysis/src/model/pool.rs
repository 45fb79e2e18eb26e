//! Pools: which there are, and how each is named.
//!
//! A pool has one label that people read, wherever it is printed, and one name in fingerprints, which are stored
//! and never change.

use std::{borrow::Cow, sync::Arc};

/// Which pool.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PoolKind {
    /// The TEE core's heap.
    CoreHeap,
    /// The heap of the part that all guests share.
    NexusHeap,
    /// Memory for TAs.
    TaRam,
    /// Big numbers of the crypto library.
    Crypto,
    /// Translation tables.
    PageTables,
    /// Sessions.
    Sessions,
    /// Threads of the TEE core.
    Threads,
    /// One of the normal world.
    NormalWorld(NormalPool),
    /// Another one, by the name that the source gives.
    Named(Arc<str>),
}

impl PoolKind {
    /// As a person reads it.
    #[must_use]
    pub fn label(&self) -> Cow<'_, str> {
        match self {
            Self::CoreHeap => "core heap".into(),
            Self::NexusHeap => "nexus heap".into(),
            Self::TaRam => "TA memory".into(),
            Self::Crypto => "crypto bignum pool".into(),
            Self::PageTables => "page tables".into(),
            Self::Sessions => "sessions".into(),
            Self::Threads => "threads".into(),
            Self::NormalWorld(pool) => pool.label(),
            Self::Named(name) => Cow::Borrowed(name),
        }
    }

    /// As fingerprints have it: part of what users stored, so it stays when a label changes.
    #[must_use]
    pub fn id(&self) -> Cow<'_, str> {
        match self {
            Self::Crypto => "big numbers of the crypto library".into(),
            Self::PageTables => "translation tables".into(),
            Self::Threads => "threads of the TEE core".into(),
            other => other.label(),
        }
    }
}

/// A pool of the normal world.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NormalPool {
    /// Anonymous memory of processes.
    Anonymous,
    /// Memory that processes share.
    Shared,
    /// Objects of the kernel.
    Slab,
    /// ion's system heap.
    IonSystem,
    /// ion's heap of contiguous memory.
    IonCma,
    /// ion's reserved heap.
    IonCarveout,
    /// What the gpu's driver has.
    Gpu,
    /// What no line of `/proc/meminfo` counts.
    Unaccounted,
    /// Stacks and page tables of the kernel.
    KernelStacks,
    /// Free pages, and the blocks they come in.
    FreePages,
    /// Descriptors of a process.
    Descriptors,
    /// Addresses of the iommu for a device.
    IommuAddresses(Arc<str>),
}

impl NormalPool {
    /// As a person reads it, and as fingerprints have it.
    #[must_use]
    pub fn label(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Anonymous => "anonymous memory",
            Self::Shared => "shared memory",
            Self::Slab => "slab",
            Self::IonSystem => "ion system heap",
            Self::IonCma => "ion cma heap",
            Self::IonCarveout => "ion carveout heap",
            Self::Gpu => "gpu",
            Self::Unaccounted => "memory that nobody accounts for",
            Self::KernelStacks => "kernel stacks and page tables",
            Self::FreePages => "free pages",
            Self::Descriptors => "file descriptors",
            Self::IommuAddresses(device) => {
                return format!("addresses of the iommu for {device}").into();
            }
        })
    }
}
