//! Commands without memory: what a TEE that is out of it can still do.
//!
//! For memory that a client hands over with a command, the TEE core allocates a region
//! (`vm_map_param()` in optee_os core/mm/vm.c@4.10.0), and the command fails where there is no room
//! for one. These two take four value parameters and nothing else: a request of any other command
//! goes in with the first, its reply comes out with the second, piece by piece.
//!
//! | command | in | out |
//! | --- | --- | --- |
//! | [`BEGIN`] | command, bytes of its request, the request in six words | bytes of its reply, ticket |
//! | [`READ`] | offset into the reply, ticket | the next 32 bytes of the reply, or zeros |
//!
//! A word is a value: a and b of parameters 0 to 3. Bytes lie in words from the lowest one on. There
//! is one reply at a time: a ticket that another client's request has made old is answered with
//! `TEE_ERROR_BAD_STATE`, and begins again.

/// Does another command.
pub const BEGIN: u32 = 0x100;

/// Reads a piece of its reply.
pub const READ: u32 = 0x101;

/// Types of the parameters: `TEE_PARAM_TYPE_VALUE_INOUT`, four times.
pub const TYPES: u32 = 0x3333;

/// Longest request, in bytes: six words.
pub const REQUEST_BYTES: usize = 4 * (WORDS - 2);

/// Longest reply, in bytes; a census has more of such pages then.
pub const REPLY_BYTES: usize = 4 << 10;

/// Bytes of a reply that one [`READ`] gives.
pub const PIECE_BYTES: usize = 4 * WORDS;

const WORDS: usize = 8;

/// What the parameters hold.
pub type Words = [u32; WORDS];

/// Writes bytes to words; those for which there are no bytes stay as they are.
pub fn pack(words: &mut [u32], bytes: &[u8]) {
    for (word, bytes) in words.iter_mut().zip(bytes.chunks(4)) {
        let mut word_bytes = [0; 4];
        word_bytes[..bytes.len()].copy_from_slice(bytes);
        *word = u32::from_le_bytes(word_bytes);
    }
}

/// Reads bytes from words, as many as there are words for.
pub fn unpack(words: &[u32], bytes: &mut [u8]) {
    for (bytes, word) in bytes.chunks_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
