//! The command line.

use clap::Parser;

use crate::{cmd::Command, config::Choice, terminal::capabilities::Color};

/// Finds leaks in OP-TEE's secure world: what grows, by how much, what causes it, and which calls
/// were made in the wrong order.
#[derive(Parser, Debug)]
#[command(name = "teeleak", version, about, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) config: Choice,
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colours; auto: on a terminal, unless NO_COLOR is set or TERM is dumb.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) color: Color,
}

const AFTER_HELP: &str = "\
Exit codes:
  0  observed, no leak found
  1  leak found
  2  wrong usage or bad input
  3  the requested parts could not be observed
  4  steps in the wrong order, with or without a leak

Examples:
  teeleak doctor
  teeleak run -n 20 -- ./switch-channel.sh
  teeleak run -n 20 -o loop.tlk --json -- ./switch-channel.sh
  teeleak report loop.tlk
  teeleak analyze uart.log";
