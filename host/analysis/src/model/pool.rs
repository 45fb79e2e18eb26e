//! Pools and their names.
//!
//! A pool has one label, used wherever it is shown, and one id in fingerprints. Users store
//! fingerprints, so the id never changes.

use std::{borrow::Cow, sync::Arc};

use super::TaName;

/// A pool.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PoolKind {
    /// The TEE core's heap.
    CoreHeap,
    /// The nexus heap, shared by all guests.
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
    /// The heap of a TA, which its `TA_DATA_SIZE` sizes.
    TaHeap(TaName),
    /// A pool of the normal world.
    NormalWorld(NormalPool),
    /// Another pool, by the name that the source gives.
    Named(Arc<str>),
}

impl PoolKind {
    /// The name shown in reports.
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
            Self::TaHeap(ta) => format!("heap of {ta}").into(),
            Self::NormalWorld(pool) => pool.label(),
            Self::Named(name) => Cow::Borrowed(name),
        }
    }

    /// The name in fingerprints: stored by users, so it stays when the label changes.
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
    /// Memory of the GPU driver.
    Gpu,
    /// Memory that no line of `/proc/meminfo` counts.
    Unaccounted,
    /// Stacks and page tables of the kernel.
    KernelStacks,
    /// Memory in use other than the page cache.
    InUse,
    /// Objects of the kernel that it can't reclaim.
    UnreclaimableSlab,
    /// All memory, when a process was killed for it.
    AllMemory,
    /// A slab cache.
    Cache(Arc<str>),
    /// An area of contiguous memory; no name where the kernel prints none.
    Contiguous(Arc<str>),
    /// The area that binder has for a process.
    BinderArea(u64),
    /// Free pages, by block size.
    FreePages,
    /// Descriptors of a process.
    Descriptors,
    /// IOMMU addresses of a device.
    IommuAddresses(Arc<str>),
}

impl NormalPool {
    /// The name shown in reports and used in fingerprints.
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
            Self::InUse => "memory in use without the page cache",
            Self::UnreclaimableSlab => "unreclaimable slab (SUnreclaim)",
            Self::AllMemory => "memory",
            Self::Cache(name) => return format!("slab cache {name}").into(),
            Self::Contiguous(name) if name.is_empty() => "contiguous memory (CMA)",
            Self::Contiguous(name) => return format!("contiguous memory {name}").into(),
            Self::BinderArea(pid) => return format!("binder area of pid {pid}").into(),
            Self::IommuAddresses(device) => {
                return format!("addresses of the iommu for {device}").into();
            }
        })
    }
}
