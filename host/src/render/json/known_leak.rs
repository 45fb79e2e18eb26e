//! A known leak of OP-TEE as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use teeleak_analysis::{
    known_leaks,
    model::{Certainty, Exposure, FixRelease, KnownLeak, MatchedFact},
};

/// A leak of OP-TEE itself, fixed upstream, that a finding may be.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KnownLeak")]
pub(super) struct KnownLeakJson<'t> {
    /// Repository of the fix, such as optee_os.
    repository: &'t str,
    /// Commit that fixes it, at least 9 hexadecimal digits.
    commit: &'t str,
    /// First release that has the fix; null if no release is known to have it.
    fixed_in: Option<String>,
    /// Observed release; null if unknown.
    release: Option<&'t str>,
    /// Whether the fix is missing in the observed release. Changed: it has later commits or changes; perhaps: it may be
    /// one of several releases; fork: a vendor's tree that should have the fix.
    #[schemars(extend("enum" = Exposure::ALL.map(Exposure::name)))]
    fix: &'static str,
    /// How sure it is that the finding is this leak.
    #[schemars(extend("enum" = Certainty::ALL.map(Certainty::name)))]
    certainty: &'static str,
    /// Facts that agree.
    #[schemars(extend("items" = { "type": "string", "enum": MatchedFact::names() }))]
    facts: Vec<&'static str>,
    /// Site that fits, FILE:LINE, if other sites of the finding do not fit.
    site: Option<&'t str>,
    /// All of that as a sentence.
    text: String,
}

pub(super) fn entry(leak: &KnownLeak) -> KnownLeakJson<'_> {
    KnownLeakJson {
        repository: &leak.repository,
        commit: &leak.commit,
        fixed_in: match leak.fixed {
            FixRelease::In(release) => Some(release.to_string()),
            FixRelease::After(_) => None,
        },
        release: leak.release.as_deref(),
        fix: leak.exposure.name(),
        certainty: leak.certainty.name(),
        facts: leak.facts.iter().map(|fact| fact.name()).collect(),
        site: leak.member.as_deref(),
        text: known_leaks::sentence(leak),
    }
}
