//! Named keys of an event.

use smallvec::SmallVec;

use super::symbol::{Names, Symbol};

/// Values by name. All steps of one rule share one list of names.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// `None` if empty.
    names: Option<Names>,
    values: SmallVec<[u64; 3]>,
}

impl Keys {
    /// An empty set of these names, to be filled by [`Self::push`], one value per name in order.
    #[inline]
    pub(crate) fn with_names(names: Names) -> Self {
        Self { names: Some(names), values: SmallVec::new() }
    }

    /// Adds the value of the next name; `None` drops the name.
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
        let names = self.names().iter().copied().enumerate().filter(|(at, _)| *at != missing);
        let remaining: Vec<Symbol> = names.map(|(_, name)| name).collect();
        self.names = Some(Names::from(remaining.as_slice()));
    }

    #[inline]
    fn names(&self) -> &[Symbol] {
        self.names.as_deref().unwrap_or_default()
    }

    /// The value of this name.
    #[must_use]
    #[inline]
    pub fn get(&self, name: Symbol) -> Option<u64> {
        let index = self.names().iter().position(|known| *known == name)?;
        self.values.get(index).copied()
    }

    /// All names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, u64)> {
        self.names().iter().copied().zip(self.values.iter().copied())
    }
}

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl FromIterator<(Symbol, u64)> for Keys {
    fn from_iter<I: IntoIterator<Item = (Symbol, u64)>>(keys: I) -> Self {
        let (names, values): (Vec<_>, _) = keys.into_iter().unzip();
        Self { names: (!names.is_empty()).then(|| Names::from(names.as_slice())), values }
    }
}

#[cfg(test)]
mod tests {
    use super::{Keys, Names, Symbol};

    #[test]
    fn a_key_without_a_value_goes() {
        let names = ["a", "b", "c"].map(Symbol::from);
        let mut keys = Keys::with_names(Names::from(&names[..]));
        for value in [Some(1), None, Some(3)] {
            keys.push(value);
        }
        assert_eq!(keys, [(names[0], 1), (names[2], 3)].into_iter().collect());
        assert_eq!(names.map(|name| keys.get(name)), [Some(1), None, Some(3)]);
    }
}
