//! The call stacks of a snapshot, by number.

use std::collections::{HashMap, HashSet};

use teeleak_proto::{census::StackRecord, snapshot::SectionHead};

use crate::model::{CallStack, Completeness, Site};

/// Keeps one copy of each call stack.
#[derive(Default)]
pub(super) struct StackPool(HashSet<CallStack>);

impl StackPool {
    fn get(&mut self, stack: CallStack) -> CallStack {
        if let Some(known) = self.0.get(&stack) {
            return known.clone();
        }
        self.0.insert(stack.clone());
        stack
    }
}

/// The call stacks that a snapshot lists, and the numbers that its sites name.
#[derive(Default)]
pub(super) struct ListedStacks {
    by_number: HashMap<u32, CallStack>,
    /// Of each site in their order, 0 for none.
    of_sites: Vec<u32>,
    lost: u64,
}

impl ListedStacks {
    pub(super) fn head(&mut self, head: &SectionHead) {
        // Every head counts from the same start.
        self.lost = self.lost.max(head.lost.into());
    }

    pub(super) fn site(&mut self, number: u32) {
        self.of_sites.push(number);
    }

    pub(super) fn add(&mut self, record: &StackRecord, pool: &mut StackPool) {
        let addresses = record.frames.iter().copied().take_while(|address| *address != 0);
        let stack = pool.get(CallStack::new(addresses.map(u64::from)));
        self.by_number.insert(record.stack, stack);
    }

    /// Allocations without room for their call stack, since epochs were restarted.
    pub(super) fn lost_count(&self) -> u64 {
        self.lost
    }

    /// Gives each site its stack; the sites have the order in which they were added.
    pub(super) fn assign(&self, sites: &mut Completeness<Vec<Site>>) {
        let (Completeness::Complete(sites)
        | Completeness::Counted(sites, _)
        | Completeness::Partial(sites, _)) = sites
        else {
            return;
        };
        for (site, number) in sites.iter_mut().zip(&self.of_sites) {
            let stack = self.by_number.get(number);
            // Its first address is the caller: another one belongs to another list of stacks.
            let is_same = |stack: &&CallStack| stack.addresses().first() == site.caller.as_ref();
            site.stack = stack.filter(is_same).cloned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ListedStacks, StackPool};
    use crate::model::{CallStack, Completeness, OwnerId, Site};
    use teeleak_proto::census::StackRecord;

    fn site(caller: u64) -> Site {
        Site {
            file: "core/mm/vm.c".into(),
            line: 213,
            size: 80,
            count: 1,
            owner: OwnerId::Core,
            server: OwnerId::Core,
            session: None,
            epoch: Some(1),
            caller: Some(caller),
            stack: None,
        }
    }

    #[test]
    fn sites_get_the_stack_that_starts_with_their_caller() {
        let (mut listed, mut pool) = (ListedStacks::default(), StackPool::default());
        [7, 7, 0, 9].into_iter().for_each(|number| listed.site(number));
        listed.add(&StackRecord { stack: 7, frames: [0x10, 0x20, 0x30, 0] }, &mut pool);
        let mut sites =
            Completeness::Complete(vec![site(0x10), site(0x11), site(0x10), site(0x10)]);
        listed.assign(&mut sites);
        let stacks: Vec<_> = sites.value().unwrap().iter().map(|site| site.stack.clone()).collect();
        assert_eq!(stacks, [Some(CallStack::new([0x10, 0x20, 0x30])), None, None, None]);
    }
}
