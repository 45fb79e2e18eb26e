//! The subject of a finding.

use std::sync::Arc;

use teeleak_proto::Uuid;

use super::{LedgerKind, PoolKind};

/// The subject of a finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// An allocation site.
    Site {
        /// Source file.
        file: Arc<str>,
        /// Source line.
        line: u32,
        /// Bytes per allocation, as requested.
        size: u64,
        /// The heap: the TEE core's, or that of a TA.
        heap: PoolKind,
        /// Owning TA or PTA, if known.
        owner: Option<Uuid>,
        /// Calling function or offset, if known.
        caller: Option<Arc<str>>,
    },
    /// A TA.
    Ta(Uuid),
    /// A pool.
    Pool(PoolKind),
    /// An entry of a normal-world ledger.
    Holding {
        /// The ledger.
        listing: Listing,
        /// Name of the entry: a function, a process, a heap.
        name: Arc<str>,
        /// The process that holds it, if any.
        pid: Option<u64>,
    },
    /// A resource of a protocol.
    Resource {
        /// Protocol.
        protocol: Arc<str>,
        /// Kind of resource.
        resource: Arc<str>,
    },
}

/// A source of held objects in the normal world.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Listing {
    /// A ledger.
    Ledger(LedgerKind),
    /// Descriptors and mappings of dma-bufs, from several ledgers.
    DmaBufs,
    /// Binder's processes, from several ledgers.
    Binder,
    /// Callers of a slab cache.
    Cache(Arc<str>),
}

impl Listing {
    /// The name shown in reports.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Ledger(ledger) => ledger.info().name,
            Self::DmaBufs | Self::Binder | Self::Cache(_) => self.id(),
        }
    }

    /// The name in fingerprints: stored by users, so it stays when the label changes.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Ledger(ledger) => ledger.info().fingerprint,
            Self::DmaBufs => "dma-bufs",
            Self::Binder => "binder",
            Self::Cache(name) => name,
        }
    }
}
