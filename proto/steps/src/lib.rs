//! The step automaton: detects wrong orders of acquire, use and release.
//!
//! A protocol is a tree of resources: a channel, and mappings that belong to it. Each resource has
//! a [`Slot`] at run time, which the caller stores under the resource's key: the TA's ledger in a
//! table of fixed size, the host's engine in a hash map. [`advance`] takes one [`AutomatonStep`] and the
//! slots of a key and its parent, and returns the new slots and the broken rules. It keeps no
//! state, allocates nothing and never fails.
//!
//! Failed steps change no slot, but they are evidence: an unmap that fails because the channel was
//! closed before distinguishes the caller's fault from the TA's.
//!
//! ```
//! use teeleak_proto::bind::BindAction;
//! use teeleak_steps::{SlotKind, OrderRule, Slot, AutomatonStep, advance};
//!
//! let kind = SlotKind { max_held: 1, ends_with_parent: false };
//! let step = |action, at| AutomatonStep { action, ok: true, at };
//! // open_channel, map, close_channel: the order of the field report.
//! let channel = advance(kind, step(BindAction::Acquire, 1), Slot::default(), None).slot;
//! let mapped = advance(kind, step(BindAction::Acquire, 2), Slot::default(), Some(channel));
//! let closed = advance(kind, step(BindAction::Release, 3), mapped.parent.unwrap(), None);
//! assert!(closed.broken.contains(OrderRule::ReleaseBeforeChildren));
//! // The unmap that comes too late fails, and proves it.
//! let unmap = AutomatonStep { action: BindAction::Release, ok: false, at: 4 };
//! let late = advance(kind, unmap, mapped.slot, Some(closed.slot));
//! assert!(late.broken.contains(OrderRule::ReleaseAfterParent));
//! assert_eq!(OrderRule::ReleaseAfterParent.proof(mapped.slot, Some(closed.slot)).as_slice(), [1, 2, 3]);
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod automaton;
mod proof;
mod rule;
mod slot;

pub use automaton::{AutomatonStep, StepOutcome, advance};
pub use proof::Proof;
pub use rule::{BrokenRules, OrderRule};
pub use slot::{Slot, SlotKind};
