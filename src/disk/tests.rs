//! Modes, owners, links and left-overs, with real files.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::os::unix::fs::symlink;
use std::process::Command;

use super::*;

/// Folder for the test that runs itself a second time, in a process with another mask.
const FOLDER: &str = "BIANMIN_TEST_FOLDER";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_file_is_replaced_whole_and_what_was_left_over_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/secret");
    write(&path, b"one", SECRET).unwrap();
    fs::write(folder.path().join("a/secret.new"), "half of").unwrap();
    write(&path, b"two", SECRET).unwrap();
    assert_eq!(read(&path).unwrap().as_deref(), Some("two"));
    assert_eq!((mode(&path), mode(&folder.path().join("a"))), (0o600, 0o700));
    assert!(!folder.path().join("a/secret.new").exists());
    remove(&path).unwrap();
    remove(&path).unwrap();
    assert_eq!(read(&path).unwrap(), None);
}

#[test]
fn an_open_file_is_open_whatever_mask_the_program_was_started_with() {
    let write_both = |folder: &Path| {
        write(&folder.join("config.d/50-place.toml"), b"x", OPEN).unwrap();
        write(&folder.join("keys/machine.key"), b"x", SECRET).unwrap();
    };
    if let Some(folder) = std::env::var_os(FOLDER) {
        return write_both(Path::new(&folder));
    }
    // A mask belongs to a process, so the same test does the writing in one of its own.
    for mask in ["077", "000"] {
        let folder = tempfile::tempdir().unwrap();
        let name = "disk::tests::an_open_file_is_open_whatever_mask_the_program_was_started_with";
        let child = Command::new("sh")
            .args(["-c", &format!("umask {mask}; exec \"$0\" --exact {name}")])
            .arg(std::env::current_exe().unwrap())
            .env(FOLDER, folder.path())
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        let of = |name: &str| mode(&folder.path().join(name));
        assert_eq!((of("config.d/50-place.toml"), of("config.d")), (0o644, 0o755), "{mask}");
        assert_eq!((of("keys/machine.key"), of("keys")), (0o600, 0o700), "{mask}");
    }
}

#[test]
fn a_link_in_the_folder_leads_the_writing_nowhere_else() {
    let place = tempfile::tempdir().unwrap();
    let (folder, treasure) = (place.path().join("theirs"), place.path().join("treasure"));
    fs::create_dir(&folder).unwrap();
    fs::write(&treasure, "gold").unwrap();
    symlink(&treasure, folder.join("bad.json.new")).unwrap();
    symlink(&treasure, folder.join("bad.json")).unwrap();
    assert!(read(&folder.join("bad.json")).is_err(), "nor is it read through one");
    write(&folder.join("bad.json"), b"lead", OPEN).unwrap();
    assert_eq!(fs::read_to_string(&treasure).unwrap(), "gold");
    assert_eq!(read(&folder.join("bad.json")).unwrap().as_deref(), Some("lead"));
    assert!(fs::symlink_metadata(folder.join("bad.json")).unwrap().is_file());
}

#[test]
fn what_root_writes_belongs_to_the_owner_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let owner = if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(folder.path(), Some(611), Some(610)).unwrap();
        (611, 610)
    } else {
        let us = fs::metadata(folder.path()).unwrap();
        (us.uid(), us.gid())
    };
    write(&folder.path().join("keys/machine.key"), b"x", SECRET).unwrap();
    for name in ["keys", "keys/machine.key"] {
        let made = fs::metadata(folder.path().join(name)).unwrap();
        assert_eq!((made.uid(), made.gid()), owner, "{name}");
    }
}

#[test]
fn a_pipe_and_an_endless_file_hold_no_reader() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(read(&pipe).is_err());
    let long = folder.path().join("long");
    fs::write(&long, vec![b'a'; usize::try_from(LONGEST).unwrap() + 1]).unwrap();
    assert!(read(&long).is_err());
}
