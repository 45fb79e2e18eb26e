//! What the normal world holds, by its own ledgers: buffers, pages, objects, descriptors.
//!
//! A ledger is a list that some part of the kernel, or a tool, keeps of memory that is in use. One print
//! of it is a [`LedgerSnapshot`]; what a log says besides is a [`LogRecord`].

use std::sync::Arc;

use super::{Accounting, Event, KernelShortage, LedgerKind, Moment, SourceLocation};

/// A process, as far as a ledger names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Holder {
    /// Its number; 0 where only the name is given.
    pub pid: u64,
    /// Its name; empty where only the number is given.
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
    /// Order of blocks of pages.
    pub order: Option<u32>,
    /// When the holder began, which distinguishes processes of the same number.
    pub start: Option<u64>,
    /// When something was last done with it.
    pub end: Option<u64>,
    /// How many the holder may have.
    pub limit: Option<u64>,
}

/// Something in use, or several alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerEntry {
    /// Where it stands.
    pub place: SourceLocation,
    /// What it is called: a buffer, a cache, a function that allocates.
    pub name: Arc<str>,
    /// How many.
    pub count: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Who has it, where reported.
    pub holder: Option<Holder>,
    /// Other ledgers' names for it.
    pub ids: Ids,
    /// Functions that led to it, innermost first.
    pub stack: Vec<Arc<str>>,
    /// The driver or heap that made a buffer; empty if unknown.
    pub exporter: Arc<str>,
    /// What else uses it: attached devices, a control group that is charged, processes that refer to it.
    pub users: Vec<Arc<str>>,
}

impl LedgerEntry {
    /// So many, of so many bytes in all, with nothing else known.
    #[must_use]
    pub fn new(place: SourceLocation, name: &str, count: u64, bytes: u64) -> Self {
        Self {
            place,
            name: name.into(),
            count,
            bytes,
            holder: None,
            ids: Ids::default(),
            stack: Vec::new(),
            exporter: "".into(),
            users: Vec::new(),
        }
    }
}

/// One print of a ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerSnapshot {
    /// Which.
    pub ledger: LedgerKind,
    /// Of what: a heap, a cache, a device; empty where there is but one.
    pub of: Arc<str>,
    /// Where it begins.
    pub place: SourceLocation,
    /// When it was taken, where a run did.
    pub moment: Option<Moment>,
    /// What is in use.
    pub rows: Vec<LedgerEntry>,
    /// Bytes in all, as printed.
    pub total: Option<u64>,
    /// Entries that had no room, or could not be read.
    pub lost: u64,
}

impl LedgerSnapshot {
    /// An empty one.
    #[must_use]
    pub fn new(ledger: LedgerKind, of: &str, place: SourceLocation) -> Self {
        Self { ledger, of: of.into(), place, moment: None, rows: Vec::new(), total: None, lost: 0 }
    }

    /// Bytes of its rows.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.rows.iter().fold(0, |sum, row| sum.saturating_add(row.bytes))
    }

    /// Its name with what it is of: `ion heap system`.
    #[must_use]
    pub fn title(&self) -> String {
        let blank = if self.of.is_empty() { "" } else { " " };
        format!("{}{blank}{}", self.ledger.info().name, self.of)
    }
}

/// What a log says, besides lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogFact {
    /// Binder: a process mapped its area.
    AreaMapped {
        /// Its number.
        pid: u64,
    },
    /// Binder: the area of a process is gone.
    AreaClosed {
        /// Its number.
        pid: u64,
    },
    /// Binder: what it kept of a process is released.
    Released {
        /// Its number.
        pid: u64,
    },
    /// Binder: a thread waits for another process.
    Waits {
        /// Process and thread that wait.
        from: (u64, u64),
        /// Process and thread that should answer.
        to: (u64, u64),
    },
    /// Binder still has a process.
    Keeps {
        /// Its number.
        pid: u64,
        /// Its threads.
        threads: u64,
        /// Its nodes.
        nodes: u64,
        /// Its references to nodes of others.
        refs: u64,
    },
    /// A process could open nothing more (`EMFILE`).
    TooManyFiles {
        /// Its number.
        pid: Option<u64>,
    },
    /// Somebody asked for a process by its number, and it is not there.
    NoProcess {
        /// Its number.
        pid: u64,
    },
    /// A process is there.
    Process(Holder),
    /// No addresses were left for a device.
    NoAddresses {
        /// Bytes that were asked for.
        bytes: u64,
        /// The device.
        device: Arc<str>,
    },
    /// A call to a driver failed for want of them.
    NotMapped,
    /// A program uses a buffer by this address.
    Uses {
        /// As a device sees it.
        address: u64,
        /// As the program itself sees it.
        program_address: Option<u64>,
    },
    /// strace: a descriptor was duplicated, and the copy was not closed.
    Duplicated {
        /// Who did it: a thread.
        task: Option<u64>,
        /// Descriptor.
        old: u64,
        /// Its copy.
        new: u64,
        /// Bytes of it that were mapped and shared, as a buffer is, where its kind is not printed.
        mapped: Option<u64>,
        /// Whether an excerpt of a trace shows it, which may lack the line that closes the copy.
        is_excerpt: bool,
    },
    /// The kernel allocated an object of a traced slab cache.
    Allocated {
        /// The cache.
        cache: Arc<str>,
        /// Functions that led to it, innermost first.
        stack: Vec<Arc<str>>,
    },
    /// An allocation failed, with what its pool had at that moment.
    Shortage(Box<KernelShortage>),
    /// Pages that an area of contiguous memory asked for could not be moved away.
    RangeBusy,
    /// A driver could not allocate memory for a device.
    DeviceFailed {
        /// The device, with its driver.
        device: Arc<str>,
        /// Bytes that were asked for.
        bytes: u64,
    },
    /// A process sends so many oneway calls to another one that they fill its area.
    OnewayFlood {
        /// Who receives them.
        to: u64,
        /// Who sends them.
        from: u64,
        /// Buffers they take.
        buffers: u64,
        /// Bytes they take.
        bytes: u64,
    },
    /// A call of binder failed for want of space.
    CallFailed {
        /// Process and thread that call.
        from: (u64, u64),
        /// The process that is called, where printed.
        to: Option<u64>,
        /// Whether the caller does not wait for an answer.
        is_oneway: bool,
        /// Bytes of the call.
        bytes: u64,
    },
}

impl LogFact {
    /// The ledger that it is of, where it is of one.
    #[must_use]
    pub const fn ledger(&self) -> Option<LedgerKind> {
        match self {
            Self::Allocated { .. } => Some(LedgerKind::SlabTrace),
            Self::Keeps { .. } => Some(LedgerKind::BinderProc),
            Self::AreaClosed { .. } | Self::Released { .. } => Some(LedgerKind::BinderLog),
            Self::Process(_) | Self::NoProcess { .. } => Some(LedgerKind::Processes),
            Self::Duplicated { .. } => Some(LedgerKind::Duplicates),
            Self::AreaMapped { .. }
            | Self::Waits { .. }
            | Self::TooManyFiles { .. }
            | Self::NoAddresses { .. }
            | Self::NotMapped
            | Self::Uses { .. }
            | Self::Shortage(_)
            | Self::RangeBusy
            | Self::DeviceFailed { .. }
            | Self::OnewayFlood { .. }
            | Self::CallFailed { .. } => None,
        }
    }
}

/// One thing that a log says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogRecord {
    /// Where.
    pub place: SourceLocation,
    /// Who said it or did it, as the log names it: a thread.
    pub by: Arc<str>,
    /// When, where a run read it.
    pub moment: Option<Moment>,
    /// What.
    pub said: LogFact,
}

/// All that texts of the normal world report.
#[derive(Clone, Debug, Default)]
pub struct NormalWorld {
    /// Prints of ledgers, in order.
    pub censuses: Vec<LedgerSnapshot>,
    /// What logs say, in order.
    pub sayings: Vec<LogRecord>,
    /// Steps of protocols: ion, iommu.
    pub events: Vec<Event>,
    /// Whether events of ion were among the texts.
    pub traced: bool,
    /// What was inferred, each a sentence.
    pub assumptions: Vec<Arc<str>>,
    /// What had no room.
    pub lost: u64,
    /// Where the lines went.
    pub accounting: Accounting,
}

impl NormalWorld {
    /// Whether nothing was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.censuses.is_empty() && self.sayings.is_empty() && self.events.is_empty()
    }

    /// Whether anything of a ledger was there.
    #[must_use]
    pub fn has_ledger(&self, ledger: LedgerKind) -> bool {
        let said = || self.sayings.iter().any(|saying| saying.said.ledger() == Some(ledger));
        self.snapshots(ledger).next().is_some()
            || said()
            || (ledger == LedgerKind::IonTrace && self.traced)
    }

    /// The prints of a ledger.
    pub fn snapshots(
        &self,
        ledger: LedgerKind,
    ) -> impl DoubleEndedIterator<Item = &LedgerSnapshot> {
        self.censuses.iter().filter(move |census| census.ledger == ledger)
    }
}
