//! The order in which `xtest --stats` prints its tables, again and again: it says which table one is whose head was
//! lost or damaged.

use teeleak_proto::Uuid;

use super::{one_damage::is_damaged, pools::StatTable};

/// Tables of a round that are kept, so that memory is bounded.
const MOST: usize = 64;

/// What the head of a table says.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Head {
    Pool(Box<str>),
    Heap(Uuid),
}

impl Head {
    fn table(&self) -> StatTable {
        match self {
            Self::Pool(name) => StatTable::of_pool(name),
            Self::Heap(uuid) => StatTable::of_heap(*uuid),
        }
    }

    /// Whether this is the other head with a damage.
    fn is_damaged(&self, whole: &Self) -> bool {
        match (self, whole) {
            (Self::Pool(name), Self::Pool(whole)) => is_damaged(name, whole),
            (Self::Heap(uuid), Self::Heap(whole)) => {
                is_damaged(&uuid.to_string(), &whole.to_string())
            }
            _ => false,
        }
    }
}

/// The tables of a round, in order.
#[derive(Default)]
pub(super) struct TableCycle {
    round: Vec<Head>,
    /// Index of the last table.
    last: usize,
    /// Whether a table came again.
    recurs: bool,
}

impl TableCycle {
    /// The table of a pool; `None` if its name is none, and nobody knows which it is.
    pub(super) fn pool(&mut self, name: &str) -> Option<StatTable> {
        // Another line follows on the same one.
        if name.contains(':') {
            return self.next();
        }
        Some(self.known(&Head::Pool(name.into())))
    }

    /// The table of a TA's heap.
    pub(super) fn heap(&mut self, uuid: Uuid) -> StatTable {
        self.known(&Head::Heap(uuid))
    }

    /// The table after the last one, as in earlier rounds. TAs come and go, so that of one among several is unknown.
    pub(super) fn next(&mut self) -> Option<StatTable> {
        let next = (self.last + 1) % self.round.len().max(1);
        let head = self.round.get(next).filter(|_| self.recurs)?;
        let is_heap = |head: &&Head| matches!(head, Head::Heap(_));
        let is_only = self.round.iter().filter(is_heap).count() == 1;
        let table = (is_only || !is_heap(&head)).then(|| head.table());
        self.last = next;
        table
    }

    fn known(&mut self, head: &Head) -> StatTable {
        let place = self.round.iter().position(|known| known == head);
        let is_expected = |next: &&Head| self.recurs && head.is_damaged(next);
        let next = (self.last + 1) % self.round.len().max(1);
        match place {
            Some(at) => (self.last, self.recurs) = (at, true),
            None if self.round.get(next).as_ref().is_some_and(is_expected) => {
                self.last = next;
                return self.round[next].table();
            }
            None if self.round.len() < MOST => {
                self.last = self.round.len();
                self.round.push(head.clone());
            }
            None => {}
        }
        head.table()
    }
}

#[cfg(test)]
mod tests {
    use super::TableCycle;
    use crate::parse::console::fold::pools::StatTable;

    #[test]
    fn a_lost_head_is_that_of_earlier_rounds() {
        let table = |name: &str| Some(StatTable::of_pool(name));
        let mut cycle = TableCycle::default();
        assert_eq!(cycle.next(), None);
        let heads = ["Heap", "Secure DDR", "Heap", "Secure DDR"];
        for head in heads {
            assert_eq!(cycle.pool(head), table(head));
        }
        assert_eq!(cycle.next(), table("Heap"));
        assert_eq!(cycle.pool("Secure DDRBytes allocated:   7"), table("Secure DDR"));
        assert_eq!(cycle.pool("Hap"), table("Heap"));
        assert_eq!(cycle.pool("RPMB"), table("RPMB"));
    }

    #[test]
    fn a_damaged_name_of_a_first_round_is_a_name() {
        let mut cycle = TableCycle::default();
        assert_eq!(cycle.pool("Hap"), Some(StatTable::of_pool("Hap")));
        assert_eq!(cycle.pool("Heap"), Some(StatTable::of_pool("Heap")));
        assert_eq!(cycle.next(), None);
    }
}
