//! Tests of the tool as a whole that need neither a real OP-TEE nor a browser: one program, since each
//! one more is linked, started and waited for by itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod analyze;
mod ci;
mod cli;
mod config;
mod csv;
mod damage;
mod diff;
mod dump;
mod exhausted;
mod framing;
mod hostile;
mod html;
mod kernel;
mod known_leaks;
mod late_frames;
mod messages;
mod metrics;
mod never_clean;
mod normal_forms;
mod normal_live;
mod normal_world;
mod one_look;
mod packed;
mod packing;
mod perfetto;
mod posts;
mod run_live;
mod schema;
mod stock;
mod strace;
mod suggest;
mod support;
mod terminal;
mod text;
mod trace;
mod triage;
mod tui;
mod until_decided;
mod user_files;
mod watch;
