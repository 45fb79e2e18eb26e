//! Call stacks of allocations in the TEE core.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{Frame, Function};

/// Return addresses as offsets into the TEE core, innermost first: the first is in the function that
/// called the allocator.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallStack(Arc<[u64]>);

impl CallStack {
    /// A call stack of these return addresses.
    #[must_use]
    pub fn new(addresses: impl IntoIterator<Item = u64>) -> Self {
        Self(addresses.into_iter().collect())
    }

    /// The return addresses, innermost first.
    #[must_use]
    pub fn addresses(&self) -> &[u64] {
        &self.0
    }
}

/// `core+0x1000, core+0x2000`.
impl fmt::Display for CallStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, address) in self.0.iter().enumerate() {
            let separator = if n == 0 { "" } else { ", " };
            write!(f, "{separator}core+{address:#x}")?;
        }
        Ok(())
    }
}

/// Functions of the TEE core by return address, as the symbols of its image name them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CoreFunctions(BTreeMap<u64, Vec<Function>>);

impl CoreFunctions {
    /// Sets the functions at a return address, innermost (inlined) first.
    pub fn insert(&mut self, address: u64, functions: Vec<Function>) {
        self.0.insert(address, functions);
    }

    /// The functions at a return address, innermost first; empty if unknown.
    #[must_use]
    pub fn at(&self, address: u64) -> &[Function] {
        self.0.get(&address).map_or(&[], Vec::as_slice)
    }

    /// The innermost function at a return address, or the address: `core+0x1000`.
    #[must_use]
    pub fn label(&self, address: u64) -> Arc<str> {
        match self.at(address).first() {
            Some(function) => Arc::clone(&function.name),
            None => format!("core+{address:#x}").into(),
        }
    }

    /// The levels of a call stack with their functions.
    #[must_use]
    pub fn frames(&self, stack: &CallStack) -> Vec<Frame> {
        let frame = |address: &u64| Frame {
            address: *address,
            offset: Some(*address),
            functions: self.at(*address).to_vec(),
        };
        stack.addresses().iter().map(frame).collect()
    }
}
