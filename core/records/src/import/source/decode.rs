//! Text encodings: which one a file has, and its text as UTF-8 piece by piece.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251};

const BUFFER: usize = 1 << 16;

/// The encoding of a file. A byte order mark decides; else whatever is valid UTF-8 is that, and so is text with many
/// good UTF-8 sequences and a few broken bytes (the broken rows are refused later); the rest is windows-1251, which is
/// what Excel writes in this part of the world.
pub(super) fn encoding_of(path: &Path) -> io::Result<&'static Encoding> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0_u8; BUFFER];
    let (mut good, mut bad) = (0_usize, 0_usize);
    let mut kept = 0;
    let mut first = true;
    loop {
        let read = file.read(buffer.get_mut(kept..).unwrap_or_default())?;
        let bytes = buffer.get(..kept + read).unwrap_or_default();
        if first {
            if let Some((encoding, _)) =
                Encoding::for_bom(bytes).filter(|(e, _)| *e == UTF_8 || *e == UTF_16LE || *e == UTF_16BE)
            {
                return Ok(encoding);
            }
            first = false;
        }
        let rest = count(bytes, read == 0, &mut good, &mut bad);
        if read == 0 {
            break;
        }
        let from = bytes.len() - rest;
        buffer.copy_within(from..from + rest, 0);
        kept = rest;
    }
    Ok(if bad == 0 || good > 8 * bad { UTF_8 } else { WINDOWS_1251 })
}

/// Counts good sequences of several bytes and bad bytes. Returns how many bytes at the end may be the start of a
/// sequence that goes on.
fn count(mut bytes: &[u8], end: bool, good: &mut usize, bad: &mut usize) -> usize {
    loop {
        let (text, error) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                (std::str::from_utf8(valid).unwrap_or_default(), Some(error))
            }
        };
        *good += text.chars().filter(|c| !c.is_ascii()).count();
        let Some(error) = error else { return 0 };
        let rest = bytes.get(error.valid_up_to()..).unwrap_or_default();
        match error.error_len() {
            None if !end => return rest.len(),
            None => {
                *bad += rest.len();
                return 0;
            }
            Some(length) => {
                *bad += length;
                bytes = rest.get(length..).unwrap_or_default();
            }
        }
    }
}

/// The bytes of a reader as UTF-8; what cannot be decoded becomes U+FFFD.
pub(super) struct Utf8<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    raw_end: usize,
    text: Vec<u8>,
    text_at: usize,
    text_end: usize,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    /// Over a reader; a byte order mark is left out.
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; BUFFER],
            raw_at: 0,
            raw_end: 0,
            text: vec![0; BUFFER],
            text_at: 0,
            text_end: 0,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        while self.text_at == self.text_end && !self.ended {
            if self.raw_at == self.raw_end {
                self.raw_end = self.inner.read(&mut self.raw)?;
                self.raw_at = 0;
            }
            let last = self.raw_end == 0;
            let raw = self.raw.get(self.raw_at..self.raw_end).unwrap_or_default();
            let (result, read, written, _) = self.decoder.decode_to_utf8(raw, &mut self.text, last);
            self.raw_at += read;
            self.text_at = 0;
            self.text_end = written;
            self.ended = last && result == CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let text = self.text.get(self.text_at..self.text_end).unwrap_or_default();
        let length = Ord::min(text.len(), out.len());
        for (to, from) in out.iter_mut().zip(text) {
            *to = *from;
        }
        self.text_at += length;
        Ok(length)
    }
}
