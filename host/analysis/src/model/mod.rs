//! The model: facts from every source, live or recorded.
//!
//! - a **snapshot**: all live objects at one moment ([`Sample`]),
//! - an **event**: one step of something, with its keys and its result ([`Event`]),
//! - a **gauge**: one number of a pool over time ([`Pool`] within a sample).
//!
//! Each has its origin ([`Origin`], [`SourceLocation`]) and what was lost ([`Completeness`], [`Gap`]).
//! *Nothing observed is never clean*: a part that was not observed is [`Completeness::Unobserved`], not
//! empty.

mod birthplace;
mod blame;
mod call;
mod call_stack;
mod completeness;
mod errno;
mod event;
mod figure;
mod finding;
mod incident;
mod keys;
mod kind;
mod known_leak;
mod ledger;
mod ledger_info;
mod ledger_kind;
mod moment;
mod observation;
mod pool;
mod registers;
mod release;
mod resource;
mod sample;
mod shortage;
mod step_result;
mod symbol;

mod subject;
mod ta_name;
mod tee_result;
mod total;
mod unread_text;
mod user_file;

pub use birthplace::{BirthCall, Birthplace};
pub use blame::{Blame, BlamedCall, CallOutcome, Side};
pub use call::{Call, CallKind, CallParam, ClientSource, Clients, FileKind, JoinReport, Process};
pub use call_stack::{CallStack, CoreFunctions};
pub use completeness::{Completeness, Gap, Reason};
pub use event::{Caller, Event, EventKind};
pub use figure::{Figure, FigureKind, Unit};
pub use finding::{Evidence, Finding, Fingerprint, Severity, StepRef, Verdict};
pub use incident::{
    Frame, Function, Incident, IncidentDetails, IncidentKind, Meaning, Repeats, rule_name,
};
pub use keys::Keys;
pub use kind::{AlarmRule, Fault, FindingKind, KindInfo};
pub use known_leak::{Certainty, Exposure, KnownLeak, MatchedFact};
pub use ledger::{Holder, Ids, LedgerEntry, LedgerSnapshot, LogFact, LogRecord, NormalWorld};
pub use ledger_info::{LedgerFamily, LedgerFiles, LedgerInfo};
pub use ledger_kind::LedgerKind;
pub use moment::{Clock, Moment, Origin, SourceLocation, Stage, Time};
pub use observation::{Accounting, Canary, Gauge, Hang, NoTee, Observation, Platform};
pub use pool::{NormalPool, PoolKind};
pub use registers::Registers;
pub use release::{FixRelease, NoRelease, Release};
pub use resource::{FailedStage, Resource};
pub use sample::{
    Handles, Instance, Owner, OwnerId, Pool, PoolUnit, Region, Sample, Session, Site, TaHeapDump,
};
pub use shortage::KernelShortage;
pub use step_result::StepResult;
pub use subject::{Listing, Subject};
pub(crate) use symbol::Names;
pub use symbol::Symbol;
pub use ta_name::TaName;
pub use tee_result::TeeResult;
pub use total::saturating_sum;
pub use unread_text::UnreadText;
pub use user_file::{NearLine, UnusedFile, UserFileKind};
