//! Fixed-size texts, for code that must not allocate.

use std::{
    ffi::CStr,
    fmt::{self, Write},
};

/// A text of at most `N - 1` bytes and a zero.
pub(crate) struct Text<const N: usize> {
    bytes: [u8; N],
    used: usize,
}

impl<const N: usize> Text<N> {
    /// An empty text.
    pub(crate) fn new() -> Self {
        Self { bytes: [0; N], used: 0 }
    }

    /// Appends bytes; truncates what does not fit.
    pub(crate) fn push(&mut self, more: &[u8]) {
        for byte in more {
            if self.used + 1 < N {
                self.bytes[self.used] = *byte;
                self.used += 1;
            }
        }
    }

    /// Its bytes, without the zero.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    /// As a C string.
    pub(crate) fn as_c(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }

    /// What follows the last slash, as a C string.
    pub(crate) fn name(&self) -> &CStr {
        let start = self.bytes().iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        CStr::from_bytes_until_nul(&self.bytes[start..]).unwrap_or(c"")
    }
}

impl<const N: usize> Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_not_overrun() {
        let mut text = Text::<4>::new();
        text.write_str("abcdef").unwrap();
        assert_eq!((text.as_c(), text.bytes()), (c"abc", &b"abc"[..]));
    }

    #[test]
    fn a_name_is_what_follows_the_folder() {
        let mut path = Text::<16>::new();
        path.push(b"/a/b");
        assert_eq!(path.name(), c"b");
        assert_eq!(Text::<16>::new().name(), c"");
    }
}
