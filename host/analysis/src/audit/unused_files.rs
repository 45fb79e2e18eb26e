//! Files that the user named and that nothing of the input fits: they checked nothing.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    model::{EventKind, Observation, UnusedFile, UserFileKind},
    protocol::Protocol,
    text,
};

/// Names that a sentence lists.
const LISTED: usize = 5;

/// A protocol file that the user named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProtocolFile {
    /// Its name, as the user wrote it.
    pub name: Arc<str>,
    /// The protocols in it.
    pub protocols: Vec<Protocol>,
}

/// A file that nothing fits, and what to change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnusedNote {
    /// The file, with the lines that nearly fit.
    pub file: UnusedFile,
    /// What to change.
    pub next_step: Arc<str>,
}

impl UnusedNote {
    /// What it was for, and that nothing fits: `rules vendor.toml: no line matches any of its patterns`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let UnusedFile { kind, name, .. } = &self.file;
        let what = match kind {
            UserFileKind::Rules | UserFileKind::Messages => "no line matches any of its patterns",
            UserFileKind::Protocol => "no event is one of its steps",
        };
        format!("{} {name}: {what}", kind.name())
    }

    /// Why the run can't be called clean. A message that was not printed is no reason.
    pub(super) fn doubt(&self) -> Option<Arc<str>> {
        (self.file.kind != UserFileKind::Messages).then(|| self.sentence().into())
    }
}

/// The files that nothing fits.
pub(super) fn unused_files(observation: &Observation, asked: &[ProtocolFile]) -> Vec<UnusedNote> {
    let files = observation.unused_files.iter();
    let of_lines = files.filter(|file| file.kind != UserFileKind::Protocol).map(|file| {
        let next_step = next_of_lines(file);
        UnusedNote { file: file.clone(), next_step: next_step.into() }
    });
    let unused = asked.iter().filter(|file| !has_step(file, observation));
    of_lines.chain(unused.map(|file| of_protocol(file, observation))).collect()
}

/// Whether an event is a step of the file.
fn has_step(file: &ProtocolFile, observation: &Observation) -> bool {
    let mut steps = file.protocols.iter().flat_map(|protocol| &protocol.steps);
    steps.any(|step| observation.events.iter().any(|event| step.matches(event)))
}

fn of_protocol(file: &ProtocolFile, observation: &Observation) -> UnusedNote {
    let is_file = |one: &&UnusedFile| one.kind == UserFileKind::Protocol && one.name == file.name;
    let listed = observation.unused_files.iter().find(is_file);
    let nearest = listed.map(|one| one.nearest.clone()).unwrap_or_default();
    let next_step = next_of_protocol(file, observation, !nearest.is_empty()).into();
    let kind = UserFileKind::Protocol;
    UnusedNote { file: UnusedFile { kind, name: file.name.clone(), nearest }, next_step }
}

const fn next_of_lines(file: &UnusedFile) -> &'static str {
    match (file.kind, file.nearest.is_empty()) {
        (UserFileKind::Messages, false) => {
            "change `pattern` so that it matches such a line, or `lines` if somebody else prints it"
        }
        (UserFileKind::Messages, true) => {
            "nothing, if none of these failures occurred: no line has words of its patterns"
        }
        (_, false) => {
            "change a pattern so that it matches such a line: each blank and colon counts"
        }
        (_, true) => "check the log and its level: no line has words of its patterns",
    }
}

fn next_of_protocol(file: &ProtocolFile, observation: &Observation, has_near: bool) -> String {
    let steps = file.protocols.iter().flat_map(|protocol| &protocol.steps);
    let wanted = list(steps.map(|step| step.name.to_string()));
    let named = observation.events.iter().filter_map(|event| match event.kind {
        EventKind::Step(name) => Some(name.to_string()),
        _ => None,
    });
    let uuids = observation.events.iter().filter_map(|event| event.uuid);
    let (named, uuids) = (list(named), list(uuids.map(|uuid| format!("TA {uuid}"))));
    if !named.is_empty() {
        format!("use the same names: its steps are {wanted}, those observed are {named}")
    } else if has_near {
        format!("turn such lines into its steps ({wanted}) with --rules FILE")
    } else if uuids.is_empty() {
        format!("record its steps ({wanted}): nothing like them was observed")
    } else {
        format!("compare its TA and commands with the events, which are of {uuids}")
    }
}

/// The first different names: `map, unmap and 3 more`.
fn list(names: impl Iterator<Item = String>) -> String {
    let names: BTreeSet<_> = names.collect();
    let n_more = names.len().saturating_sub(LISTED);
    let mut names: Vec<_> = names.into_iter().take(LISTED).collect();
    if n_more > 0 {
        names.push(format!("{} more", text::number(n_more as u64)));
    }
    if names.is_empty() { String::new() } else { text::list(&names) }
}
