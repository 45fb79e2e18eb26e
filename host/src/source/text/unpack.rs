//! Decompresses what is compressed.

use std::io::{self, Read};

use anyhow::Result;

/// First bytes of gzip (RFC 1952), xz (its file format 1.2) and zstd (RFC 8878) files.
const PACKED: [&[u8]; 3] = [b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"];

/// Largest dictionary of an xz file, and window of a zstd file, in bytes: what `xz -9` makes. Whoever unpacks
/// must keep as much, so a larger one is refused.
const WINDOW: u64 = 64 << 20;

/// What an xz reader takes besides its dictionary, in KiB.
const XZ_KIB: u64 = 1024;

/// Decompresses what is compressed.
pub(super) fn unpack(mut raw: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>> {
    let mut first = Vec::with_capacity(6);
    raw.by_ref().take(6).read_to_end(&mut first)?;
    let format = PACKED.iter().position(|magic| first.starts_with(magic));
    let stream = io::Cursor::new(first).chain(raw);
    Ok(match format {
        Some(0) => Box::new(flate2::read::MultiGzDecoder::new(stream)),
        Some(1) => {
            let limit_kib = u32::try_from(WINDOW / 1024 + XZ_KIB).unwrap_or(u32::MAX);
            Box::new(Xz(lzma_rust2::XzReader::new_mem_limit(stream, true, limit_kib)))
        }
        Some(_) => Box::new(Frames { whole: io::BufReader::new(stream), frame: None }),
        None => Box::new(stream),
    })
}

/// Decompresses an xz file.
struct Xz<R: Read>(lzma_rust2::XzReader<R>);

impl<R: Read> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::OutOfMemory => too_large(&error),
            _ => error,
        })
    }
}

/// Compares what is unpacked with its checksum.
pub(super) struct CheckedReader<R: Read> {
    contents: R,
    checksum: u32,
    sum: flate2::Crc,
}

impl<R: Read> CheckedReader<R> {
    pub(super) fn new(contents: R, checksum: u32) -> Self {
        Self { contents, checksum, sum: flate2::Crc::new() }
    }
}

impl<R: Read> Read for CheckedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.contents.read(buffer)?;
        self.sum.update(&buffer[..n]);
        if n == 0 && !buffer.is_empty() && self.sum.sum() != self.checksum {
            return Err(corrupt("corrupt file in a zip without a matching checksum"));
        }
        Ok(n)
    }
}

/// What was unpacked of it so far may be wrong.
fn corrupt(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// A packed file that takes too much memory.
fn too_large(error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!(
        "expected a dictionary of at most {} MiB, found a larger one ({error}); unpack the file first",
        WINDOW >> 20
    ))
}

/// Decompresses the consecutive frames of a zstd file.
struct Frames<R: Read> {
    whole: io::BufReader<R>,
    frame: Option<Box<ruzstd::decoding::FrameDecoder>>,
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use std::io::BufRead as _;

        use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder, errors::FrameDecoderError};
        loop {
            if let Some(frame) = &mut self.frame {
                if frame.can_collect() == 0 && !frame.is_finished() {
                    let limit = BlockDecodingStrategy::UptoBytes(buffer.len());
                    frame.decode_blocks(&mut self.whole, limit).map_err(corrupt)?;
                }
                let n = frame.read(buffer)?;
                if n > 0 || buffer.is_empty() {
                    return Ok(n);
                }
                if !frame.is_finished() {
                    continue;
                }
                // The library calculates the checksum and compares nothing.
                let checksum = frame.get_checksum_from_data();
                if checksum.is_some() && checksum != frame.get_calculated_checksum() {
                    return Err(corrupt("corrupt zstd frame without a matching checksum"));
                }
                self.frame = None;
            }
            if self.whole.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let mut frame = Box::new(FrameDecoder::new());
            frame.set_max_window_size(WINDOW);
            frame.init(&mut self.whole).map_err(|error| match error {
                FrameDecoderError::WindowSizeTooBig { .. } => too_large(&error),
                _ => corrupt(error),
            })?;
            self.frame = Some(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _};

    use super::unpack;

    #[test]
    fn packed_text_reads_like_plain_text() {
        // `printf 'a\n'` through gzip, xz and zstd, and two of each in a row.
        let gz = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xe4\x02\x00\x07\xa1\xea\xdd\x02\x00\x00\x00";
        let zst = b"\x28\xb5\x2f\xfd\x04\x58\x11\x00\x00\x61\x0a\x55\xc8\xcc\x1e";
        let xz = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x01\x61\x0a\x00\
            \x00\x00\x13\x47\x3f\xb8\x93\x9d\x45\xd4\x00\x01\x1a\x02\xdc\x2e\xa5\x7e\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";
        for packed in [gz.as_slice(), zst.as_slice(), xz.as_slice()] {
            for times in [1, 2] {
                let mut text = String::new();
                let mut reader = unpack(Box::new(io::Cursor::new(packed.repeat(times)))).unwrap();
                reader.read_to_string(&mut text).unwrap();
                assert_eq!(text, "a\n".repeat(times));
            }
        }
    }

    #[test]
    fn a_file_that_takes_too_much_memory_is_refused() {
        // An xz block whose dictionary has 4 GiB, and a zstd frame whose window has 128 MiB.
        let xz =
            b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x28\x00\x00\x00\xe6\xa0\x11\xb3";
        let zst = b"\x28\xb5\x2f\xfd\x00\x88\x09\x00\x00a";
        for packed in [xz.as_slice(), zst.as_slice()] {
            let mut reader = unpack(Box::new(packed)).unwrap();
            let error = reader.read_to_end(&mut Vec::new()).unwrap_err().to_string();
            assert!(error.contains("at most 64 MiB") && error.contains("unpack"), "{error}");
        }
    }

    #[test]
    fn short_input_is_plain() {
        for plain in [b"".as_slice(), b"a", b"\x1f"] {
            let mut bytes = Vec::new();
            unpack(Box::new(plain)).unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, plain);
        }
    }
}
