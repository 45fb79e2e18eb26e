//! An entry: a pattern, and what its message means.

use std::sync::Arc;

use serde::Deserialize;
use teeleak_proto::Uuid;

use super::{numbers, pattern::MessagePattern};
use crate::model::{Meaning, TeeResult};

/// Who printed a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineSource {
    /// The TEE core.
    Core,
    /// The loader of TAs.
    Ldelf,
    /// A TA.
    Ta,
    /// The normal world, or firmware: a line without a trace prefix of OP-TEE.
    Normal,
}

impl LineSource {
    /// All values, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Core, Self::Ldelf, Self::Ta, Self::Normal];
}

/// What happened, or what a message contributes to what happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Memory could not be had.
    Memory,
    /// A result; of interest if it is that memory ran out.
    Result,
    /// A TA could not be loaded, or a session to it not be opened.
    LoadFailed,
    /// Loading a TA begins.
    Loading,
    /// A place where TAs are stored answered.
    Store,
    /// A TA is loaded.
    Loaded,
    /// The guard value of a stack is gone.
    StackOverrun,
    /// The headers of a heap are damaged.
    HeapDamage,
    /// tee-supplicant ended.
    SupplicantStopped,
    /// tee-supplicant runs again.
    SupplicantStarted,
    /// A test case of xtest begins.
    TestCase,
    /// A test case of xtest ends.
    TestEnd,
    /// Another failure.
    Error,
    /// Known, and not a failure.
    Harmless,
}

/// A message that an entry matches.
#[derive(Clone, PartialEq, Debug)]
pub struct MessageHit {
    /// What happened.
    pub kind: MessageKind,
    /// What the entry says about it.
    pub meaning: Arc<Meaning>,
    /// Who printed it.
    pub source: LineSource,
    /// Its text.
    pub text: Box<str>,
    /// The result in it.
    pub code: Option<TeeResult>,
    /// The origin of the result.
    pub origin: Option<u8>,
    /// The bytes requested.
    pub size: Option<u64>,
    /// The TA in it.
    pub uuid: Option<Uuid>,
    /// Function and line that printed it.
    pub printed_by: Option<Box<str>>,
    /// The user's own file that says so.
    pub user_file: Option<Arc<str>>,
}

/// An entry of the catalogue.
#[derive(Clone, Debug)]
pub(super) struct MessageEntry {
    pub(super) pattern: MessagePattern,
    pub(super) kind: MessageKind,
    /// Who prints the message.
    pub(super) sources: Vec<LineSource>,
    pub(super) meaning: Arc<Meaning>,
    /// The user's own file that has it.
    pub(super) user_file: Option<Arc<str>>,
}

/// Longest text of an incident, in bytes: as long as OP-TEE's own lines.
const TEXT: usize = 256;

/// The part of a message that is kept.
pub(crate) fn short(text: &[u8]) -> &[u8] {
    text.get(..TEXT).unwrap_or(text)
}

impl MessageEntry {
    /// Who printed a line: one without a prefix lost it if the entry is about a part of the secure world.
    fn source(&self, line_source: LineSource) -> LineSource {
        match line_source {
            LineSource::Normal => self.sources.first().copied().unwrap_or(line_source),
            line_source => line_source,
        }
    }

    pub(super) fn read(&self, source: LineSource, text: &[u8]) -> Option<MessageHit> {
        let groups = self.pattern.regex()?.captures(text)?;
        let group = |name: &str| groups.name(name).map(|group| group.as_bytes());
        let code = group("code").and_then(numbers::code);
        if group("code").is_some() && code.is_none() {
            return None;
        }
        Some(MessageHit {
            kind: self.kind,
            meaning: Arc::clone(&self.meaning),
            source: self.source(source),
            text: String::from_utf8_lossy(short(text.trim_ascii())).into(),
            code: code.map(TeeResult),
            origin: group("origin").and_then(numbers::origin),
            size: group("size").map_or_else(|| numbers::size_in(text), numbers::size),
            uuid: numbers::uuid_in(text),
            printed_by: None,
            user_file: self.user_file.clone(),
        })
    }
}
