//! Capture files: a sequence of frames, see [`teeleak_proto::frame`].

mod reader;
mod writer;

pub use reader::{CapturePiece, CaptureReader, is_capture};
pub use writer::CaptureWriter;
