//! Commands without shared memory, for a TEE that is out of memory.
//!
//! For memory that a client shares with a command, the TEE core allocates a region
//! (`vm_map_param()` in optee_os core/mm/vm.c@4.10.0); without room for one the command fails.
//! These two commands take four value parameters only: the first carries the request of any other
//! command, the second returns its reply piece by piece.
//!
//! | command | in | out |
//! | --- | --- | --- |
//! | [`BEGIN`] | command, bytes of its request, the request in six words | bytes of its reply, ticket |
//! | [`READ`] | offset into the reply, ticket | the next 32 bytes of the reply, or zeros |
//!
//! A word is a value: a and b of parameters 0 to 3. Words hold bytes in little-endian order. The TA
//! keeps one reply at a time: a ticket outdated by another client's request gets
//! `TEE_ERROR_BAD_STATE`, and its client starts over.

/// Runs another command.
pub const BEGIN: u32 = 0x100;

/// Reads a piece of its reply.
pub const READ: u32 = 0x101;

/// Types of the parameters: `TEE_PARAM_TYPE_VALUE_INOUT`, four times.
pub const TYPES: u32 = 0x3333;

/// Longest request, in bytes: six words.
pub const REQUEST_BYTES: usize = 4 * (WORDS - 2);

/// Longest reply, in bytes; a snapshot then takes more pages.
pub const REPLY_BYTES: usize = 4 << 10;

/// Bytes of a reply per [`READ`].
pub const PIECE_BYTES: usize = 4 * WORDS;

const WORDS: usize = 8;

/// The values of the parameters.
pub type Words = [u32; WORDS];

/// Packs bytes into words; words beyond the bytes stay unchanged.
pub fn pack(words: &mut [u32], bytes: &[u8]) {
    for (word, bytes) in words.iter_mut().zip(bytes.chunks(4)) {
        let mut word_bytes = [0; 4];
        word_bytes[..bytes.len()].copy_from_slice(bytes);
        *word = u32::from_le_bytes(word_bytes);
    }
}

/// Unpacks bytes from words, as many as the words hold.
pub fn unpack(words: &[u32], bytes: &mut [u8]) {
    for (bytes, word) in bytes.chunks_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
    }
}

#[cfg(test)]
mod tests {
    use crate::values::*;

    #[test]
    fn bytes_go_through_words() {
        for length in 0..=PIECE_BYTES {
            let bytes: Vec<u8> = (1..).take(length).collect();
            let (mut words, mut back) = ([0; WORDS], std::vec![0; length]);
            pack(&mut words, &bytes);
            unpack(&words, &mut back);
            assert_eq!(back, bytes);
        }
    }

    #[test]
    fn the_wire_stays_as_it_is() {
        let mut words = [0; WORDS];
        pack(&mut words, &[1, 2, 3, 4, 5]);
        assert_eq!(words[..2], [0x0403_0201, 5]);
        assert_eq!((BEGIN, READ, TYPES), (0x100, 0x101, 0x3333));
    }
}
