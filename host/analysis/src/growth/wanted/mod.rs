//! Who wanted an allocation: the first function of its call stack that allocates for itself.

mod helpers;

use std::sync::Arc;

use crate::{
    fingerprint,
    model::{CallStack, CoreFunctions, Function},
};

/// What distinguishes allocations of one site by who wanted them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::growth) enum Wanter {
    /// Unknown: there is no call stack, or nothing but shared allocators is on it.
    Unknown,
    /// A function, by name and source file.
    Function(Arc<str>, Option<Arc<str>>),
    /// A call stack without names.
    Stack(CallStack),
}

impl Wanter {
    pub(in crate::growth) fn new(stack: Option<&CallStack>, functions: &CoreFunctions) -> Self {
        let Some(stack) = stack else { return Self::Unknown };
        if stack.addresses().iter().all(|address| functions.at(*address).is_empty()) {
            return Self::Stack(stack.clone());
        }
        function(stack, functions).map_or(Self::Unknown, |wanter| {
            let file = wanter.at.as_ref().map(|(file, _)| Arc::clone(file));
            Self::Function(Arc::clone(&wanter.name), file)
        })
    }
}

/// The function that wanted what was allocated with this call stack, at the line of its call.
pub(in crate::growth) fn function<'f>(
    stack: &CallStack,
    functions: &'f CoreFunctions,
) -> Option<&'f Function> {
    let mut levels = stack.addresses().iter().flat_map(|address| functions.at(*address));
    levels.find(|function| !is_helper(function))
}

/// Whether a function allocates on behalf of others. One without a source file is taken at its name.
fn is_helper(function: &Function) -> bool {
    let file = function.at.as_ref().map(|(file, _)| fingerprint::source(file));
    file.is_some_and(helpers::is_helper)
}
