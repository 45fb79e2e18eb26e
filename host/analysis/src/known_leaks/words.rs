//! What reports say about a known leak.

use crate::{
    model::{Exposure, FixRelease, KnownLeak, Release},
    text,
};

/// Where it is fixed, whether the observed release lacks that, what leaks, and what agrees.
#[must_use]
pub fn sentence(leak: &KnownLeak) -> String {
    let site = leak.member.as_ref().map_or(String::new(), |site| format!(" at {site}"));
    let KnownLeak { leaks, when, certainty, .. } = leak;
    format!("{}: leaks {leaks}{site} {when} ({}: {})", fix(leak), certainty.name(), agreement(leak))
}

/// `fixed in 3.21 by commit c4cab13e4, in your 3.20 not`.
fn fix(leak: &KnownLeak) -> String {
    let commit = commit(leak);
    let fixed = match (leak.exposure, leak.fixed) {
        (Exposure::Fork, fixed) => format!("fixed upstream in {fixed} by {commit}"),
        (_, fixed) => format!("fixed in {fixed} by {commit}"),
    };
    let release = leak.release.as_deref().map(short_release).unwrap_or_default();
    match leak.exposure {
        Exposure::Missing => format!("{fixed}, in your {release} not"),
        Exposure::Changed => format!("{fixed}, in {release} perhaps not (check your tree)"),
        Exposure::Perhaps => format!("{fixed}, in yours ({release}) perhaps not"),
        Exposure::Unknown => format!("{fixed}; your release is not known"),
        Exposure::Fork => format!("{fixed} (check that your tree has it)"),
    }
}

fn commit(leak: &KnownLeak) -> String {
    let short = leak.short_commit();
    match &*leak.repository {
        "optee_os" => format!("commit {short}"),
        other => format!("commit {short} of {other}"),
    }
}

/// A release as people name it; what is not just a release stays as it is.
fn short_release(text: &str) -> String {
    text.parse::<Release>().map_or_else(|_| text.to_owned(), |release| release.to_string())
}

fn agreement(leak: &KnownLeak) -> String {
    let words: Vec<_> = leak.facts.iter().map(|fact| fact.words().to_owned()).collect();
    let verb = if words.len() == 1 { "agrees" } else { "agree" };
    format!("{} {verb}", text::list(&words))
}

/// What to do about leaks that are at least likely.
pub(super) fn next_step(leaks: &[KnownLeak]) -> Option<String> {
    let first = leaks.first()?;
    let commits: Vec<_> = leaks.iter().map(commit).collect();
    let lead = match first.exposure {
        Exposure::Missing => "",
        _ => "if your tree does not have it yet, ",
    };
    let update = match leaks.iter().map(|leak| leak.fixed).max()? {
        FixRelease::In(release) => format!("update to {release} or later"),
        FixRelease::After(release) => format!("update to a release after {release}"),
    };
    Some(format!("{lead}cherry-pick {}, or {update}", text::list(&commits)))
}
