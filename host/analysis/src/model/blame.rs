//! Who is to blame for a finding, and what shows it.

use std::{fmt, sync::Arc};

use teeleak_proto::Uuid;

use super::{Certainty, EventKind};

/// A side that may keep what it should release.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// The TEE core.
    Core,
    /// A PTA; `None` if its UUID is unknown.
    Pta(Option<Uuid>),
    /// A TA; `None` if its UUID is unknown.
    Ta(Option<Uuid>),
    /// A client application of the normal world.
    Client,
    /// The process of the normal world that serves the TEE.
    Supplicant,
    /// The kernel of the normal world.
    Kernel,
}

impl Side {
    /// Names in JSON of all sides, and of several that fit equally.
    pub const NAMES: [&'static str; 7] =
        ["core", "pta", "ta", "client", "tee-supplicant", "kernel", UNSURE];

    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Pta(_) => "pta",
            Self::Ta(_) => "ta",
            Self::Client => "client",
            Self::Supplicant => "tee-supplicant",
            Self::Kernel => "kernel",
        }
    }

    /// The UUID of a TA or PTA, if known.
    #[must_use]
    pub const fn uuid(self) -> Option<Uuid> {
        match self {
            Self::Pta(uuid) | Self::Ta(uuid) => uuid,
            _ => None,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core => f.write_str("the TEE core"),
            Self::Pta(Some(uuid)) => write!(f, "PTA {uuid}"),
            Self::Pta(None) => f.write_str("a PTA"),
            Self::Ta(Some(uuid)) => write!(f, "TA {uuid}"),
            Self::Ta(None) => f.write_str("a TA"),
            Self::Client => f.write_str("the client"),
            Self::Supplicant => f.write_str("tee-supplicant"),
            Self::Kernel => f.write_str("the kernel of the normal world"),
        }
    }
}

/// Name in JSON of several sides that fit equally.
const UNSURE: &str = "unsure";

/// The outcome that a call has when it leaves something behind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallOutcome {
    /// Whatever the result.
    Any,
    /// This `TEE_Result`.
    Result(u32),
}

/// Calls of one kind that leave something behind.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BlamedCall {
    /// [`EventKind::Open`], [`EventKind::Close`] or [`EventKind::Invoke`].
    pub kind: EventKind,
    /// The TA or PTA that is called.
    pub uuid: Uuid,
    /// Whether that is a PTA.
    pub pta: bool,
    /// Command of an invoke.
    pub cmd: Option<u32>,
    /// The outcome.
    pub outcome: CallOutcome,
    /// Every how many of them one leaves something behind.
    pub every: u64,
}

/// Who keeps what a finding reports, as far as the facts show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blame {
    /// The side, or all that fit equally.
    pub sides: Vec<Side>,
    /// How sure the sides are.
    pub certainty: Certainty,
    /// The call that leaves something behind, or all that fit equally; empty if none fits.
    pub calls: Vec<BlamedCall>,
    /// The process that makes these calls, if known.
    pub process: Option<Arc<str>>,
    /// The facts that show it, each a sentence.
    pub evidence: Vec<Arc<str>>,
}

impl Blame {
    /// The side, unless several fit equally.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        match self.sides.as_slice() {
            [side] => Some(*side),
            _ => None,
        }
    }

    /// Name of the side in JSON.
    #[must_use]
    pub fn side_name(&self) -> &'static str {
        self.side().map_or(UNSURE, Side::name)
    }

    /// The call, unless several fit equally.
    #[must_use]
    pub fn call(&self) -> Option<&BlamedCall> {
        match self.calls.as_slice() {
            [call] => Some(call),
            _ => None,
        }
    }
}
