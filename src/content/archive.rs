//! The container: one file in the form of a POSIX archive (ustar), so that anybody can look into it with `tar tf`.
//!
//! [`write()`] gives the same bytes for the same files: names are sorted by the caller's map, owner, group, mode and time are
//! fixed. [`read`] takes plain files with plain names only. A link, a folder, a path upwards, a name twice, a size that
//! does not fit or a check sum that does not hold is a fault with its place in the file; memory never grows beyond the
//! bytes that were handed in.
//!
//! Left out: compression (the line carries what changed, not the whole), long names and sparse files.

use std::collections::BTreeMap;

/// Files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Bytes of a block.
const BLOCK: usize = 512;
/// Longest name of a file, which the form gives.
const NAME: usize = 100;
/// Most files of one container: five thousand items with forms and samples have a tenth of it.
const MOST: usize = 60_000;

/// What is wrong with a container, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct ContainerFault {
    /// Offset in bytes.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// Whether a name may stand in a container: letters, digits, `.`, `_`, `-` and `/` between, nothing hidden, no way upwards.
pub fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    name.len() <= NAME && name.split('/').all(part)
}

/// Writes files into a container, in this order: the same files give the same bytes.
///
/// # Errors
/// Names the file whose name cannot stand in a container.
pub fn write<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    for (name, bytes) in files {
        if !is_name(name) {
            return Err(name.to_owned());
        }
        out.extend(head(name, bytes.len()));
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    Ok(out)
}

fn head(name: &str, size: usize) -> [u8; BLOCK] {
    let mut head = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    head
}

/// Reads a container.
///
/// # Errors
/// [`ContainerFault`] for the first thing that is not as [`write()`] makes it.
pub fn read(bytes: &[u8]) -> Result<Files, ContainerFault> {
    let mut files = Files::new();
    let mut at = 0;
    loop {
        let fault = |what| ContainerFault { at, what };
        let head = bytes.get(at..at + BLOCK).ok_or(fault("the file ends too early"))?;
        if head.iter().all(|byte| *byte == 0) {
            return if files.is_empty() { Err(fault("there is nothing inside")) } else { Ok(files) };
        }
        if head.get(257..262) != Some(b"ustar") {
            return Err(fault("this is not a package"));
        }
        let sum: u32 =
            head.iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { 32 } else { u32::from(*b) }).sum();
        if octal(&head[148..156]) != usize::try_from(sum).ok() {
            return Err(fault("a check sum does not hold"));
        }
        // Old writers leave the kind empty for a plain file.
        if !matches!(head[156], b'0' | 0) || head[345] != 0 {
            return Err(fault("something other than a plain file"));
        }
        let name = head[..NAME].split(|byte| *byte == 0).next().unwrap_or_default();
        let name =
            std::str::from_utf8(name).ok().filter(|name| is_name(name)).ok_or(fault("a name that may not be"))?;
        let size = octal(&head[124..136]).ok_or(fault("a size that cannot be read"))?;
        let from = at + BLOCK;
        let body = from.checked_add(size).and_then(|to| bytes.get(from..to)).ok_or(fault("the file ends too early"))?;
        if files.len() == MOST {
            return Err(fault("too many files"));
        }
        if files.insert(name.to_owned(), body.to_vec()).is_some() {
            return Err(fault("a name that is there twice"));
        }
        at = from + size.next_multiple_of(BLOCK);
    }
}

/// A number as the form writes it: octal digits, ended by a zero or a space.
fn octal(field: &[u8]) -> Option<usize> {
    let end = field.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(field.len());
    let digits = std::str::from_utf8(&field[..end]).ok().filter(|digits| !digits.is_empty())?;
    usize::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use proptest::prelude::*;

    use super::*;

    fn sample() -> Vec<u8> {
        write([("manifest.json", b"{}".as_slice()), ("items/a-1.json", &[7; 700])]).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back_and_the_same_files_are_the_same_bytes() {
        let files = read(&sample()).unwrap();
        assert_eq!(files["manifest.json"], b"{}");
        assert_eq!(files["items/a-1.json"], [7; 700]);
        assert_eq!(sample(), sample());
        assert_eq!(sample().len() % BLOCK, 0);
    }

    #[test]
    fn the_common_program_for_such_archives_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("package");
        std::fs::write(&path, sample()).unwrap();
        let listed = std::process::Command::new("tar").arg("tf").arg(&path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&listed.stdout), "manifest.json\nitems/a-1.json\n");
    }

    #[test]
    fn names_that_lead_elsewhere_are_neither_written_nor_read() {
        for bad in ["", "/etc/passwd", "../up", "a/../b", "a//b", ".hidden", "a/.b", "a b", "名字", &"x".repeat(101)]
        {
            assert!(!is_name(bad), "{bad}");
            assert!(write([(bad, b"x".as_slice())]).is_err(), "{bad}");
        }
        // A stranger's program writes what ours does not.
        let mut bytes = sample();
        bytes[..3].copy_from_slice(b"../");
        mend_sum(&mut bytes);
        assert_eq!(read(&bytes).unwrap_err().what, "a name that may not be");
    }

    #[test]
    fn a_link_a_name_twice_and_a_torn_file_are_faults_with_their_place() {
        let mut link = sample();
        link[156] = b'2';
        mend_sum(&mut link);
        assert_eq!(read(&link).unwrap_err().what, "something other than a plain file");
        let one = write([("a", b"1".as_slice())]).unwrap();
        let twice = [&one[..2 * BLOCK], &one].concat();
        assert_eq!(read(&twice).unwrap_err(), ContainerFault { at: 1024, what: "a name that is there twice" });
        let torn = &sample()[..1800];
        assert_eq!(read(torn).unwrap_err().what, "the file ends too early");
        let mut sum = sample();
        sum[0] = b'n';
        assert_eq!(read(&sum).unwrap_err().what, "a check sum does not hold");
    }

    fn mend_sum(bytes: &mut [u8]) {
        bytes[148..156].fill(b' ');
        let sum: u32 = bytes[..BLOCK].iter().map(|byte| u32::from(*byte)).sum();
        bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_change_of_a_real_one_is_survived(at in 0_usize..2560, byte in any::<u8>()) {
            let mut bytes = sample();
            bytes[at] = byte;
            let _ = read(&bytes);
        }
    }
}
