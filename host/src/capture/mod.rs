//! Capture files: a sequence of frames, see [`teeleak_proto::frame`].

mod reader;
mod writer;

pub use reader::{Piece, Reader};
pub use writer::Writer;
