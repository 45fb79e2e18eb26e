//! Reads fixed-layout little-endian structures.

/// A field of a structure: its name, its C type, its offset in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// As in the header.
    pub name: &'static str,
    /// C type of the field or of its elements.
    pub c_type: &'static str,
    /// Elements of an array, 0 for a plain field.
    pub elements: usize,
    /// Bytes from the start of the structure.
    pub offset: usize,
}

/// A structure of the PTA's header.
pub trait CLayout: Sized {
    /// Its name in C.
    const C_NAME: &'static str;
    /// Its size in bytes.
    const SIZE: usize;
    /// Its size in bytes in version 1 of the interface: fields were appended since.
    const FIRST_SIZE: usize = Self::SIZE;
    /// Its fields in order.
    const FIELDS: &'static [Field];

    /// Reads it from the start of `data`; `None` when that is shorter than [`Self::SIZE`].
    fn parse(data: &[u8]) -> Option<Self>;
}

/// A type that a field can have.
pub(super) trait Le: Sized {
    const C_TYPE: &'static str;
    const ELEMENTS: usize = 0;
    const SIZE: usize;

    fn take(data: &mut &[u8]) -> Option<Self>;
}

macro_rules! le {
    ($($int:ty = $c:literal),*) => {$(
        impl Le for $int {
            const C_TYPE: &'static str = $c;
            const SIZE: usize = size_of::<Self>();

            fn take(data: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = data.split_first_chunk()?;
                *data = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        }
    )*};
}

le!(u8 = "uint8_t", u16 = "uint16_t", u32 = "uint32_t", u64 = "uint64_t");

impl<const N: usize> Le for [u8; N] {
    const C_TYPE: &'static str = "uint8_t";
    const ELEMENTS: usize = N;
    const SIZE: usize = N;

    fn take(data: &mut &[u8]) -> Option<Self> {
        let (bytes, rest) = data.split_first_chunk()?;
        *data = rest;
        Some(*bytes)
    }
}

impl<const N: usize> Le for [u32; N] {
    const C_TYPE: &'static str = "uint32_t";
    const ELEMENTS: usize = N;
    const SIZE: usize = 4 * N;

    fn take(data: &mut &[u8]) -> Option<Self> {
        let mut words = [0; N];
        for one in &mut words {
            *one = u32::take(data)?;
        }
        Some(words)
    }
}

/// Zero-terminated text in a field of `N` bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CText<const N: usize>(pub [u8; N]);

impl<const N: usize> Le for CText<N> {
    const C_TYPE: &'static str = "char";
    const ELEMENTS: usize = N;
    const SIZE: usize = N;

    fn take(data: &mut &[u8]) -> Option<Self> {
        <[u8; N]>::take(data).map(Self)
    }
}

impl<const N: usize> CText<N> {
    /// As a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        super::text(&self.0)
    }
}

/// Defines a mirror of a C structure.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident = $c_name:literal $(, first $first:literal)? {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl CLayout for $name {
            const C_NAME: &'static str = $c_name;
            const SIZE: usize = 0 $(+ <$type as Le>::SIZE)*;
            $(const FIRST_SIZE: usize = $first;)?
            const FIELDS: &'static [Field] = &{
                let mut offset = 0;
                let fields = [$({
                    let at = offset;
                    offset += <$type as Le>::SIZE;
                    Field {
                        name: stringify!($field),
                        c_type: <$type as Le>::C_TYPE,
                        elements: <$type as Le>::ELEMENTS,
                        offset: at,
                    }
                },)*];
                assert!(offset == Self::SIZE);
                fields
            };

            fn parse(mut data: &[u8]) -> Option<Self> {
                Some(Self { $($field: <$type as Le>::take(&mut data)?,)* })
            }
        }
    };
}

pub(super) use mirror;
