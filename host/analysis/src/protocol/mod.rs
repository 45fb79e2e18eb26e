//! Temporal protocols: which steps belong together, and which order of them is wrong.
//!
//! A protocol is a tree of resources, each acquired, used and released by steps. A file describes
//! it, and nothing else does: no UUID and no command number of any TA is known to teeleak.
//!
//! ```toml
//! [protocol.secure-video]
//! ta = "37eb0e02-c43d-48a8-a129-a95dd3d43929"   # for all its steps that don't say otherwise
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
//! - `parent`: what it belongs to: must be acquired before it and released after it,
//! - `scope`: within what equal keys mean the same: `global`, `instance` (of the TA; the default),
//!   `session`, `process`,
//! - `max_held`: how often one key may be held at once; 0, the default, for any number,
//! - `end`: what ends it: its `release` (the default), also the release of its `parent`, or `any`
//!   end, also none at all,
//! - `partial`: whether steps may be missing from the events, as a filter leaves them out: what is acquired
//!   or released twice is then no fault, but shows that a step was not seen.
//!
//! A step has
//! - one of `acquire`, `use`, `release`: the resource,
//! - what it is in the events: `invoke = N` for a command, `on = "open"`, `"close"` (of a session),
//!   `"map"`, `"unmap"` (of a region), or `on = "named NAME"` for a step that a log rule, a TA or a
//!   client names. Without either it is the step named as it is itself,
//! - `ta`: UUID or `"any"`; needed for `invoke`, any for the others,
//! - `key`: which one of the resource: `"value N.a"`, `"value N.b"` of parameter N, `"wide N"` for a
//!   (low half) and b (high half) of parameter N as one number, `"va"`, `"size"`, `"pa"` of a region,
//!   `"session"`, `"pid"`, `"named NAME"` for a key by name, `"one"` if there is only one of it; or a
//!   list of two of these. Left out: the session of `open` and `close`, the va of `map` and `unmap`,
//! - `parent_key`: which one of the parent. A `use` or a `release` may leave it out, since the engine
//!   remembers what was acquired; the TA's ledger needs it,
//! - `ignore_flags`: bits of a region's flags with which `map` and `unmap` are none of the protocol's.

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
    key::{Key, KeyPart},
    pack::Pack,
};
pub use findings::{Checked, Tie, check};
pub use matching::engine::Limits;
use teeleak_proto::Uuid;

use crate::{mistake::Mistake, model::Name};

/// A protocol, as its file says and found to be without mistakes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protocol {
    /// Its name.
    pub name: Arc<str>,
    /// What it is for, in a line.
    pub about: Option<Arc<str>>,
    /// Its kinds of resources; a parent comes before its children.
    pub resources: Vec<Resource>,
    /// Its steps, in the order of the file.
    pub steps: Vec<Step>,
}

/// A kind of resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// Its name.
    pub name: Arc<str>,
    /// Index of what it belongs to.
    pub parent: Option<usize>,
    /// Within what equal keys mean the same.
    pub scope: Scope,
    /// How often one key may be held at once, 0 for any number.
    pub max_held: u32,
    /// What ends it.
    pub end: End,
    /// Whether steps may be missing: filters of the kernel's trace leave some out.
    pub partial: bool,
}

/// Within what equal keys mean the same resource.
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

/// What ends a resource properly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Its own release, and nothing else.
    Release,
    /// Its own release or that of its parent.
    Parent,
    /// Anything: it may stay.
    Any,
}

/// A step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Its name.
    pub name: Arc<str>,
    /// Index of its resource.
    pub resource: usize,
    /// What it does with it.
    pub action: StepAction,
    /// What it is in the events.
    pub on: On,
    /// UUID of what serves the session, `None` for any.
    pub ta: Option<Uuid>,
    /// Which one of the resource.
    pub key: Key,
    /// Which one of the parent; `None` without a parent, or where the engine shall remember.
    pub parent: Option<Key>,
    /// Flags of a region with which it is not this step.
    pub ignore_flags: u32,
}

/// What a step does with its resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepAction {
    /// Takes it: open, map, register, alloc.
    Acquire,
    /// Needs it to be held.
    Use,
    /// Gives it back: close, unmap, free.
    Release,
}

/// What a step is in the events.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum On {
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
    /// A step that is named in the source.
    Named(Name),
}

impl Protocol {
    /// Reads all protocols of a file; `source` is its name in messages.
    ///
    /// # Errors
    /// All mistakes that were found, in the order of the file.
    pub fn read(source: &str, text: &str) -> Result<Vec<Self>, Vec<Mistake>> {
        definition::compile::compile(source, text)
    }
}
