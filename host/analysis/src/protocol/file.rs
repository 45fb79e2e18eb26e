//! A protocol file as text: what serde reads, with places.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{End, Scope};

/// Things by name, each with its place.
pub(super) type Named<T> = BTreeMap<Spanned<String>, T>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileText {
    pub(super) protocol: Named<ProtocolText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProtocolText {
    pub(super) about: Option<String>,
    pub(super) ta: Option<Spanned<String>>,
    pub(super) resource: Named<ResourceText>,
    pub(super) step: Named<StepText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceText {
    pub(super) parent: Option<Spanned<String>>,
    pub(super) scope: Option<Scope>,
    pub(super) max_held: Option<u32>,
    pub(super) end: Option<End>,
    pub(super) partial: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepText {
    pub(super) acquire: Option<Spanned<String>>,
    #[serde(rename = "use")]
    pub(super) uses: Option<Spanned<String>>,
    pub(super) release: Option<Spanned<String>>,
    pub(super) invoke: Option<Spanned<u32>>,
    pub(super) on: Option<Spanned<String>>,
    pub(super) ta: Option<Spanned<String>>,
    pub(super) key: Option<Spanned<KeyText>>,
    pub(super) parent_key: Option<Spanned<KeyText>>,
    pub(super) ignore_flags: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a key such as \"value 0.a\", or a list of two")]
pub(super) enum KeyText {
    Single(String),
    Double([String; 2]),
}
