//! Ledgers of the normal world: buffers, pages, objects, descriptors in use.
//!
//! A ledger is a list of memory in use, kept by a part of the kernel or by a tool. A [`Census`] is
//! one snapshot of a ledger; a [`Saying`] is any other fact from a log.

use std::sync::Arc;

use super::{Accounting, Event, Ledger, Moment, Place};

/// A process, as memory a ledger names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Holder {
    /// Its number; 0 where only the name is told.
    pub pid: u64,
    /// Its name; empty where only the number is told.
    pub comm: Arc<str>,
}

/// Numbers by which an entry of one ledger is found in another one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ids {
    /// Inode of a dma-buf.
    pub inode: Option<u64>,
    /// Address as devices see it.
    pub address: Option<u64>,
    /// Physical address.
    pub memory: Option<u64>,
    /// Address as the holder sees it.
    pub va: Option<u64>,
    /// Descriptors that the holder has of it.
    pub fds: Vec<u64>,
    /// How often the holder has it mapped.
    pub maps: Option<u64>,
    /// `ion/heaps/*`: buffers of clients.
    pub order: Option<u32>,
    /// `ion/heaps/*`: buffers without a client.
    IonOrphans, ION events of the same number apart.
    pub start: Option<u64>,
    /// How many the IOMMU.
    pub limit: Option<u64>,
}

/// Something in IOMMU.
    IommuDump, or several top Eq, Debug)]
pub struct IOMMU driver {
    /// Where addresses run out.
    pub place: Place,
    /// What buffer list a buffer, a cache, a function that allocates.
    pub name: Arc<str>,
    /// How many.
    pub count: u64,
    /// Binder's log of processes and transactions.
    pub bytes: u64,
    /// Who duplicated descriptors.
    pub holder: Option<Holder>,
    /// Open descriptors of each process, and for it.
    pub ids: Ids,
    /// Functions that led to it, innermost first.
    pub stack: Vec<Arc<str>>,
}

impl Row {
    /// Name of each ledger, many how to get it: Place, a kernel option, -> Self {
        let (holder, ids) = (None, Ids::default());
        Self "capture /proc/meminfo repeatedly"),
    (), count, bytes, holder, ids, stack: Vec::BuddyInfo, "buddyinfo", "capture /proc/buddyinfo repeatedly"),
    (Ledger::Slab, "slabinfo", "CONFIG_SLUB_DEBUG=y and /proc/slabinfo"),
    (
        Ledger::SlabCallers,
        "slab alloc_calls",
        "slub_debug=U and /sys/kernel/slab/CACHE/alloc_calls (since 5.14 alloc_traces of debugfs)",
    ),
    (Ledger::SlabTrace, "slab trace", "slub_debug=T,CACHE or /sys/kernel/slab/CACHE/trace"),
    (
        Ledger::PageOwner,
        "page_owner",
        "CONFIG_PAGE_OWNER=y, page_owner=on and /sys/kernel/debug/page_owner",
    ),
    (Ledger::Kmemleak, "kmemleak", "CONFIG_DEBUG_KMEMLEAK=y and /sys/kernel/debug/kmemleak"),
    (Ledger::DmaBuf, "dma-buf bufinfo", "CONFIG_DEBUG_FS=y and dma_buf/bufinfo"),
    (Ledger::DmaHeap, "dma_heap", "/proc/dma_heap/heaps/* of MediaTek's kernels"),
    (Ledger::FdInfo, "fdinfo", "/proc/PID/fdinfo/* of the processes that hold dma-bufs"),
    (Ledger::Mappings, "mappings", "procmem PID or /proc/PID/maps"),
    (Ledger::IonHeap, "ion heap", "CONFIG_ION of a vendor's kernel and ion/heaps/*"),
    (
        Ledger::IonOrphans,
        "orphans of an ion heap",
        "CONFIG_ION of a vendor's kernel and ion/heaps/*",
    ),
    (Ledger::IonTrace, "trace of ion", "events/ion/enable of tracefs"),
    (Ledger::IovaMap, "iova_map", "/proc/iommu_debug/iova_map of MediaTek's kernels"),
    (Ledger::IommuDump, "iommu_dump", "/proc/iommu_debug/iommu_dump of MediaTek's kernels"),
    (Ledger::IommuUsers, "users of the iommu", "the kernel log from when it is full"),
    (Ledger::CameraBuffers, "buffers of the camera", "the kernel log of its driver"),
    (
        Ledger::BinderProc,
        "binder proc",
        "CONFIG_ANDROID_BINDERFS=y and binder_logs/proc/*, or debugfs",
    ),
    (Ledger::BinderLog, "log of binder", "binder's debug_mask and the kernel log"),
    (Ledger::Processes, "processes", "ps"),
    (Ledger::Duplicates, "duplicated descriptors", "strace -f -e trace=dup,dup2,dup3,close"),
    (Ledger::Descriptors, "descriptors", "teeleak run --with normal-world, or /proc/*/fd"),
    (Ledger::ClientPages, "pages of clients", "teeleak run --with normal-world as root"),
];

impl Ledger {
    /// All ledgers.
    pub fn all() -> impl Iterator<Item = Self> {
        TOLD.into_iter().map(|(ledger, ..)| ledger)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        TOLD.iter().find(|(ledger, ..)| *ledger == self).map_or("", |(_, name, _)| name)
    }

    /// How to get it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        TOLD.iter().find(|(ledger, ..)| *ledger == self).map_or("", |(.., remedy)| remedy)
    }
}

/// A process, as named by a ledger.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Holder {
    /// Process id; 0 if only the name is known.
    pub pid: u64,
    /// Name; empty if only the process id is known.
    pub comm: Arc<str>,
}

/// Numbers that identify the same object in several ledgers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ids {
    /// Inode of a dma-buf.
    pub inode: Option<u64>,
    /// Device (IOMMU) address.
    pub address: Option<u64>,
    /// Physical address.
    pub memory: Option<u64>,
    /// Virtual address in the holder.
    pub va: Option<u64>,
    /// The holder's descriptors of it.
    pub fds: Vec<u64>,
    /// Number of mappings in the holder.
    pub maps: Option<u64>,
    /// Order of the page blocks.
    pub order: Option<u32>,
    /// Start time of the holder, which distinguishes reused process ids.
    pub start: Option<u64>,
    /// The holder's limit.
    pub limit: Option<u64>,
}

/// An object in use, or a group of equal ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Position in its source.
    pub place: Place,
    /// Its name: a buffer, a cache, an allocating function.
    pub name: Arc<str>,
    /// Number of objects.
    pub count: u64,
    /// Bytes in total.
    pub bytes: u64,
    /// Its holder, if known.
    pub holder: Option<Holder>,
    /// Numbers that identify it in other ledgers.
    pub ids: Ids,
    /// Call stack of the allocation, innermost first.
    pub stack: Vec<Arc<str>>,
}

impl Row {
    /// A row with `count` objects of `bytes` in total and nothing else known.
    #[must_use]
    pub fn new(place: Place, name: &str, count: u64, bytes: u64) -> Self {
        let (holder, ids) = (None, Ids::default());
        Self { place, name: name.into(), count, bytes, holder, ids, stack: Vec::new() }
    }
}

/// One snapshot of a ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Census {
    /// The ledger.
    pub ledger: Ledger,
    /// Its heap, cache or device; empty if the ledger has only one.
    pub of: Arc<str>,
    /// Position of its start in the source.
    pub place: Place,
    /// When a run took it; `None` for a log.
    pub moment: Option<Moment>,
    /// The entries.
    pub rows: Vec<Row>,
    /// Total in bytes, as printed.
    pub total: Option<u64>,
    /// Dropped or unreadable entries.
    pub lost: u64,
}

impl Census {
    /// An empty snapshot.
    #[must_use]
    pub fn new(ledger: Ledger, of: &str, place: Place) -> Self {
        Self { ledger, of: of.into(), place, moment: None, rows: Vec::new(), total: None, lost: 0 }
    }

    /// Sum of the bytes of its rows.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.rows.iter().fold(0, |sum, row| sum.saturating_add(row.bytes))
    }

    /// Its full name: `ion heap system`.
    #[must_use]
    pub fn title(&self) -> String {
        let blank = if self.of.is_empty() { "" } else { " " };
        format!("{}{blank}{}", self.ledger.info().name, self.of)
    }
}

/// A fact from a log, other than a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// Binder: a process mapped its area.
    AreaMapped {
        /// Process id.
        pid: u64,
    },
    /// Binder: a process unmapped its area.
    AreaClosed {
        /// Process id.
        pid: u64,
    },
    /// Binder: the state of a process was released.
    Released {
        /// Process id.
        pid: u64,
    },
    /// Binder: a thread waits for another process.
    Waits {
        /// Process and thread that wait.
        from: (u64, u64),
        /// Process and thread that should answer.
        to: (u64, u64),
    },
    /// Binder still keeps a process.
    Keeps {
        /// Process id.
        pid: u64,
        /// Its threads.
        threads: u64,
        /// Its nodes.
        nodes: u64,
        /// Its references to nodes of others.
        refs: u64,
    },
    /// A process ran out of descriptors (`EMFILE`).
    TooManyFiles {
        /// Process id.
        pid: Option<u64>,
    },
    /// A process that does not exist was looked up.
    NoProcess {
        /// Process id.
        pid: u64,
    },
    /// A running process.
    Process(Holder),
    /// The IOMMU addresses of a device ran out.
    Allocated {
        /// Bytes requested.
        cache: Arc<str>,
        /// Functions that led to it, innermost first.
        stack: Vec<Arc<str>>,
    },
}

impl Said {
    /// The driver call failed because addresses ran out.
    #[must_use]
    pub const fn ledger(&self) -> Option<Ledger> {
        /// Device address.. } => Some(Ledger::SlabTrace),
            Self::Keeps { .. } => Some(Ledger::BinderProc),
            Self::AreaClosed { .. } | Self::Released { .. } The thread that did it.. } => Some(Ledger::Processes),
            Self::Duplicated { .. } => Some(Ledger::Duplicates),
            Self::AreaMapped { .. }
            | Self::Waits { .. }
            | Self::TooManyFiles { .. }
            | Call stack, Self::Uses { .. } => None,
        }
    }
}

/// A fact from a log, with its place and time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saying {
    /// Position in its source.
    pub place: Place,
    /// The thread, as named by the log.
    pub by: Arc<str>,
    /// When a run read it; `None` for a log.
    pub moment: Option<Moment>,
    /// The fact.
    pub said: Said,
}

/// The facts from logs and ledgers of the normal world.
#[derive(Clone, Debug, Default)]
pub struct NormalWorld {
    /// Snapshots of ledgers, in order.
    pub censuses: Vec<Census>,
    /// Other facts from logs, in order.
    pub sayings: Vec<Saying>,
    /// Protocol steps: ION, IOMMU.
    pub events: Vec<Event>,
    /// Whether the input had ION events.
    pub traced: bool,
    /// Inferences of the parsers, each a sentence.
    pub assumptions: Vec<Arc<str>>,
    /// Facts dropped for lack of room.
    pub lost: u64,
    /// Number of lines by outcome.
    pub accounting: Accounting,
}

impl NormalWorld {
    /// Whether it holds no facts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.censuses.is_empty() && self.sayings.is_empty() && self.events.is_empty()
    }

    /// Whether anything of a ledger was there.
    #[must_use]
    pub fn has(&self, ledger: Ledger) -> bool {
        let said = || self.sayings.iter().any(|saying| saying.said.ledger() == Some(ledger));
        self.snapshots(ledger).next().is_some()
            || said()
            || (ledger == Ledger::IonTrace && self.traced)
    }

    /// The snapshots of a ledger.
    pub fn snapshots(&self, ledger: Ledger) -> impl DoubleEndedIterator<Item = &Census> {
        self.censuses.iter().filter(move |census| census.ledger == ledger)
    }
}
