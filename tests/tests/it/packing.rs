//! The formats in which logs are packed.

use std::io::Write as _;

/// A format, and what packs a text in it.
pub(crate) struct Packer {
    /// The end of the names of its files.
    pub(crate) name: &'static str,
    pub(crate) pack: fn(&[u8]) -> Vec<u8>,
    /// Whether its checksum shows each wrong bit of the text.
    pub(crate) has_checksum: bool,
}

/// All of them, and no packing.
pub(crate) const FORMATS: [Packer; 7] = [
    Packer { name: "log", pack: <[u8]>::to_vec, has_checksum: false },
    Packer { name: "log.gz", pack: gzip, has_checksum: true },
    Packer { name: "log.xz", pack: xz, has_checksum: true },
    Packer { name: "log.zst", pack: zstd, has_checksum: true },
    Packer { name: "zip", pack: zip, has_checksum: true },
    Packer { name: "tar", pack: tar, has_checksum: false },
    Packer { name: "tgz", pack: |text| gzip(&tar(text)), has_checksum: true },
];

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

fn xz(text: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::default();
    let mut packer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

fn zip(text: &[u8]) -> Vec<u8> {
    let mut packer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    packer.start_file("input.log", options).unwrap();
    packer.write_all(text).unwrap();
    packer.finish().unwrap().into_inner()
}

fn tar(text: &[u8]) -> Vec<u8> {
    let mut head = tar::Header::new_gnu();
    head.set_size(text.len() as u64);
    head.set_mode(0o644);
    let mut packer = tar::Builder::new(Vec::new());
    packer.append_data(&mut head, "input.log", text).unwrap();
    packer.into_inner().unwrap()
}
