//! Figures: numbers of a finding, each with what it counts and its unit.

/// The quantity that a figure gives. Code looks figures up by kind; the name is for readers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FigureKind {
    /// Growth per iteration.
    Growth,
    /// Gain from the first to the last value.
    Gained,
    /// Occurrences per iteration.
    Rate,
    /// Occurrences in total.
    Count,
    /// Reports of the same message.
    Times,
    /// Iterations in which it was observed.
    SeenIn,
    /// Iterations that were judged.
    Iterations,
    /// Further iterations that would decide an inconclusive series.
    ToDecide,
    /// The iteration since which it grows as it does now.
    GrowsSince,
    /// The iteration at which growth stopped.
    StoppedAt,
    /// Growth per iteration above which is excluded at 99 %.
    ExcludedGrowth,
    /// Growth in idle iterations, which is subtracted.
    IdleGrowth,
    /// Amount in use.
    InUse,
    /// Peak use.
    MostInUse,
    /// Total size.
    Size,
    /// The largest free piece.
    LargestFreePiece,
    /// Mean size of a free piece.
    MeanFreePiece,
    /// Failed allocations.
    FailedAllocations,
    /// Iterations until the pool is full.
    UntilFull,
    /// The limit.
    Limit,
    /// Objects in use.
    Objects,
    /// Pages in use.
    Pages,
    /// Open descriptors.
    Descriptors,
    /// Held buffers.
    Buffers,
    /// Held bytes.
    Held,
    /// Mappings.
    Mappings,
    /// Free bytes.
    Free,
    /// Free bytes in blocks of the failing order or larger.
    FreeInLargeBlocks,
    /// Processes that binder still keeps.
    ProcsKept,
    /// Threads that binder still keeps.
    ThreadsKept,
    /// Bytes without a client.
    Orphaned,
    /// Entries of the ledger.
    Rows,
    /// A sum printed by the ledger.
    Printed,
    /// The same sum, added up from the rows.
    SumOfRows,
    /// The same sum, derived from other figures.
    Derived,
    /// Bytes mapped in the iommu.
    Iommu,
    /// Bytes listed by the camera.
    Camera,
}

impl FigureKind {
    /// The name shown in reports.
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
            Self::GrowsSince => "grows since iteration",
            Self::StoppedAt => "stopped at iteration",
            Self::ExcludedGrowth => "growth excluded above (99 %)",
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

/// The unit of a figure.
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
    /// Calls, one per step.
    Calls,
    /// Iterations.
    Iterations,
    /// Nanoseconds.
    Nanoseconds,
}

impl Unit {
    /// All units.
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

    /// Its name in JSON.
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

/// A number with its kind and unit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Figure {
    /// The quantity.
    pub kind: FigureKind,
    /// The value.
    pub value: f64,
    /// 95 % confidence interval, if known.
    pub interval: Option<(f64, f64)>,
    /// The unit.
    pub unit: Unit,
}

impl Figure {
    /// A figure without an interval.
    #[must_use]
    pub const fn new(kind: FigureKind, value: f64, unit: Unit) -> Self {
        Self { kind, value, interval: None, unit }
    }

    /// The name shown in reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.kind.name()
    }
}
