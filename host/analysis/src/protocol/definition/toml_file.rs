//! A protocol file as deserialized by serde, with spans.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::protocol::{ResourceEnd, Scope};

/// Entries by name, with spans.
pub(crate) type SpannedMap<T> = BTreeMap<Spanned<String>, T>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileText {
    pub(crate) protocol: SpannedMap<ProtocolText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProtocolText {
    pub(crate) about: Option<String>,
    pub(crate) ta: Option<Spanned<String>>,
    pub(crate) resource: SpannedMap<ResourceText>,
    pub(crate) step: SpannedMap<StepText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceText {
    pub(crate) parent: Option<Spanned<String>>,
    pub(crate) scope: Option<Scope>,
    pub(crate) max_held: Option<u32>,
    pub(crate) end: Option<ResourceEnd>,
    pub(crate) partial: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepText {
    pub(crate) acquire: Option<Spanned<String>>,
    #[serde(rename = "use")]
    pub(crate) uses: Option<Spanned<String>>,
    pub(crate) release: Option<Spanned<String>>,
    pub(crate) invoke: Option<Spanned<u32>>,
    pub(crate) on: Option<Spanned<String>>,
    pub(crate) ta: Option<Spanned<String>>,
    pub(crate) key: Option<Spanned<KeyText>>,
    pub(crate) parent_key: Option<Spanned<KeyText>>,
    pub(crate) ignore_flags: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a key such as \"value 0.a\", or a list of two")]
pub(crate) enum KeyText {
    Single(String),
    Double([String; 2]),
}
