//! Incidents: what went wrong in the secure world and left a trace of its own.

use std::sync::Arc;

use teeleak_proto::Uuid;
use teeleak_steps::Rule;

use super::{Place, Time};

/// What went wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IncidentKind {
    /// The TEE core's heap had no room (`print_oom` of optee_os).
    OutOfMemory {
        /// Bytes requested.
        requested: u64,
        /// Address of the heap's context, which tells the core heap from the nexus heap.
        context: Option<u64>,
    },
    /// A pool other than the core heap had no room: the text names it.
    PoolExhausted {
        /// Bytes requested, where told.
        requested: Option<u64>,
    },
    /// The normal world could not give memory.
    NormalWorldMemory,
    /// The TEE core panicked, or an assertion failed.
    CorePanic,
    /// A TA panicked with this code.
    TaPanic {
        /// Code that the TA gave.
        code: u32,
    },
    /// A TA or the core touched memory that it must not touch.
    Abort {
        /// Address touched.
        address: Option<u64>,
    },
    /// The TA's ledger noticed a broken rule: the text names it.
    RuleBroken,
}

/// The name of the rule with this number.
#[must_use]
pub fn rule_name(number: u8) -> &'static str {
    Rule::from_number(number).map_or("a rule that this teeleak does not know", Rule::name)
}

/// A function that an address lies in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Function {
    /// Its name.
    pub name: Arc<str>,
    /// Source file and line, where known.
    pub at: Option<(Arc<str>, u32)>,
}

/// A return address of a call stack.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Frame {
    /// Address as printed.
    pub address: u64,
    /// Offset into the image, where the load address is known.
    pub offset: Option<u64>,
    /// Functions there, innermost (inlined) first; empty where unresolved.
    pub functions: Vec<Function>,
}

/// Something that went wrong.
#[derive(Clone, PartialEq, Debug)]
pub struct Incident {
    /// What.
    pub kind: IncidentKind,
    /// Where it stands in its source.
    pub place: Place,
    /// When.
    pub time: Option<Time>,
    /// Iteration of the run that it fell in, where there is one.
    pub iteration: Option<u32>,
    /// TA it is about, where known.
    pub uuid: Option<Uuid>,
    /// What the source says, without its prefix.
    pub text: Arc<str>,
    /// Load address of the TEE core, where told.
    pub load_address: Option<u64>,
    /// ELF images of the TA by UUID, with the addresses that they are loaded at.
    pub images: Vec<(Uuid, u64)>,
    /// Call stack, innermost frame first; empty where none was printed.
    pub stack: Vec<Frame>,
}
