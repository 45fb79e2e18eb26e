//! Names of TAs in place of their UUIDs: from protocols, else from the list of public ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use crate::protocol::Protocol;

/// Length of a UUID as text.
const LENGTH: usize = 36;

/// Its dashes.
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// Names by UUID as text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TaNames(BTreeMap<String, Arc<str>>);

/// The public TAs and PTAs.
static PUBLIC: LazyLock<TaNames> = LazyLock::new(|| {
    let text = include_str!("../known/tas.toml");
    // A test reads the file.
    let names: BTreeMap<String, String> = toml::from_str(text).unwrap_or_default();
    TaNames(names.into_iter().map(|(uuid, name)| (uuid, name.into())).collect())
});

impl TaNames {
    /// The names of the public TAs, and of those that protocols are about: these come first.
    #[must_use]
    pub fn new(protocols: &[Protocol]) -> Self {
        let mut names = PUBLIC.clone();
        for protocol in protocols {
            let tas: BTreeSet<_> = protocol.steps.iter().filter_map(|step| step.ta).collect();
            // A protocol of several TAs is the name of none.
            if let [Some(ta), None] = [tas.first(), tas.iter().nth(1)] {
                names.0.insert(ta.to_string(), Arc::clone(&protocol.name));
            }
        }
        names
    }

    /// The name of the UUID at the start of this text.
    fn name<'t>(&'t self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let is_dashed = DASHES.iter().all(|at| text.as_bytes().get(*at) == Some(&b'-'));
        let uuid = text.get(..LENGTH).filter(|_| is_dashed)?;
        let name = self.0.get(uuid).or_else(|| self.0.get(&uuid.to_ascii_lowercase()))?;
        Some((uuid, name))
    }
}

/// Names TAs in a text, with the UUID of each at its first mention.
#[derive(Clone, Debug, Default)]
pub struct TaMentions {
    names: TaNames,
    mentioned: BTreeSet<String>,
}

impl TaMentions {
    /// A text that has mentioned no TA so far.
    #[must_use]
    pub const fn new(names: TaNames) -> Self {
        Self { names, mentioned: BTreeSet::new() }
    }

    /// The text with names: `pkcs11 (fd02c9da-…)`, then `pkcs11`. Fingerprints and paths keep their UUIDs.
    #[must_use]
    pub fn rename(&mut self, text: &str) -> String {
        let mut renamed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let before = renamed.chars().next_back();
            let known = self.names.name(rest).filter(|(uuid, _)| {
                let after = rest.get(uuid.len()..).unwrap_or_default();
                is_alone(before, after)
            });
            let length = known.map_or(first.len_utf8(), |(uuid, _)| uuid.len());
            let (head, tail) = rest.split_at(length);
            match known {
                Some((uuid, name)) if self.mentioned.insert(uuid.to_ascii_lowercase()) => {
                    renamed += &format!("{name} ({uuid})");
                }
                Some((_, name)) => renamed += name,
                None => renamed += head,
            }
            rest = tail;
        }
        renamed
    }
}

/// Whether a UUID between these is no part of a fingerprint, a path or a longer number.
fn is_alone(before: Option<char>, after: &str) -> bool {
    let mut after = after.chars();
    let is_part =
        |letter: char| letter.is_alphanumeric() || matches!(letter, ':' | '/' | '-' | '_');
    let is_name = match after.next() {
        Some('.') => after.next().is_some_and(char::is_alphanumeric),
        Some(':') => after.next().is_some_and(|letter| letter != ' '),
        next => next.is_some_and(is_part),
    };
    !is_name && !before.is_some_and(is_part)
}

#[cfg(test)]
mod tests {
    use crate::ta_names::*;

    const SYSTEM: &str = "3a2f8978-5dc0-11e8-9c2d-fa7ae01bbebc";

    #[test]
    fn the_public_names_are_read() {
        assert!(PUBLIC.0.len() > 60, "{}", PUBLIC.0.len());
        let is_uuid = |uuid: &str| uuid.len() == LENGTH && !uuid.contains(char::is_uppercase);
        assert!(PUBLIC.0.keys().all(|uuid| is_uuid(uuid)));
        let names: BTreeSet<_> = PUBLIC.0.values().collect();
        assert_eq!(names.len(), PUBLIC.0.len(), "a name stands for one TA");
    }

    #[test]
    fn a_uuid_is_mentioned_once() {
        let mut mentions = TaMentions::new(TaNames::new(&[]));
        assert_eq!(
            mentions.rename(&format!("PTA {SYSTEM}, é")),
            format!("PTA system ({SYSTEM}), é")
        );
        assert_eq!(mentions.rename(&format!("PTA {SYSTEM}: 3")), "PTA system: 3");
        let unknown = SYSTEM.replace('3', "4");
        assert_eq!(mentions.rename(&unknown), unknown);
    }

    #[test]
    fn fingerprints_and_paths_keep_their_uuids() {
        let mut mentions = TaMentions::new(TaNames::new(&[]));
        for text in [
            format!("v1:site-growth:core/mm/mobj.c:{SYSTEM}:<=64"),
            format!("v1:session-growth:{SYSTEM}"),
            format!("/lib/optee_armtz/{SYSTEM}.ta"),
            format!("{SYSTEM}.elf"),
        ] {
            assert_eq!(mentions.rename(&text), text);
        }
    }

    #[test]
    fn a_protocol_names_its_ta() {
        let text = "[protocol.player]\nta = \"23fe83ec-2b7b-4b16-a872-7b927e6e4557\"\n\
            [protocol.player.resource]\nbuffer = {}\n[protocol.player.step]\n\
            take = { acquire = \"buffer\", invoke = 1, key = \"one\" }\n\
            give = { release = \"buffer\", invoke = 2, key = \"one\" }\n";
        let protocols = Protocol::read("player.toml", text).unwrap_or_default();
        let mut mentions = TaMentions::new(TaNames::new(&protocols));
        let uuid = "23fe83ec-2b7b-4b16-a872-7b927e6e4557";
        assert_eq!(mentions.rename(uuid), format!("player ({uuid})"));
    }
}
