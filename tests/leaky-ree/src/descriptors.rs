//! Files that are opened and never closed, until the table of descriptors is full.

use std::{fs::File, process};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::server::Work;

const FILE: &str = "/dev/null";

/// Open files.
pub(crate) struct Descriptors {
    each: u32,
    well: bool,
    kept: Vec<File>,
}

impl Descriptors {
    /// So many in each step.
    pub(crate) const fn new(each: u32, well: bool) -> Self {
        Self { each, well, kept: Vec::new() }
    }
}

impl Work for Descriptors {
    fn step(&mut self) -> Result<Value> {
        for _ in 0..self.each {
            let file = File::open(FILE).with_context(|| format!("cannot open {FILE}"))?;
            self.kept.push(file);
        }
        if self.well {
            self.kept.clear();
        }
        Ok(json!({ "pid": process::id(), "opened": self.each, "kept": self.kept.len() }))
    }
}
