//! UUIDs in GlobalPlatform's form.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A TA's or PTA's UUID, in RFC 4122 byte order (`TEE_UUID` with its fields big-endian, as
/// `tee_uuid_to_octets()` of optee_os gives it).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// Reads the usual form, 8-4-4-4-12 hexadecimal digits.
    ///
    /// Returns `None` for anything else.
    #[must_use]
    pub const fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 36 {
            return None;
        }
        let mut bytes = [0; 16];
        let (mut at, mut n) = (0, 0);
        while n < 16 {
            if matches!(n, 4 | 6 | 8 | 10) {
                if text[at] != b'-' {
                    return None;
                }
                at += 1;
            }
            match (hex(text[at]), hex(text[at + 1])) {
                (Some(high), Some(low)) => bytes[n] = high << 4 | low,
                _ => return None,
            }
            at += 2;
            n += 1;
        }
        Some(Self(bytes))
    }
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, byte) in self.0.iter().enumerate() {
            if matches!(n, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Uuid;

    #[test]
    fn text_form_round_trips() {
        let text = "d96a5b40-e2c7-b1af-8794-1002a5d5c61b";
        assert_eq!(Uuid::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn other_forms_are_refused() {
        for bad in ["", "d96a5b40e2c7b1af87941002a5d5c61b", "d96a5b40-e2c7-b1af-8794-1002a5d5c61g"]
        {
            assert_eq!(Uuid::parse(bad), None, "{bad}");
        }
    }
}
