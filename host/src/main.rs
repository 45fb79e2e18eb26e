//! The `teeleak` program: everything is in the library, so that tests run it in their own process.
#![forbid(unsafe_code)]

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use teeleak::{
    Env, Interrupt, PipeWriter, Places, Screen,
    source::{clients, live},
    tui,
};

fn main() -> ExitCode {
    let interrupt = match Interrupt::on_signals() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            eprintln!("teeleak: cannot handle SIGINT: {error}");
            return ExitCode::from(2);
        }
    };
    let world = live::world();
    let exit = teeleak::run(
        std::env::args_os(),
        &mut Env {
            out: &mut PipeWriter::new(io::stdout()),
            err: &mut PipeWriter::new(io::stderr()),
            screen: Screen::of_process(),
            progress: io::stderr().is_terminal(),
            console: &tui::terminal,
            world: &*world,
            interrupt,
            preload: clients::find_library(),
            idle: vec!["/proc/self/exe".into(), "idle".into()],
            github_summary: std::env::var_os("GITHUB_STEP_SUMMARY").map(Into::into),
            root: "/".into(),
            places: Places::of_process(),
        },
    );
    exit.into()
}
