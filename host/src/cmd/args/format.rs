//! The output format.

use clap::Args;

/// The output format.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Print JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}
