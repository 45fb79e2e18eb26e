//! In which calls the objects of a finding were made.

use std::{collections::BTreeSet, sync::Arc};

use teeleak_proto::Uuid;

use super::EventKind;

/// Objects that were made in one kind of call, or in one of several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Birthplace {
    /// The call; several if the records allow each of them; empty if none is recorded.
    pub calls: Vec<BirthCall>,
    /// Objects that were made there.
    pub count: u64,
    /// All objects of the finding that stay.
    pub total: u64,
}

/// A kind of call, and who makes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BirthCall {
    /// [`EventKind::Open`], [`EventKind::Close`] or [`EventKind::Invoke`].
    pub kind: EventKind,
    /// The TA or PTA that is called.
    pub uuid: Uuid,
    /// Whether that is a PTA.
    pub pta: bool,
    /// Command of an invoke.
    pub cmd: Option<u32>,
    /// The TA that makes the call; `None` for the normal world.
    pub opener: Option<Uuid>,
    /// The program behind it, if its calls were recorded.
    pub program: Option<Arc<str>>,
    /// The processes of this program.
    pub pids: BTreeSet<u32>,
}
