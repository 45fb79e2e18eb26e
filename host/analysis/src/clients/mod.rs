//! Joins the calls of the normal world's processes with the events of the TEE.
//!
//! ```text
//! client frames, strace ── parse ──> Clients ──┐
//!                                              ├── join ──> Event::by, disagreements
//! events of the TEE core ──────────────────────┘
//! ```
//!
//! A call and an event belong together when function, session, UUID, command and result agree and
//! the event lies within the call by the counter that both worlds read. If two threads of one
//! process do the same at the same time with equal parameters, only the process is named. Nothing is
//! guessed: ambiguous events are counted.
//!
//! ```
//! use teeleak_analysis::{clients, model::Clients};
//!
//! let joined = clients::join(&mut [], &Clients::default());
//! assert_eq!((joined.matched, joined.unclaimed), (0, 0));
//! ```

mod blame;
mod call_matcher;
mod clock;
mod disagreement;
mod edges;
mod join;
mod span;
mod steps;

pub use blame::blame;
pub use join::join;
pub use steps::settle;
