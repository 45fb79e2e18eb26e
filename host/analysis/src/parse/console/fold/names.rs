//! Numbers the sites of the whole text.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::parse::console::sites::{ChunkSites, HEAP};

/// Distinct sites that are kept; an OP-TEE has some hundreds.
const MOST: usize = 1 << 16;

/// Bytes of names of files that are kept.
const FILE_BYTES: usize = 1 << 22;

/// A site: file, line and size in bytes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct LogSite {
    pub(super) file: Arc<str>,
    pub(super) line: u32,
    pub(super) size: u64,
}

/// All sites, and the numbers of those of the current chunk.
#[derive(Default)]
pub(super) struct LogSites {
    numbers: HashMap<LogSite, u32>,
    names: Vec<LogSite>,
    files: HashSet<Arc<str>>,
    file_bytes: usize,
    /// Number of each site of the chunk; `None` if there was no room.
    here: Vec<Option<u32>>,
    /// Source line of each site that may be the heap's pool table; 0 for all others.
    of_heap: Vec<u32>,
}

impl LogSites {
    /// Adds the sites of a chunk.
    pub(super) fn learn(&mut self, sites: &ChunkSites) {
        let mut numbers = std::mem::take(&mut self.here);
        numbers.clear();
        numbers.extend(sites.iter().map(|(file, line, size)| self.number(file, line, size)));
        self.here = numbers;
    }

    /// The number of the chunk's site `local`.
    pub(super) fn resolve(&self, local: u32) -> Option<u32> {
        self.here.get(local as usize).copied().flatten()
    }

    pub(super) fn get(&self, number: u32) -> Option<&LogSite> {
        self.names.get(number as usize)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Source line of a site that may be the heap's pool table: 8 or 16 bytes for each of up to four pools.
    /// The table is further down in its file than the allocations for others.
    pub(super) fn table_line(&self, number: u32) -> Option<u32> {
        self.of_heap.get(number as usize).copied().filter(|line| *line != 0)
    }

    /// Whether there is room for a site in a file that has none yet.
    fn has_room_for(&self, file: &str) -> bool {
        self.names.len() < MOST && self.file_bytes + file.len() <= FILE_BYTES
    }

    fn number(&mut self, file: &str, line: u32, size: u64) -> Option<u32> {
        let file = match self.files.get(file) {
            Some(file) => Arc::clone(file),
            None if self.has_room_for(file) => {
                let shared: Arc<str> = file.into();
                self.file_bytes += file.len();
                self.files.insert(Arc::clone(&shared));
                shared
            }
            None => return None,
        };
        let name = LogSite { file, line, size };
        if let Some(number) = self.numbers.get(&name) {
            return Some(*number);
        }
        if self.names.len() >= MOST {
            return None;
        }
        let number = u32::try_from(self.names.len()).ok()?;
        let sized = matches!(name.size, 8 | 16 | 24 | 32 | 40 | 48 | 56 | 64);
        self.of_heap.push(if sized && name.file.ends_with(HEAP) { name.line } else { 0 });
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        Some(number)
    }
}
