//! Lines of a console text: splitting, prefixes, time stamps and numbers.

pub(super) mod bytes;
pub(super) mod chunk;
pub(super) mod digits;
pub(super) mod line;
pub(super) mod literal;
pub(super) mod prefix;
pub(super) mod stamp;
