//! Sites of the whole text, each by one number.

use std::{collections::HashMap, sync::Arc};

use crate::parse::console::sites::{HEAP, Sites};

/// Distinct sites that are kept; an OP-TEE has some hundreds.
const MOST: usize = 1 << 16;

/// File, line and size in bytes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Name {
    pub(super) file: Arc<str>,
    pub(super) line: u32,
    pub(super) size: u64,
}

/// All sites, and the numbers of those of the harvest at hand.
#[derive(Default)]
pub(super) struct Names {
    numbers: HashMap<Name, u32>,
    names: Vec<Name>,
    files: HashMap<Box<str>, Arc<str>>,
    /// Number by number of the harvest; `None` for those that there is no room for.
    here: Vec<Option<u32>>,
    /// Line of each site that may be the table of the heap's pools; 0 for all others.
    of_heap: Vec<u32>,
}

impl Names {
    /// Learns the sites of a harvest.
    pub(super) fn learn(&mut self, sites: &Sites) {
        let mut numbers = std::mem::take(&mut self.here);
        numbers.clear();
        numbers.extend(sites.iter().map(|(file, line, size)| self.number(file, line, size)));
        self.here = numbers;
    }

    /// The number of the harvest's site `local`.
    pub(super) fn resolve(&self, local: u32) -> Option<u32> {
        self.here.get(local as usize).copied().flatten()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Name> {
        self.names.get(number as usize)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Line of a site that may be the table of the heap's pools: 8 or 16 bytes for each of up to four. The
    /// table is further down in its file than what allocates for others.
    pub(super) fn table_line(&self, number: u32) -> Option<u32> {
        self.of_heap.get(number as usize).copied().filter(|line| *line != 0)
    }

    fn number(&mut self, file: &str, line: u32, size: u64) -> Option<u32> {
        let file = match self.files.get(file) {
            Some(file) => Arc::clone(file),
            None if self.files.len() < MOST => {
                let shared: Arc<str> = file.into();
                self.files.insert(file.into(), Arc::clone(&shared));
                shared
            }
            None => return None,
        };
        let name = Name { file, line, size };
        if let Some(number) = self.numbers.get(&name) {
            return Some(*number);
        }
        if self.names.len() >= MOST {
            return None;
        }
        let number = u32::try_from(self.names.len()).ok()?;
        let sized = matches!(name.size, 8 | 16 | 24 | 32 | 48 | 64);
        self.of_heap.push(if sized && name.file.ends_with(HEAP) { name.line } else { 0 });
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        Some(number)
    }
}
