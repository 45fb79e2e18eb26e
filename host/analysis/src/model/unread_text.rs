//! A text of which no line is of a known form.

use std::sync::Arc;

/// What such a text looks like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnreadText {
    /// Its lines.
    pub lines: u64,
    /// The first of them that are not empty.
    pub first: Vec<Arc<str>>,
}
