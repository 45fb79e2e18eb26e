//! One thing that was looked for, and what came of it.

use teeleak_analysis::model::LedgerKind;

/// Whether something is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Present,
    Missing,
    Unknown,
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CheckId {
    /// The device that clients open.
    TeeDevice,
    /// The teeleak TA.
    TeeleakTa,
    /// The leak audit PTA.
    LeakAuditPta,
    /// Allocation records of the TEE core.
    MallocDebug,
    /// Owners and epochs of allocations.
    OwnerTags,
    /// Call stacks of allocations.
    CallStacks,
    /// The PTA's ring of events.
    EventRing,
    /// Counters of the TEE core's pools.
    PoolCounters,
    /// Secure addresses as they are.
    RawAddresses,
    /// The statistics PTA of stock OP-TEE.
    StatsPta,
    /// Allocations that OP-TEE prints to a console.
    MdbgConsole,
    /// Heaps of TAs, by the statistics PTA.
    TaHeaps,
    /// A TEE core that lets single-instance TAs run at the same time.
    ConcurrentTas,
    /// The preload library.
    PreloadLibrary,
    /// The library that the preload library stands in front of.
    Libteec,
    /// The program.
    Strace,
    /// The kernel's own trace.
    KernelProbes,
    /// The plugin of tee-supplicant.
    SupplicantPlugin,
    /// A file with defaults of options.
    Config,
    /// A ledger of the normal world.
    Ledger(LedgerKind),
}

impl CheckId {
    /// A short name, the same in every release.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TeeDevice => "tee-device",
            Self::TeeleakTa => "teeleak-ta",
            Self::LeakAuditPta => "leak-audit-pta",
            Self::MallocDebug => "malloc-debug",
            Self::OwnerTags => "owner-tags",
            Self::CallStacks => "call-stacks",
            Self::EventRing => "event-ring",
            Self::PoolCounters => "pool-counters",
            Self::RawAddresses => "raw-addresses",
            Self::StatsPta => "stats-pta",
            Self::MdbgConsole => "mdbg-console",
            Self::TaHeaps => "ta-heaps",
            Self::ConcurrentTas => "concurrent-tas",
            Self::PreloadLibrary => "preload-library",
            Self::Libteec => "libteec",
            Self::Strace => "strace",
            Self::KernelProbes => "kernel-probes",
            Self::SupplicantPlugin => "supplicant-plugin",
            Self::Config => "config",
            Self::Ledger(ledger) => ledger.info().id,
        }
    }
}

/// One thing that was looked for.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Check {
    pub(crate) id: CheckId,
    /// What it lets teeleak see.
    pub(crate) brings: &'static str,
    pub(crate) state: State,
    /// What was found.
    pub(crate) detail: String,
    /// What to do to have it.
    pub(crate) remedy: Option<String>,
}
