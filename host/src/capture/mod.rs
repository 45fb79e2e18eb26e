//! Capture files: frames in a row, see [`teeleak_proto::frame`].

mod reader;
mod writer;

pub use reader::{Damage, Piece, Reader};
pub use writer::Writer;
