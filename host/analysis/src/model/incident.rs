//! Incidents: failures that the secure world itself reported.

use std::sync::Arc;

use teeleak_proto::Uuid;
use teeleak_steps::Rule;

use super::{Place, Time};

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
    /// A pool other than the core heap ran out: the text names it.
    PoolExhausted {
        /// Bytes requested, if known.
        requested: Option<u64>,
    },
    /// The normal world could not provide memory.
    NormalWorldMemory,
    /// The TEE core panicked, or an assertion failed.
    CorePanic,
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
    Rule::from_number(number).map_or("a rule unknown to this teeleak", Rule::name)
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

/// A failure that the secure world reported.
#[derive(Clone, PartialEq, Debug)]
pub struct Incident {
    /// Its kind.
    pub kind: IncidentKind,
    /// Position in its source.
    pub place: Place,
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
}
