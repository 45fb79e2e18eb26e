//! Figures: numbers of a finding, each with what it counts and its unit.

/// What a figure is about. Code that looks for a figure looks for its kind; the name is for who reads it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FigureKind {
    /// What each iteration adds.
    Growth,
    /// What it has more than at first.
    Gained,
    /// How often in an iteration.
    Rate,
    /// How often in all.
    Count,
    /// How often it was reported.
    Times,
    /// Iterations in which it was seen.
    SeenIn,
    /// Iterations that were judged.
    Iterations,
    /// Iterations that would decide what is not decided.
    ToDecide,
    /// What sampling itself adds, which is taken away.
    IdleGrowth,
    /// What is in use.
    InUse,
    /// The most that was in use.
    MostInUse,
    /// What there is in all.
    Size,
    /// The largest piece that is free.
    LargestFreePiece,
    /// What a free piece has in the mean.
    MeanFreePiece,
    /// Requests that failed.
    FailedAllocations,
    /// Iterations until the pool is full.
    UntilFull,
    /// How many there may be.
    Limit,
    /// Objects in use.
    Objects,
    /// Pages in use.
    Pages,
    /// Descriptors that are open.
    Descriptors,
    /// Buffers that are held.
    Buffers,
    /// What is held.
    Held,
    /// Mappings that exist.
    Mappings,
    /// What is free.
    Free,
    /// What is free in blocks of the order that fails, or larger.
    FreeInLargeBlocks,
    /// Processes that binder still has.
    ProcsKept,
    /// Threads that binder still has.
    ThreadsKept,
    /// What no client has any more.
    Orphaned,
    /// Entries of the ledger.
    Rows,
    /// A sum as the ledger prints it.
    Printed,
    /// The same sum, added up.
    SumOfRows,
    /// The same sum, from other figures.
    Derived,
    /// What the iommu has.
    Iommu,
    /// What the camera has.
    Camera,
}

impl FigureKind {
    /// As a report names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Growth => "growth",
            Self::Gained => "gained",
            Self::Rate => "rate",
            Self::Count => "count",
            Self::Times => "times",
            Self::SeenIn => "seen in",
            Self::Iterations => "iterations",
            Self::ToDecide => "iterations to decide",
            Self::IdleGrowth => "idle growth, taken away",
            Self::InUse => "in use",
            Self::MostInUse => "most in use",
            Self::Size => "size",
            Self::LargestFreePiece => "largest free piece",
            Self::MeanFreePiece => "mean free piece",
            Self::FailedAllocations => "failed allocations",
            Self::UntilFull => "until full",
            Self::Limit => "limit",
            Self::Objects => "objects",
            Self::Pages => "pages",
            Self::Descriptors => "descriptors",
            Self::Buffers => "buffers",
            Self::Held => "held",
            Self::Mappings => "mappings",
            Self::Free => "free",
            Self::FreeInLargeBlocks => "free in large blocks",
            Self::ProcsKept => "procs kept",
            Self::ThreadsKept => "threads kept",
            Self::Orphaned => "orphaned",
            Self::Rows => "rows",
            Self::Printed => "printed",
            Self::SumOfRows => "sum of the rows",
            Self::Derived => "derived",
            Self::Iommu => "iommu",
            Self::Camera => "camera",
        }
    }
}

/// What a figure counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unit {
    /// Bytes per iteration.
    BytesPerIteration,
    /// Objects per iteration.
    ObjectsPerIteration,
    /// Calls per iteration.
    CallsPerIteration,
    /// Bytes.
    Bytes,
    /// Objects.
    Objects,
    /// Calls, of which each is one step that was taken.
    Calls,
    /// Iterations.
    Iterations,
    /// Nanoseconds.
    Nanoseconds,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::BytesPerIteration,
        Self::ObjectsPerIteration,
        Self::CallsPerIteration,
        Self::Bytes,
        Self::Objects,
        Self::Calls,
        Self::Iterations,
        Self::Nanoseconds,
    ];

    /// In words, as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BytesPerIteration => "bytes per iteration",
            Self::ObjectsPerIteration => "objects per iteration",
            Self::CallsPerIteration => "calls per iteration",
            Self::Bytes => "bytes",
            Self::Objects => "objects",
            Self::Calls => "calls",
            Self::Iterations => "iterations",
            Self::Nanoseconds => "ns",
        }
    }
}

/// A number with its unit and its source.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Figure {
    /// What it is about.
    pub kind: FigureKind,
    /// How much.
    pub value: f64,
    /// Confidence interval at 95 %, where there is one.
    pub interval: Option<(f64, f64)>,
    /// In what.
    pub unit: Unit,
}

impl Figure {
    /// A figure without an interval.
    #[must_use]
    pub const fn new(kind: FigureKind, value: f64, unit: Unit) -> Self {
        Self { kind, value, interval: None, unit }
    }

    /// As a report names it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.kind.name()
    }
}
