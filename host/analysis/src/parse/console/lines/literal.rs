//! Short literals, compared a word at a time: a call to `memcmp` costs more.

/// Number of bytes compared at once.
const WORD: usize = 8;

/// Bytes to compare with.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    bytes: Box<[u8]>,
    /// The first bytes as a little-endian word, and the mask of the bits in use.
    first: u64,
    mask: u64,
    /// The other whole words, and the last one, which may overlap them; empty for up to eight bytes.
    words: Box<[u64]>,
    last: u64,
}

impl Literal {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut first = [0; WORD];
        let n = bytes.len().min(WORD);
        first[..n].copy_from_slice(&bytes[..n]);
        let (words, _) = bytes.as_chunks::<WORD>();
        Self {
            bytes: bytes.into(),
            first: u64::from_le_bytes(first),
            mask: if n == WORD { u64::MAX } else { (1 << (8 * n)) - 1 },
            words: words.iter().skip(1).map(|word| u64::from_le_bytes(*word)).collect(),
            last: bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last)),
        }
    }

    pub(crate) const fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether `text` starts with the literal.
    #[inline]
    pub(crate) fn is_prefix_of(&self, text: &[u8]) -> bool {
        let Some(first) = text.first_chunk::<WORD>() else {
            return text.starts_with(&self.bytes);
        };
        (u64::from_le_bytes(*first) ^ self.first) & self.mask == 0
            && (self.bytes.len() <= WORD || self.goes_on(text))
    }

    /// Whether `text`, whose first word matches, matches the others too.
    #[inline]
    fn goes_on(&self, text: &[u8]) -> bool {
        let Some(text) = text.get(..self.bytes.len()) else { return false };
        let last = text.last_chunk::<WORD>().map_or(0, |last| u64::from_le_bytes(*last));
        let (words, _) = text.as_chunks::<WORD>();
        let mut pairs = words.iter().skip(1).zip(&self.words);
        last == self.last && pairs.all(|(text, word)| u64::from_le_bytes(*text) == *word)
    }
}

#[cfg(test)]
mod tests {
    use super::Literal;

    #[test]
    fn every_length_is_compared_to_its_end() {
        let text = b"abcdefghijklmnopqrstuvwxyz";
        for length in 0..text.len() {
            let literal = Literal::new(&text[..length]);
            assert_eq!((literal.len(), literal.bytes()), (length, &text[..length]));
            for cut in 0..=text.len() {
                assert_eq!(literal.is_prefix_of(&text[..cut]), cut >= length, "{length} of {cut}");
            }
            for at in 0..length {
                let mut other = *text;
                other[at] = b'_';
                assert!(!literal.is_prefix_of(&other), "{length} at {at}");
            }
        }
    }
}
