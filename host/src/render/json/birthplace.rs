//! In which calls what stays was made, as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    birthplace,
    model::{BirthCall, Birthplace},
};

use super::blame::call_kind;

/// Objects that were made in one kind of call, or in one of several.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Birthplace")]
pub(super) struct BirthplaceJson<'t> {
    /// The call; several if the records allow each of them; empty if none is recorded.
    calls: Vec<BirthCallJson<'t>>,
    /// Objects that were made there.
    count: u64,
    /// All objects of the finding that stay.
    total: u64,
    /// All of it as a sentence.
    text: String,
}

/// A kind of call, and who makes it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BirthCall")]
struct BirthCallJson<'t> {
    /// Kind of call.
    #[schemars(extend("enum" = ["open", "close", "invoke"]))]
    kind: &'static str,
    /// UUID of the TA or PTA that is called.
    uuid: String,
    /// Whether that is a PTA.
    pta: bool,
    /// Command of an invoke.
    command: Option<u32>,
    /// UUID of the TA that makes the call; null for the normal world.
    opener: Option<String>,
    /// The program behind it; null if its calls were not recorded.
    program: Option<&'t str>,
    /// Process ids of this program.
    pids: Vec<u32>,
}

pub(super) fn entry(place: &Birthplace) -> BirthplaceJson<'_> {
    BirthplaceJson {
        calls: place.calls.iter().map(call).collect(),
        count: place.count,
        total: place.total,
        text: birthplace::sentence(place),
    }
}

fn call(call: &BirthCall) -> BirthCallJson<'_> {
    BirthCallJson {
        kind: call_kind(&call.kind),
        uuid: call.uuid.to_string(),
        pta: call.pta,
        command: call.cmd,
        opener: call.opener.map(|uuid| uuid.to_string()),
        program: call.program.as_deref(),
        pids: call.pids.iter().copied().collect(),
    }
}
