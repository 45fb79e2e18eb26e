//! Lines of a console text: where they end, what stands before their message, numbers in them.

pub(super) mod bytes;
pub(super) mod chunk;
pub(super) mod digits;
pub(super) mod line;
pub(super) mod literal;
pub(super) mod prefix;
pub(super) mod stamp;
