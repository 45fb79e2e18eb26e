//! `teeleak schema`

use anyhow::Result;
use clap::Args;

use crate::{
    env::Env,
    exit::Exit,
    render::json::schema::{DocumentKind, document_schema},
};

/// Arguments of `teeleak schema`.
#[derive(Args, Debug)]
#[command(after_help = "\
New fields are added to documents and their schemas without a new version.

Examples:
  teeleak schema report > teeleak-report.schema.json
  teeleak schema snapshot")]
pub(crate) struct Arguments {
    /// Document to print the schema of.
    document: DocumentKind,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    writeln!(env.out, "{:#}", document_schema(arguments.document))?;
    Ok(Exit::Clean)
}
