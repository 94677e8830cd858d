//! Small pictures of pictures. A file of a few bytes may claim to be a picture of gigabytes: how large it is is asked before
//! anything is unpacked, and what unpacks it has a limit of its own.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader, Limits};

/// Bytes of a picture of which a thumbnail is made.
pub const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// Its pixels.
const MAX_PIXELS: u64 = 50_000_000;
/// Bytes of memory to unpack it.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;
/// The longer side of a thumbnail.
const SIDE: u32 = 320;

/// A PNG of at most 320 by 320 pixels; none when the bytes are no picture within the limits. Takes up to a second of
/// processor time: not for async threads.
pub fn of(bytes: &[u8]) -> Option<Vec<u8>> {
    let (width, height) = reader(bytes)?.into_dimensions().ok()?;
    if u64::from(width).saturating_mul(u64::from(height)) > MAX_PIXELS {
        return None;
    }
    let picture = reader(bytes)?.decode().ok()?;
    let small = if width.max(height) > SIDE { picture.thumbnail(SIDE, SIDE) } else { picture };
    // Deep colours are for printing.
    let small = match small.color().has_alpha() {
        true => DynamicImage::ImageRgba8(small.into_rgba8()),
        false => DynamicImage::ImageRgb8(small.into_rgb8()),
    };
    let mut written = Cursor::new(Vec::new());
    small.write_to(&mut written, ImageFormat::Png).ok()?;
    Some(written.into_inner())
}

fn reader(bytes: &[u8]) -> Option<ImageReader<Cursor<&[u8]>>> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    Some(reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut written = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut written, ImageFormat::Png).unwrap();
        written.into_inner()
    }

    /// The same picture with another size in its header (a PNG's: after the signature, the length and the name).
    fn lying(mut png: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let mut crc = !0_u32;
        for byte in &png[12..29] {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1));
            }
        }
        png[29..33].copy_from_slice(&(!crc).to_be_bytes());
        png
    }

    #[test]
    fn pictures_become_small_and_bombs_nothing() {
        let small = of(&png(1_000, 500)).unwrap();
        let read = image::load_from_memory(&small).unwrap();
        assert_eq!((read.width(), read.height()), (320, 160));
        let tiny = image::load_from_memory(&of(&png(3, 2)).unwrap()).unwrap();
        assert_eq!((tiny.width(), tiny.height()), (3, 2));
        for (width, height) in [(60_000, 60_000), (u32::MAX >> 1, 1), (8_000, 8_000), (0, 5)] {
            assert!(of(&lying(png(3, 2), width, height)).is_none(), "{width} x {height}");
        }
        // Within the limit of pixels, but with nothing behind the header.
        assert!(of(&lying(png(3, 2), 5_000, 5_000)).is_none());
        let whole = png(200, 200);
        assert!(of(&whole[..whole.len() / 2]).is_none());
        for junk in [&b""[..], b"GIF89a", b"\xff\xd8\xff\xe0", b"RIFF\xff\xff\xff\xffWEBPVP8L", b"BM not known here"] {
            assert!(of(junk).is_none());
        }
    }
}
