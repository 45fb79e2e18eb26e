//! Options that select how the TEE is accessed.

use std::path::PathBuf;

use clap::Args;

use crate::source::AccessOptions;

/// How to observe an OP-TEE without the leak audit PTA.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Without the leak audit PTA")]
pub(crate) struct StockArgs {
    /// Take allocation sites from OP-TEE's console: a growing file, a FIFO, a serial port, or kmsg for
    /// the kernel log. Needs CFG_TEE_CORE_MALLOC_DEBUG=y and CFG_WITH_STATS=y.
    #[arg(long, value_name = "CONSOLE")]
    console: Option<PathBuf>,
    /// Query the statistics PTA for the heap of each TA, too, with the leak audit PTA or without it. This
    /// can hang the TEE while another client opens a session (observed on optee_os 4.10.0), so with the
    /// leak audit PTA it is left out while the TEE is in use; needs CFG_TA_STATS=y.
    #[arg(long)]
    ta_stats: bool,
}

impl StockArgs {
    /// The selected access.
    pub(crate) fn ways(&self) -> AccessOptions {
        AccessOptions { console: self.console.clone(), ta_stats: self.ta_stats }
    }
}
