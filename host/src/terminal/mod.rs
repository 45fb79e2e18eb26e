//! Standard output, a terminal or a pipe that may close, and the signals that end a run.

pub(crate) mod broken_pipe;
pub(crate) mod capabilities;
pub(crate) mod signals;
