//! Incidents: failures that the secure world itself reported.

use std::sync::Arc;

use teeleak_proto::{Uuid, tee_result::OUT_OF_MEMORY};
use teeleak_steps::OrderRule;

use super::{FailedStage, Registers, Resource, SourceLocation, TeeResult, Time};

/// The kind of an incident.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IncidentKind {
    /// The TEE core's heap ran out (`print_oom` of optee_os).
    OutOfMemory {
        /// Bytes requested.
        requested: u64,
        /// Address of the heap's context, which differs between core heap and nexus heap.
        context: Option<u64>,
    },
    /// Memory could not be had, by a message that names the pool or by a result code.
    MemoryShortage {
        /// Bytes requested, if known.
        requested: Option<u64>,
    },
    /// The normal world could not provide memory.
    NormalWorldMemory,
    /// A TA could not be loaded or opened, for another reason than memory.
    LoadFailed,
    /// A client's call failed, for another reason than memory.
    CallFailed,
    /// The guard value at the end of a stack is gone: the stack was overrun.
    StackOverrun,
    /// The headers of a heap are damaged.
    HeapDamage,
    /// tee-supplicant ended.
    SupplicantStopped,
    /// Another failure that the catalogue knows.
    KnownError,
    /// An error line that no entry of the catalogue knows.
    UnknownError,
    /// An assertion in a TA failed.
    TaAssertion,
    /// The loader of TAs panicked, and with it the TA that it was to load.
    LoaderPanic,
    /// The TEE core panicked.
    CorePanic,
    /// An assertion in the TEE core failed.
    CoreAssertion,
    /// A TA panicked with this code.
    TaPanic {
        /// Panic code.
        code: u32,
    },
    /// A TA or the TEE core accessed memory that it must not access.
    Abort {
        /// Faulting address.
        address: Option<u64>,
    },
    /// The TA's ledger detected a broken rule: the text names it.
    RuleBroken,
}

/// The name of the rule with this number.
#[must_use]
pub fn rule_name(number: u8) -> &'static str {
    OrderRule::from_number(number).map_or("a rule unknown to this teeleak", OrderRule::name)
}

/// The function that contains an address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Function {
    /// Function name.
    pub name: Arc<str>,
    /// Source file and line, if known.
    pub at: Option<(Arc<str>, u32)>,
}

/// A return address of a call stack.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Frame {
    /// Address as printed.
    pub address: u64,
    /// Offset into the image, if the load address is known.
    pub offset: Option<u64>,
    /// Functions at the address, innermost (inlined) first; empty if unresolved.
    pub functions: Vec<Function>,
}

/// What an entry of the catalogue says about a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Meaning {
    /// The component that prints the message.
    pub component: Arc<str>,
    /// What happened, as a sentence.
    pub means: Arc<str>,
    /// The resources that may have run out.
    pub resources: Vec<Resource>,
    /// The stage.
    pub stage: Option<FailedStage>,
    /// The option or size that decides.
    pub option: Option<Arc<str>>,
    /// What to do next.
    pub next: Option<Arc<str>>,
}

/// Further occurrences of an incident.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Repeats {
    /// Their number.
    pub count: u64,
    /// The first of them.
    pub places: Vec<(SourceLocation, Option<Time>)>,
    /// Iterations of these.
    pub iterations: Vec<Option<u32>>,
    /// The last one.
    pub last: Option<(SourceLocation, Option<Time>)>,
}

/// What else is known about an incident.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct IncidentDetails {
    /// What the catalogue says about its message.
    pub meaning: Arc<Meaning>,
    /// The result that was returned.
    pub code: Option<TeeResult>,
    /// Where the result came from: 1 client library, 2 driver, 3 TEE core, 4 TA (GlobalPlatform's
    /// `TEEC_ORIGIN_*`).
    pub origin: Option<u8>,
    /// Whether memory could not be had, as the code or the words of a panic say.
    pub lacked: bool,
    /// Whether an abort happened in a TA.
    pub of_ta: bool,
    /// Whether the normal world says so.
    pub claimed: bool,
    /// Whether a panic of the TEE core followed and is part of it.
    pub panicked: bool,
    /// Function and line that printed it.
    pub printed_by: Option<Arc<str>>,
    /// Registers at the time.
    pub registers: Registers,
    /// Start and size of the TA's stack.
    pub stack_region: Option<(u64, u64)>,
    /// Circumstances, each as a sentence.
    pub notes: Vec<Arc<str>>,
    /// Further occurrences.
    pub repeats: Repeats,
}

/// A failure that the secure world reported.
#[derive(Clone, PartialEq, Debug)]
pub struct Incident {
    /// Its kind.
    pub kind: IncidentKind,
    /// Position in its source.
    pub place: SourceLocation,
    /// When.
    pub time: Option<Time>,
    /// Iteration of the run, if any.
    pub iteration: Option<u32>,
    /// The TA concerned, if known.
    pub uuid: Option<Uuid>,
    /// The message, without the log prefix.
    pub text: Arc<str>,
    /// Load address of the TEE core, if printed.
    pub load_address: Option<u64>,
    /// ELF images of the TA by UUID, with their load addresses.
    pub images: Vec<(Uuid, u64)>,
    /// Call stack, innermost frame first; empty if not printed.
    pub stack: Vec<Frame>,
    /// What else is known.
    pub details: IncidentDetails,
}

/// Bytes that a stack pointer is below a stack that overflowed: a function with larger local buffers is rare.
const BELOW_STACK: u64 = 1 << 20;

impl Incident {
    /// How often it occurred.
    #[must_use]
    pub const fn times(&self) -> u64 {
        self.details.repeats.count.saturating_add(1)
    }

    /// Whether memory could not be had.
    #[must_use]
    pub const fn is_memory_shortage(&self) -> bool {
        let is_of_kind = matches!(
            self.kind,
            IncidentKind::OutOfMemory { .. }
                | IncidentKind::MemoryShortage { .. }
                | IncidentKind::NormalWorldMemory
        );
        is_of_kind || self.details.lacked
    }

    /// Whether a run in which it happened can't be called clean. That a TA was not loaded for another
    /// reason than memory, or died for a reason of its own, says nothing about leaks.
    #[must_use]
    pub const fn is_doubt(&self) -> bool {
        match self.kind {
            IncidentKind::LoadFailed
            | IncidentKind::CallFailed
            | IncidentKind::LoaderPanic
            | IncidentKind::SupplicantStopped
            | IncidentKind::TaAssertion => false,
            IncidentKind::TaPanic { code } => code == OUT_OF_MEMORY,
            IncidentKind::Abort { .. } => self.uuid.is_none(),
            _ => true,
        }
    }

    /// Whether an assertion or a panic shows that a heap is damaged.
    #[must_use]
    pub fn is_heap_damage(&self) -> bool {
        let is_panic = self.is_of_core()
            || matches!(self.kind, IncidentKind::TaPanic { .. } | IncidentKind::TaAssertion);
        is_panic && self.details.meaning.resources.contains(&Resource::HeapIntegrity)
    }

    /// Whether the TEE core panicked.
    #[must_use]
    pub const fn is_of_core(&self) -> bool {
        matches!(self.kind, IncidentKind::CorePanic | IncidentKind::CoreAssertion)
    }

    /// Whether an abort happened because the stack of the TA was too small: its stack pointer is just below it.
    #[must_use]
    pub fn is_stack_overflow(&self) -> bool {
        let stack = self.details.stack_region.filter(|_| self.details.of_ta);
        let below =
            stack.zip(self.details.registers.sp).map(|((start, _), sp)| start.checked_sub(sp));
        matches!(below, Some(Some(1..=BELOW_STACK)))
    }

    /// The TA's image that contains `address`, and the offset into it.
    #[must_use]
    pub fn image_of(&self, address: u64) -> Option<(Uuid, u64)> {
        let images_below = self.images.iter().filter(|(_, load)| *load <= address);
        let (uuid, load) = images_below.max_by_key(|(_, load)| *load)?;
        Some((*uuid, address - load))
    }
}
