//! The pattern of a message.

use std::sync::{Arc, OnceLock};

use regex::bytes::{Regex, RegexBuilder};

use crate::parse::console::literal_text as literal;

/// Shortest literal of a pattern, in bytes.
const SHORTEST: usize = 4;

/// A pattern of the syntax of [`regex`], compiled when a line first contains its literal: of the hundred
/// patterns of the catalogue a log needs a few.
#[derive(Clone, Debug)]
pub(super) struct MessagePattern {
    text: Box<str>,
    /// Text that every match contains.
    literal: Box<[u8]>,
    regex: Arc<OnceLock<Option<Regex>>>,
}

impl MessagePattern {
    /// A pattern that is compiled later; of its mistakes only too little literal text is found now.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let literal = literal::longest(text).into_boxed_slice();
        if literal.len() < SHORTEST {
            return Err("expected literal text in the pattern, found too little".into());
        }
        Ok(Self { text: text.into(), literal, regex: Arc::default() })
    }

    /// A pattern of a user, which is compiled at once to see whether it is valid.
    pub(super) fn checked(text: &str) -> Result<Self, String> {
        let regex = compile(text).map_err(|error| literal::reason(&error))?;
        let pattern = Self::new(text)?;
        Ok(Self { regex: Arc::new(OnceLock::from(Some(regex))), ..pattern })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn literal(&self) -> &[u8] {
        &self.literal
    }

    /// The compiled pattern.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| compile(&self.text).ok()).as_ref()
    }
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).build()
}
