//! Searching files for many marks in many writings at once.
//!
//! Every writing of every mark is known by its first eight bytes; one walk over the bytes of a file looks each window of
//! eight up in a table. Base64 depends on where a mark begins: for each of the three alignments the characters that
//! depend on neighbours are left off.

use std::collections::HashMap;
use std::path::Path;

use base64ct::{Base64Unpadded, Encoding as _};
use encoding_rs::GB18030;

/// Bytes of a writing that stand in the table.
const WINDOW: usize = 8;

/// What to look for.
pub struct Scan {
    marks: Vec<String>,
    /// First bytes of a writing → the writings that begin with them, each with its mark.
    table: HashMap<[u8; WINDOW], Vec<(Vec<u8>, usize)>>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// Marks, each once.
    pub hits: Vec<String>,
    /// Bytes looked at.
    pub bytes: usize,
}

impl Scan {
    pub fn for_marks(marks: impl IntoIterator<Item = String>) -> Self {
        let marks: Vec<String> = marks.into_iter().collect();
        let mut table: HashMap<[u8; WINDOW], Vec<(Vec<u8>, usize)>> = HashMap::new();
        for (at, mark) in marks.iter().enumerate() {
            for writing in writings(mark) {
                // A name of three characters has six bytes in GB 18030: too short for the table alone, and as a whole
                // too short to be no accident.
                let head = writing.get(..WINDOW).and_then(|head| head.try_into().ok());
                let head: [u8; WINDOW] = head.unwrap_or_else(|| panic!("{mark} is too short to look for"));
                table.entry(head).or_default().push((writing, at));
            }
        }
        Self { marks, table }
    }

    /// Looks at every file of a folder.
    pub fn over(&self, folder: &Path) -> Found {
        let mut found = vec![false; self.marks.len()];
        let mut bytes_seen = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes_seen += bytes.len();
            for (at, window) in bytes.windows(WINDOW).enumerate() {
                let head: [u8; WINDOW] = window.try_into().unwrap();
                for (writing, mark) in self.table.get(&head).into_iter().flatten() {
                    found[*mark] |= bytes[at..].starts_with(writing);
                }
            }
        }
        let hits = self.marks.iter().zip(found).filter(|(_, is)| *is).map(|(mark, _)| mark.clone()).collect();
        Found { hits, bytes: bytes_seen }
    }
}

/// All writings of a mark that somebody may find on a disk.
fn writings(mark: &str) -> Vec<Vec<u8>> {
    let wide = |to: fn(u16) -> [u8; 2]| mark.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    let forms =
        [mark.as_bytes().to_vec(), wide(u16::to_le_bytes), wide(u16::to_be_bytes), GB18030.encode(mark).0.into_owned()];
    let mut all = Vec::new();
    for form in forms {
        for shift in 0..3 {
            let text = Base64Unpadded::encode_string(&[vec![0; shift], form.clone()].concat()).into_bytes();
            // Characters that hold bits of what stands before or may stand behind.
            let front = (shift * 8).div_ceil(6);
            let back = usize::from((shift + form.len()) % 3 != 0);
            all.push(text[front..text.len() - back].to_vec());
        }
        all.push(hex::encode(&form).into_bytes());
        all.push(hex::encode_upper(&form).into_bytes());
        all.push(form);
    }
    all
}
