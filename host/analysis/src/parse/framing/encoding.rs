//! UTF-16, as Windows' terminal programs and editors save text.

/// Order of the bytes of UTF-16.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    LittleEndian,
    BigEndian,
}

/// The encoding of a text, if it is UTF-16: by its mark, or by NUL in every other byte of its start.
pub(super) fn detect(begin: &[u8]) -> Option<Encoding> {
    match begin {
        [0xff, 0xfe, ..] => return Some(Encoding::LittleEndian),
        [0xfe, 0xff, ..] => return Some(Encoding::BigEndian),
        _ => {}
    }
    let (pairs, _) = begin[..begin.len().min(512)].as_chunks::<2>();
    let is_ascii = |high: usize| pairs.iter().all(|pair| pair[high] == 0 && pair[1 - high] != 0);
    match pairs.len() {
        0..8 => None,
        _ if is_ascii(1) => Some(Encoding::LittleEndian),
        _ if is_ascii(0) => Some(Encoding::BigEndian),
        _ => None,
    }
}

/// Decodes UTF-16 that comes in pieces.
#[derive(Debug)]
pub(super) struct Decoder {
    encoding: Encoding,
    odd_byte: Option<u8>,
    /// The first half of a pair of surrogates.
    high: Option<u16>,
}

impl Decoder {
    pub(super) const fn new(encoding: Encoding) -> Self {
        Self { encoding, odd_byte: None, high: None }
    }

    /// Appends the text of these bytes as UTF-8.
    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        for byte in bytes {
            let Some(first) = self.odd_byte.take() else {
                self.odd_byte = Some(*byte);
                continue;
            };
            let pair = [first, *byte];
            self.unit(
                match self.encoding {
                    Encoding::LittleEndian => u16::from_le_bytes(pair),
                    Encoding::BigEndian => u16::from_be_bytes(pair),
                },
                text,
            );
        }
    }

    fn unit(&mut self, unit: u16, text: &mut Vec<u8>) {
        let units = self.high.take().into_iter().chain([unit]);
        if matches!(unit, 0xd800..0xdc00) {
            self.high = Some(unit);
            return;
        }
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Encoding, detect};

    #[test]
    fn any_cut_gives_the_text() {
        let text = "I/TC: ü 🙂 x\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for cut in 0..bytes.len() {
            let (mut decoder, mut out) = (Decoder::new(Encoding::LittleEndian), Vec::new());
            decoder.decode(&bytes[..cut], &mut out);
            decoder.decode(&bytes[cut..], &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn only_utf16_is_detected() {
        let big: Vec<u8> = "I/TC: buffer".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(detect(&big), Some(Encoding::BigEndian));
        assert_eq!(detect(b"\xff\xfeI\0"), Some(Encoding::LittleEndian));
        assert_eq!(detect(b"I/TC: buffer: 24 bytes\0\0\0"), None);
    }
}
