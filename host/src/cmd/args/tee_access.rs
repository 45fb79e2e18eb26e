//! The way into the TEE, as options choose it.

use std::path::PathBuf;

use clap::Args;

use crate::source::Ways;

/// How to look into an OP-TEE without the leak audit PTA.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Without the leak audit PTA")]
pub(crate) struct StockArgs {
    /// Take allocation sites from what OP-TEE prints here: a file that grows, a FIFO, a serial port, or
    /// kmsg for the kernel's log. Needs CFG_TEE_CORE_MALLOC_DEBUG=y and CFG_WITH_STATS=y.
    #[arg(long, value_name = "CONSOLE")]
    console: Option<PathBuf>,
    /// Ask the statistics PTA for the heap of each TA, too. This can hang the TEE while another client
    /// opens a session (seen on optee_os 4.10.0); needs CFG_TA_STATS=y.
    #[arg(long)]
    ta_stats: bool,
}

impl StockArgs {
    /// The way that they choose.
    pub(crate) fn ways(&self) -> Ways {
        Ways { console: self.console.clone(), ta_stats: self.ta_stats }
    }
}
