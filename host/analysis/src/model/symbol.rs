//! Interned names of steps, keys and sources.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    ptr,
    sync::{Mutex, PoisonError},
};

/// An interned name: stored once and never freed, so it is cheap to copy and compares by address.
///
/// Only for names from rules, protocols and file names; never for text from an input, which is
/// unbounded.
#[derive(Clone, Copy)]
pub struct Symbol(&'static &'static str);

/// An interned list of names, in the given order.
#[derive(Clone, Copy)]
pub(crate) struct Names(&'static &'static [Symbol]);

/// Interned values by content.
type InternTable<T> = Mutex<BTreeMap<&'static T, &'static &'static T>>;

static NAMES: InternTable<str> = Mutex::new(BTreeMap::new());
static SETS: InternTable<[Symbol]> = Mutex::new(BTreeMap::new());

/// The interned value equal to `wanted`.
fn keep<T: Ord + ?Sized>(all: &InternTable<T>, wanted: &T) -> &'static &'static T
where
    Box<T>: for<'a> From<&'a T>,
{
    let mut table = all.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = table.get(wanted) {
        return known;
    }
    let content: &'static T = Box::leak(Box::from(wanted));
    let entry: &'static &'static T = Box::leak(Box::new(content));
    table.insert(content, entry);
    entry
}

impl From<&str> for Symbol {
    fn from(text: &str) -> Self {
        Self(keep(&NAMES, text))
    }
}

impl Deref for Symbol {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.0
    }
}

impl PartialEq for Symbol {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.0, other.0)
    }
}

impl Eq for Symbol {}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Ordered by content, so that the order is the same in every run.
impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> Ordering {
        str::cmp(self, other)
    }
}

impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        ptr::hash(self.0, state);
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl From<&[Symbol]> for Names {
    fn from(names: &[Symbol]) -> Self {
        Self(keep(&SETS, names))
    }
}

impl Deref for Names {
    type Target = [Symbol];

    #[inline]
    fn deref(&self) -> &[Symbol] {
        self.0
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, Symbol};

    #[test]
    fn equal_names_are_one() {
        let [map, again, unmap] = ["map", &String::from("map"), "unmap"].map(Symbol::from);
        assert_eq!(map, again);
        assert_ne!(map, unmap);
        assert!(map < unmap);
        assert_eq!(
            (&*map, map.to_string(), format!("{map:?}")),
            ("map", "map".into(), "\"map\"".into())
        );
        let sets = [[map, unmap], [again, unmap]].map(|set| Names::from(&set[..]));
        assert!(std::ptr::eq(&*sets[0], &*sets[1]));
    }
}
