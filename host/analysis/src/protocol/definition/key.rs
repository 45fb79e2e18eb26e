//! Keys: which instance of a resource a step refers to.

use crate::model::{Event, Name};

/// The source of a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// One part.
    Single(KeyPart),
    /// Two parts that are only unique together.
    Double(KeyPart, KeyPart),
}

/// A part of an event that is (half of) a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyPart {
    /// No key: one resource per scope.
    One,
    /// The session, with its opener.
    Session,
    /// The process.
    Pid,
    /// One of the event's values.
    Value(u8),
    /// Two neighbouring values, low half first.
    Wide(u8),
    /// A named key.
    Named(Name),
}

/// The valid forms of a key, for hints.
pub(crate) const FORMS: &str = "a key is \"value N.a\", \"value N.b\" or \"wide N\" of parameter N \
    (0 to 3), \"va\", \"size\", \"pa\", \"session\", \"pid\", \"named NAME\" or \"one\"";

impl KeyPart {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None => Some(match text {
                "one" => Self::One,
                "session" => Self::Session,
                "pid" => Self::Pid,
                "va" => Self::Wide(0),
                "size" => Self::Wide(2),
                "pa" => Self::Wide(4),
                _ => return None,
            }),
            Some(("wide", parameter)) => Some(Self::Wide(2 * parameter_number(parameter)?)),
            Some(("value", place)) => {
                let (parameter, half) = place.split_once('.')?;
                let half = match half {
                    "a" => 0,
                    "b" => 1,
                    _ => return None,
                };
                Some(Self::Value(2 * parameter_number(parameter)? + half))
            }
            Some(("named", name)) if !name.is_empty() => Some(Self::Named(name.into())),
            Some(_) => None,
        }
    }

    #[inline]
    fn value(&self, event: &Event) -> Option<u64> {
        let value = |at: u8| event.values.get(usize::from(at)).copied().map(u64::from);
        match self {
            Self::One => Some(0),
            Self::Session => Some(u64::from(event.opener) << 32 | u64::from(event.session?)),
            Self::Pid => event.by.as_ref().map(|by| u64::from(by.pid)),
            Self::Value(at) => value(*at),
            Self::Wide(at) => Some(value(at + 1)? << 32 | value(*at)?),
            Self::Named(name) => event.keys.get(*name),
        }
    }

    fn words(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Wide(_) => Some("at"),
            _ => None,
        }
    }

    fn write(&self, value: u64) -> String {
        match self {
            Self::Wide(_) => format!("{value:#x}"),
            // As logs print them.
            Self::Named(name) if ADDRESSES.contains(&&**name) => format!("{value:#x}"),
            Self::Session => (value & 0xffff_ffff).to_string(),
            _ => value.to_string(),
        }
    }
}

/// Names of keys that are addresses.
const ADDRESSES: [&str; 5] = ["address", "pa", "va", "paddr", "vaddr"];

/// GlobalPlatform's operations have four parameters.
fn parameter_number(text: &str) -> Option<u8> {
    text.parse().ok().filter(|number| *number < 4)
}

impl Key {
    /// The key in this event; `None` if missing.
    #[inline]
    pub(crate) fn value(&self, event: &Event) -> Option<u64> {
        match self {
            Self::Single(part) => part.value(event),
            Self::Double(high, low) => Some(pair(high.value(event)?, low.value(event)?)),
        }
    }

    /// The key in this event in words: "channel 3".
    pub(crate) fn read(&self, resource: &str, event: &Event) -> String {
        let parts = match self {
            Self::Single(part) => vec![part],
            Self::Double(high, low) => vec![high, low],
        };
        let mut words = resource.to_owned();
        for part in parts.into_iter().filter(|part| **part != KeyPart::One) {
            if let Some(value) = part.value(event) {
                let name = part.words().filter(|name| *name != resource);
                words.extend(name.map(|name| format!(" {name}")));
                words.push(' ');
                words.push_str(&part.write(value));
            }
        }
        words
    }
}

/// Combines two numbers. Numbers of up to 32 bits are kept whole; the high halves of wider ones are
/// folded in, with an odd multiplier so that neighbours differ.
const fn pair(high: u64, low: u64) -> u64 {
    const FOLD: u64 = 0x9e37_79b9_7f4a_7c15;
    let high_mix = (high >> 32).wrapping_mul(FOLD) ^ (low >> 32).wrapping_mul(FOLD.rotate_left(32));
    ((high << 32) | (low & 0xffff_ffff)) ^ high_mix
}
