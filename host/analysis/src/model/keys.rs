//! Named keys of an event.

use std::sync::Arc;

use smallvec::SmallVec;

/// Values by name. All steps that one rule names have the same names, and so share them.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// `None` without any.
    names: Option<Arc<[Arc<str>]>>,
    values: SmallVec<[u64; 3]>,
}

impl Keys {
    /// To be filled by [`Self::push`], one value for each name in turn.
    pub(crate) fn of(names: &Arc<[Arc<str>]>) -> Self {
        let names = (!names.is_empty()).then(|| Arc::clone(names));
        Self { names, values: SmallVec::new() }
    }

    /// The value of the next name; `None` where it has none, so that the name goes, too.
    #[inline]
    pub(crate) fn push(&mut self, value: Option<u64>) {
        match value {
            Some(value) => self.values.push(value),
            None => self.skip(),
        }
    }

    #[cold]
    fn skip(&mut self) {
        let missing = self.values.len();
        let names = self.names.iter().flat_map(|names| names.iter()).enumerate();
        let left = names.filter(|(at, _)| *at != missing).map(|(_, name)| Arc::clone(name));
        self.names = Some(left.collect());
    }

    /// The value of that name.
    #[must_use]
    #[inline]
    pub fn get(&self, name: &str) -> Option<u64> {
        let at = self.names.as_ref()?.iter().position(|known| &**known == name)?;
        self.values.get(at).copied()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let names = self.names.iter().flat_map(|names| names.iter());
        names.map(|name| &**name).zip(self.values.iter().copied())
    }
}

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl FromIterator<(Arc<str>, u64)> for Keys {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, u64)>>(keys: I) -> Self {
        let (names, values): (Vec<_>, _) = keys.into_iter().unzip();
        Self { names: (!names.is_empty()).then(|| names.into()), values }
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn a_key_without_a_value_goes() {
        let mut keys = Keys::of(&["a".into(), "b".into(), "c".into()].into());
        for value in [Some(1), None, Some(3)] {
            keys.push(value);
        }
        assert_eq!(keys, [("a".into(), 1), ("c".into(), 3)].into_iter().collect());
        assert_eq!([keys.get("a"), keys.get("b"), keys.get("c")], [Some(1), None, Some(3)]);
    }
}
