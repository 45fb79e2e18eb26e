//! JSON with structs of its own: the model may change, these only grow.
//!
//! Every document has `schema_version` and `kind`. Numbers carry their unit in their name;
//! addresses are strings, since JSON numbers are doubles to many readers.

mod clients;
pub(crate) mod diff;
pub(crate) mod differential;
pub(crate) mod doctor;
pub(crate) mod dump;
mod finding;
mod holdings;
mod incident;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod snapshot;

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::model::Gap;

/// Version of all documents. Fields are added without raising it.
const SCHEMA_VERSION: u32 = 1;

/// What every document starts with.
#[derive(Serialize, JsonSchema)]
struct Document<'d, T> {
    /// Version of all documents. Fields are added without raising it.
    schema_version: u32,
    /// Which document it is.
    kind: &'static str,
    #[serde(flatten)]
    body: &'d T,
}

fn write<T: Serialize>(kind: &'static str, body: &T, out: &mut dyn Write) -> io::Result<()> {
    let document = Document { schema_version: SCHEMA_VERSION, kind, body };
    // In one piece: standard output flushes at each line, and a census has thousands of them.
    let mut text = serde_json::to_vec_pretty(&document)?;
    text.push(b'\n');
    out.write_all(&text)
}

/// The same as [`write()`] does, on one line.
pub(crate) fn compact<T: Serialize>(kind: &'static str, body: &T) -> io::Result<String> {
    Ok(serde_json::to_string(&Document { schema_version: SCHEMA_VERSION, kind, body })?)
}

/// Something that was not seen.
#[derive(Serialize, JsonSchema)]
struct Unseen<'g> {
    /// What.
    what: &'g str,
    /// Why not.
    reason: String,
    /// What would make it visible.
    remedy: Option<&'g str>,
    /// Objects missed, where somebody counted them.
    n_lost: u64,
}

fn gap_list(gaps: &[Gap]) -> Vec<Unseen<'_>> {
    gaps.iter().map(unseen_part).collect()
}

fn unseen_part(gap: &Gap) -> Unseen<'_> {
    Unseen {
        what: &gap.what,
        reason: gap.reason.to_string(),
        remedy: gap.remedy.as_deref(),
        n_lost: gap.lost,
    }
}

fn hex(number: u64) -> String {
    format!("{number:#x}")
}
