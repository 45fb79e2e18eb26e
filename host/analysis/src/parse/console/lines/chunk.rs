//! Splits a text into chunks of whole lines.

use memchr::{memchr, memrchr};

/// The length of the first chunk of `text`, about `size` bytes: at least one line, and no line in part.
///
/// The size of the chunks makes no difference to the observation.
#[must_use]
pub fn chunk_end(text: &[u8], size: usize) -> usize {
    if text.len() <= size {
        return text.len();
    }
    match memrchr(b'\n', &text[..size]) {
        Some(end) => end + 1,
        None => memchr(b'\n', &text[size..]).map_or(text.len(), |end| size + end + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::chunk_end;

    #[test]
    fn chunks_end_with_lines() {
        assert_eq!(chunk_end(b"ab\ncd\nef", 4), 3);
        assert_eq!(chunk_end(b"ab\ncd\nef", 1), 3);
        assert_eq!(chunk_end(b"ab\ncd\nef", 100), 8);
        assert_eq!(chunk_end(b"abcdef", 2), 6);
    }
}
