//! A ZIP file whose members are stored as they are (APPNOTE.TXT 6.3.3, 4.3): the outer form of DOCX and XLSX. Pure.

/// Bytes of a file with these members, in order.
pub fn pack(members: &[(&str, String)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for (name, text) in members {
        let at = file.len();
        let head = head(name, text.as_bytes());
        file.extend(0x0403_4b50_u32.to_le_bytes());
        file.extend(&head);
        file.extend([0, 0]);
        file.extend(name.as_bytes());
        file.extend(text.as_bytes());
        directory.extend(0x0201_4b50_u32.to_le_bytes());
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&head);
        // Extra field, comment, disk, internal and external attributes: none.
        directory.extend([0; 12]);
        directory.extend(size(at).to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, length) = (size(file.len()), size(directory.len()));
    let count = u16::try_from(members.len()).unwrap_or(u16::MAX).to_le_bytes();
    file.extend(directory);
    file.extend(0x0605_4b50_u32.to_le_bytes());
    file.extend([0; 4]);
    file.extend(count);
    file.extend(count);
    file.extend(length.to_le_bytes());
    file.extend(at.to_le_bytes());
    file.extend([0; 2]);
    file
}

/// From the version needed to the length of the name.
fn head(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut head = Vec::with_capacity(24);
    head.extend(20_u16.to_le_bytes());
    // Names in UTF-8; stored.
    head.extend(0x0800_u16.to_le_bytes());
    head.extend(0_u16.to_le_bytes());
    // 1980-01-01 00:00: files made of the same data are the same.
    head.extend(0_u16.to_le_bytes());
    head.extend(0x0021_u16.to_le_bytes());
    head.extend(checksum(bytes).to_le_bytes());
    head.extend(size(bytes.len()).to_le_bytes());
    head.extend(size(bytes.len()).to_le_bytes());
    head.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
    head
}

fn size(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// CRC-32 of ISO 3309.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _: u8| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step));
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_the_one_of_the_standard() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b""), 0);
    }

    #[test]
    fn members_stand_where_the_directory_says() {
        let file = pack(&[("a.txt", "one".to_owned()), ("б.txt", "two".to_owned())]);
        let end = file.len() - 22;
        assert_eq!(file[end..end + 4], [0x50, 0x4b, 5, 6]);
        let word = |at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
        let directory = usize::try_from(word(end + 16)).unwrap();
        assert_eq!(word(directory), 0x0201_4b50);
        assert_eq!(file[end + 10], 2);
        let first = usize::try_from(word(directory + 42)).unwrap();
        assert_eq!(word(first), 0x0403_4b50);
        assert_eq!(&file[first + 30..first + 38], b"a.txtone");
    }
}
