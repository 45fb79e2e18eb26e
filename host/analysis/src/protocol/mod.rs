//! Temporal protocols: resources, the steps on them, and their correct order.
//!
//! A protocol is a tree of resources, each acquired, used and released by steps. It is defined only
//! in a file: teeleak itself knows no UUID and no command number of any TA.
//!
//! ```toml
//! [protocol.secure-video]
//! ta = "37eb0e02-c43d-48a8-a129-a95dd3d43929"   # default for all its steps
//! [protocol.secure-video.resource]
//! channel = { max_held = 1 }
//! mapping = { parent = "channel" }
//! [protocol.secure-video.step]
//! open_channel  = { acquire = "channel", invoke = 0, key = "value 0.a" }
//! map           = { acquire = "mapping", invoke = 1, key = "wide 1", parent_key = "value 0.a" }
//! unmap         = { release = "mapping", invoke = 2, key = "wide 1", parent_key = "value 0.a" }
//! close_channel = { release = "channel", invoke = 3, key = "value 0.a" }
//! ```
//!
//! A resource has
//! - `parent`: the resource that must be acquired before it and released after it,
//! - `scope`: the scope of its keys: `global`, `instance` (of the TA; the default), `session`,
//!   `process`,
//! - `max_held`: how many times one key may be held at once; 0, the default, for no limit,
//! - `end`: what ends it: its `release` (the default), also the release of its `parent`, or `any`: it
//!   may stay,
//! - `partial`: whether steps may be missing from the events, such as with a trace filter: acquiring
//!   or releasing twice is then no fault, but implies a missing step.
//!
//! A step has
//! - one of `acquire`, `use`, `release`: the resource,
//! - its event: `invoke = N` for a command, `on = "open"`, `"close"` (of a session), `"map"`,
//!   `"unmap"` (of a region), or `on = "named NAME"` for a step named by a log rule, a TA or a client.
//!   The default is the step of the same name,
//! - `ta`: UUID or `"any"`; required for `invoke`, default `"any"` for the others,
//! - `key`: identifies the resource: `"value N.a"`, `"value N.b"` of parameter N, `"wide N"` for a
//!   (low half) and b (high half) of parameter N as one number, `"va"`, `"size"`, `"pa"` of a region,
//!   `"session"`, `"pid"`, `"named NAME"` for a key by name, `"one"` for a single resource; or a list of two
//!   of these. Defaults: the session for `open` and `close`, the va for `map` and `unmap`,
//! - `parent_key`: identifies the parent. Optional for `use` and `release`, since the engine remembers
//!   the acquire; the TA's ledger requires it,
//! - `ignore_flags`: region flags; `map` and `unmap` of regions with any of them are ignored.

mod calls;
mod definition;
mod findings;
mod matching;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

pub(crate) use calls::{Calls, calls};
pub use definition::{
    bind::Unbindable,
    builtin::Pack,
    key::{Key, KeyPart},
};
pub use findings::{ProtocolReport, Tie, check};
pub use matching::engine::Limits;
use teeleak_proto::Uuid;

use crate::{mistake::Mistake, model::Symbol};

/// A valid protocol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protocol {
    /// Its name.
    pub name: Arc<str>,
    /// One-line description.
    pub about: Option<Arc<str>>,
    /// Its kinds of resources; a parent comes before its children.
    pub resources: Vec<Resource>,
    /// Its steps, in the order of the file.
    pub steps: Vec<ProtocolStep>,
}

/// A kind of resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// Its name.
    pub name: Arc<str>,
    /// Index of its parent.
    pub parent: Option<usize>,
    /// Scope of its keys.
    pub scope: Scope,
    /// How many times one key may be held at once, 0 for no limit.
    pub max_held: u32,
    /// What ends it.
    pub end: ResourceEnd,
    /// Whether steps may be missing, such as with filters of the kernel's trace.
    pub partial: bool,
}

/// The scope within which equal keys identify the same resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Anywhere.
    Global,
    /// One TA instance.
    Instance,
    /// One session.
    Session,
    /// One process of the normal world.
    Process,
}

/// What ends a resource correctly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceEnd {
    /// Its own release only.
    Release,
    /// Its own release or that of its parent.
    Parent,
    /// Anything: it may stay.
    Any,
}

/// A step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProtocolStep {
    /// Its name.
    pub name: Arc<str>,
    /// Index of its resource.
    pub resource: usize,
    /// Its action on the resource.
    pub action: StepAction,
    /// Its event.
    pub on: StepEvent,
    /// UUID of the TA or PTA, `None` for any.
    pub ta: Option<Uuid>,
    /// Key of the resource.
    pub key: Key,
    /// Key of the parent; `None` without a parent, or if the engine remembers it.
    pub parent: Option<Key>,
    /// Region flags with which an event is not this step.
    pub ignore_flags: u32,
}

/// The action of a step on its resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepAction {
    /// Acquires it: open, map, register, alloc.
    Acquire,
    /// Requires that it is held.
    Use,
    /// Releases it: close, unmap, free.
    Release,
}

/// The event of a step.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum StepEvent {
    /// A command.
    Invoke(u32),
    /// A session is opened.
    Open,
    /// A session is closed.
    Close,
    /// A region is mapped.
    Map,
    /// A region is unmapped.
    Unmap,
    /// A named step.
    Named(Symbol),
}

impl Protocol {
    /// Reads all protocols of a file; `source` is its name in messages.
    ///
    /// # Errors
    /// All mistakes, in the order of the file.
    pub fn read(source: &str, text: &str) -> Result<Vec<Self>, Vec<Mistake>> {
        definition::compile::compile(source, text)
    }
}
