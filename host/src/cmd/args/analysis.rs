//! How an observation is analysed, and where its report goes: arguments of all reporting commands.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;
use teeleak_analysis::{
    audit::{Options, ProtocolFile},
    protocol::{Pack, Protocol},
};

use super::{format::Format, named_file::BuiltIn};
use crate::{
    cmd::args::{outputs::Outputs, triage::TriageArgs},
    env::Env,
    render::{mistake, text::TextPage},
};

/// How an observation is analysed.
#[derive(Args, Debug)]
pub(crate) struct Analysis {
    /// Check the order of steps against this protocol file, or built-in protocol of this name
    /// (repeatable).
    #[arg(long, value_name = "FILE", value_parser = BuiltIn::Protocol)]
    protocol: Vec<PathBuf>,
    #[command(flatten)]
    known: TriageArgs,
    #[command(flatten)]
    pub(crate) format: Format,
    /// Show the full evidence: all values, events, places, call stacks and fingerprints.
    #[arg(short, long)]
    verbose: bool,
}

/// How an observation is analysed, and where its report goes.
#[derive(Args, Debug)]
pub(crate) struct Reporting {
    #[command(flatten)]
    pub(crate) analysis: Analysis,
    #[command(flatten)]
    pub(crate) outputs: Outputs,
}

impl Analysis {
    pub(crate) fn options(&self) -> Result<Options> {
        let mut options = Options::default();
        for path in &self.protocol {
            let protocols = protocols(path)?;
            options.protocols.extend(protocols.clone());
            options.asked.push(ProtocolFile { name: path.display().to_string().into(), protocols });
        }
        options.triage = self.known.triage()?;
        Ok(options)
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The page that text is printed on.
    pub(crate) fn page<'e>(&self, env: &'e mut Env<'_>) -> TextPage<'e> {
        TextPage::new(env.out, env.screen.layout(self.verbose))
    }
}

/// The protocols of a file, or the built-in ones of that name.
pub(crate) fn protocols(path: &Path) -> Result<Vec<Protocol>> {
    let name = path.display().to_string();
    let built_in = Pack::find(&name).filter(|_| !path.exists());
    let text = match built_in {
        Some(pack) => pack.text.to_owned(),
        None => fs::read_to_string(path).with_context(|| BuiltIn::Protocol.unreadable(path))?,
    };
    Protocol::read(&name, &text).map_err(|mistakes| mistake::error("a protocol", &text, &mistakes))
}
