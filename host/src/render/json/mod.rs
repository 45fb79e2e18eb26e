//! JSON documents. Their structs are separate from the model: the model may change, these only gain
//! fields.
//!
//! Every document has `schema_version` and `kind`. Numbers carry their unit in their name;
//! addresses are strings, since many readers parse JSON numbers as doubles.

mod birthplace;
mod blame;
mod clients;
pub(crate) mod diff;
pub(crate) mod differential;
pub(crate) mod doctor;
pub(crate) mod dump;
mod finding;
mod holdings;
mod incident;
mod known_leak;
mod one_look;
pub(crate) mod report;
pub(crate) mod schema;
pub(crate) mod snapshot;

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::model::Gap;

use crate::escape::escape_json;

/// Version of all documents. Fields are added without raising it.
const SCHEMA_VERSION: u32 = 1;

/// First fields of every document.
#[derive(Serialize, JsonSchema)]
struct VersionedDocument<'d, T> {
    /// Version of all documents. Fields are added without raising it.
    schema_version: u32,
    /// Kind of document.
    kind: &'static str,
    #[serde(flatten)]
    body: &'d T,
}

fn write<T: Serialize>(kind: &'static str, body: &T, out: &mut dyn Write) -> io::Result<()> {
    let document = VersionedDocument { schema_version: SCHEMA_VERSION, kind, body };
    // In one piece: standard output flushes each line, and a snapshot has thousands of them.
    let mut text = escape_json(serde_json::to_string_pretty(&document)?);
    text.push('\n');
    out.write_all(text.as_bytes())
}

/// Like [`write()`], but on one line.
pub(crate) fn compact<T: Serialize>(kind: &'static str, body: &T) -> io::Result<String> {
    let document = VersionedDocument { schema_version: SCHEMA_VERSION, kind, body };
    Ok(escape_json(serde_json::to_string(&document)?))
}

/// Something that was not observed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gap")]
struct GapJson<'g> {
    /// What was not observed.
    what: &'g str,
    /// Why it was not observed.
    reason: String,
    /// How to observe it.
    remedy: Option<&'g str>,
    /// Number of objects missed, if known.
    n_lost: u64,
}

fn gap_list(gaps: &[Gap]) -> Vec<GapJson<'_>> {
    gaps.iter().map(gap).collect()
}

fn gap(gap: &Gap) -> GapJson<'_> {
    GapJson {
        what: &gap.what,
        reason: gap.reason.to_string(),
        remedy: gap.remedy.as_deref(),
        n_lost: gap.lost,
    }
}

fn hex(number: u64) -> String {
    format!("{number:#x}")
}
