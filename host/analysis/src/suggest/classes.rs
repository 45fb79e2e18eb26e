//! Classes of places that share values: a handle that one command returns and others take.

use std::collections::{BTreeMap, BTreeSet};

use super::trace::Trace;

/// Fewest different values: what has fewer is an option or a size, or too little was observed.
const VALUES: usize = 3;

/// Most different values of a place that are compared.
const COMPARED: usize = 4096;

/// Share of the values that two places have in common, of the one that has fewer, in percent.
const COMMON: usize = 90;

/// The place of the same handle in each action that carries it.
pub(super) type Class = BTreeMap<usize, usize>;

/// A class with the values in it.
struct Members {
    places: Class,
    values: BTreeSet<u64>,
}

/// All classes of more than one action.
pub(super) fn classes(trace: &Trace) -> Vec<Class> {
    let mut classes: Vec<Members> = Vec::new();
    for ((place, action), values) in columns(trace) {
        let is_same = |class: &&mut Members| {
            class.places.values().all(|known| *known == place) && share(&class.values, &values)
        };
        match classes.iter_mut().find(is_same) {
            Some(class) => class.add(action, place, values),
            None => classes.push(Members { places: [(action, place)].into(), values }),
        }
    }
    join(&mut classes);
    classes.into_iter().map(|class| class.places).filter(|class| class.len() > 1).collect()
}

/// Joins classes of different places, which have no action in common.
fn join(classes: &mut Vec<Members>) {
    let mut at = 0;
    while at < classes.len() {
        let fits = |other: &usize| {
            let (one, other) = (&classes[at], &classes[*other]);
            let is_apart = one.places.keys().all(|action| !other.places.contains_key(action));
            is_apart && share(&one.values, &other.values)
        };
        match (at + 1..classes.len()).find(fits) {
            Some(other) => {
                let other = classes.remove(other);
                classes[at].places.extend(other.places);
                classes[at].values.extend(other.values);
            }
            None => at += 1,
        }
    }
}

impl Members {
    fn add(&mut self, action: usize, place: usize, values: BTreeSet<u64>) {
        self.places.insert(action, place);
        self.values.extend(values);
    }
}

fn share(one: &BTreeSet<u64>, other: &BTreeSet<u64>) -> bool {
    let fewer = one.len().min(other.len());
    one.intersection(other).count() * 100 >= fewer * COMMON
}

/// The values of each place of each action, without those that have too few.
fn columns(trace: &Trace) -> BTreeMap<(usize, usize), BTreeSet<u64>> {
    let mut columns: BTreeMap<(usize, usize), BTreeSet<u64>> = BTreeMap::new();
    for record in &trace.records {
        for (place, value) in record.values.iter().enumerate().filter(|(_, value)| **value != 0) {
            let column = columns.entry((place, record.action)).or_default();
            if column.len() < COMPARED {
                column.insert(*value);
            }
        }
    }
    columns.retain(|_, values| values.len() >= VALUES || values.is_subset(&trace.addresses));
    columns
}
