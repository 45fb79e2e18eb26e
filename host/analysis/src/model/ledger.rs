//! Ledgers of the normal world: buffers, pages, objects, descriptors in use.
//!
//! A ledger is a list of memory in use, kept by a part of the kernel or by a tool. A [`Census`] is
//! one snapshot of a ledger; a [`Saying`] is any other fact from a log.

use std::sync::Arc;

use super::{Accounting, Event, Moment, Place};

/// A list of memory in use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ledger {
    /// `/proc/meminfo`.
    MemInfo,
    /// The table of Allwinner's `cpu_monitor -m`.
    CpuMonitor,
    /// `/proc/buddyinfo`.
    BuddyInfo,
    /// `/proc/slabinfo`, or the table of the kernel's `slabinfo` tool.
    Slab,
    /// `alloc_calls` of a slab cache.
    SlabCallers,
    /// Kernel log of a traced slab cache.
    SlabTrace,
    /// `page_owner`, raw or sorted.
    PageOwner,
    /// `kmemleak`.
    Kmemleak,
    /// `dma_buf/bufinfo`.
    DmaBuf,
    /// `/proc/dma_heap/heaps/*` of MediaTek's kernels.
    DmaHeap,
    /// `/proc/PID/fdinfo/FD` of a dma-buf.
    FdInfo,
    /// Mappings of dma-bufs as `procmem` or `lsof` list them.
    Mappings,
    /// `ion/heaps/*`: buffers of clients.
    IonHeap,
    /// `ion/heaps/*`: buffers without a client.
    IonOrphans,
    /// ION events in the kernel's trace.
    IonTrace,
    /// `iova_map` of MediaTek's IOMMU.
    IovaMap,
    /// `iommu_dump` of MediaTek's IOMMU.
    IommuDump,
    /// The table of top users that the IOMMU driver logs when addresses run out.
    IommuUsers,
    /// The buffer list that a camera driver logs.
    CameraBuffers,
    /// `binder/proc/*`.
    BinderProc,
    /// Binder's log of processes and transactions.
    BinderLog,
    /// `ps`.
    Processes,
    /// strace: duplicated descriptors.
    Duplicates,
    /// Open descriptors of each process, and its limit.
    Descriptors,
    /// Pages of the TEE's clients.
    ClientPages,
}

/// Name of each ledger, and how to get it: a file, a kernel option, a command.
const TOLD: [(Ledger, &str, &str); 25] = [
    (Ledger::MemInfo, "meminfo", "capture /proc/meminfo repeatedly"),
    (Ledger::CpuMonitor, "cpu_monitor", "cpu_monitor -m 1000, or /proc/meminfo"),
    (Ledger::BuddyInfo, "buddyinfo", "capture /proc/buddyinfo repeatedly"),
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
        format!("{}{blank}{}", self.ledger.name(), self.of)
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
    NoAddresses {
        /// Bytes requested.
        bytes: u64,
        /// The device.
        device: Arc<str>,
    },
    /// A driver call failed because addresses ran out.
    NotMapped,
    /// A program uses a buffer by this address.
    Uses {
        /// Device address.
        address: u64,
    },
    /// strace: a descriptor was duplicated, and the copy was not closed.
    Duplicated {
        /// The thread that did it.
        task: Option<u64>,
        /// Descriptor.
        old: u64,
        /// Its copy.
        new: u64,
    },
    /// The kernel allocated an object of a traced slab cache.
    Allocated {
        /// The cache.
        cache: Arc<str>,
        /// Call stack, innermost first.
        stack: Vec<Arc<str>>,
    },
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

    /// The snapshots of a ledger.
    pub fn of(&self, ledger: Ledger) -> impl DoubleEndedIterator<Item = &Census> {
        self.censuses.iter().filter(move |census| census.ledger == ledger)
    }
}
