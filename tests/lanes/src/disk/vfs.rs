//! [`Disk`] as a file system of SQLite: the one file with unsafe code, and nothing but the glue.
//!
//! One file system is registered for the process, for ever. Which disk is meant stands in the path: `/<number>/<name>`,
//! so that any number of disks can be mounted by any number of threads.

#![expect(
    unsafe_code,
    reason = "SQLite calls a file system through C function pointers; this package is for tests alone"
)]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::PathBuf;
use std::ptr;
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError};

use rusqlite::ffi;

use super::{Disk, Failure, Inode};

/// Name of the file system, for `Opening::vfs`.
pub const NAME: &str = "lanes";
const C_NAME: &CStr = c"lanes";

/// Longest path SQLite may ask about.
const LONGEST_PATH: c_int = 256;
/// What the system's file system says on Linux.
const SECTOR: c_int = 4096;

/// The last number given, and the disks by number.
type Mounted = (u64, BTreeMap<u64, Arc<Disk>>);

static MOUNTED: LazyLock<Mutex<Mounted>> = LazyLock::new(Mutex::default);

/// A disk in its place. Dropping it takes the disk out.
#[derive(Debug)]
pub struct Mount {
    number: u64,
    /// The disk.
    pub disk: Arc<Disk>,
}

impl Mount {
    /// Mounts a disk under a fresh number.
    pub fn of(disk: Arc<Disk>) -> Self {
        register();
        let mut mounted = MOUNTED.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.0 += 1;
        let number = mounted.0;
        mounted.1.insert(number, Arc::clone(&disk));
        Self { number, disk }
    }

    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(format!("/{}", self.number))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        MOUNTED.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&self.number);
    }
}

/// Disk and name of a path.
fn find(path: &str) -> Option<(Arc<Disk>, String)> {
    let (number, name) = path.strip_prefix('/')?.split_once('/')?;
    let mounted = MOUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    Some((Arc::clone(mounted.1.get(&number.parse().ok()?)?), name.to_owned()))
}

/// What SQLite holds for an open file: its own head, then ours.
#[repr(C)]
struct Handle {
    head: ffi::sqlite3_file,
    file: *mut OpenFile,
}

struct OpenFile {
    disk: Arc<Disk>,
    inode: Inode,
    /// It has a name, so it is part of the log.
    is_named: bool,
    /// It is the write-ahead log.
    is_log: bool,
    /// The next sync also syncs the folder.
    syncs_folder: bool,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Version 1: no shared memory and no memory mapping.
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(lock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: `sqlite3_vfs_find` with null gives the default file system or null; what it gives lives for ever.
        let system = unsafe { ffi::sqlite3_vfs_find(ptr::null()).as_ref() };
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 1,
            szOsFile: c_int::try_from(size_of::<Handle>()).unwrap_or(c_int::MAX),
            mxPathname: LONGEST_PATH,
            pNext: ptr::null_mut(),
            zName: C_NAME.as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_path),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: system.and_then(|system| system.xRandomness),
            xSleep: system.and_then(|system| system.xSleep),
            xCurrentTime: system.and_then(|system| system.xCurrentTime),
            xGetLastError: None,
            xCurrentTimeInt64: None,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the structure is leaked, so it lives for ever, and its functions keep to the contract of SQLite.
        let result = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
        assert_eq!(result, ffi::SQLITE_OK, "a file system registers");
    });
}

/// A path as SQLite hands it over.
///
/// # Safety
/// `path` is null or a C string that lives as long as the call.
unsafe fn text<'a>(path: *const c_char) -> Option<&'a str> {
    if path.is_null() {
        return None;
    }
    // SAFETY: not null, and a C string by the caller's word.
    unsafe { CStr::from_ptr(path) }.to_str().ok()
}

/// Our half of a file.
///
/// # Safety
/// `file` was opened by [`open`] with success and is not closed; SQLite calls no two methods of one file at once.
unsafe fn ours<'a>(file: *mut ffi::sqlite3_file) -> &'a mut OpenFile {
    // SAFETY: `open` put a `Handle` with a boxed `OpenFile` there, and `close` was not called yet.
    unsafe { &mut *(*file.cast::<Handle>()).file }
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let handle = file.cast::<Handle>();
    // SAFETY: SQLite gives `szOsFile` bytes for the handle. Null methods say that there is nothing to close.
    unsafe { (*handle).head.pMethods = ptr::null() };
    // SAFETY: a C string or null, by the contract of xOpen.
    let path = unsafe { text(path) };
    let creates = flags & ffi::SQLITE_OPEN_CREATE != 0;
    let is_log = flags & ffi::SQLITE_OPEN_WAL != 0;
    let is_journal = flags & (ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL) != 0;
    let opened = match path {
        Some(path) => {
            let Some((disk, name)) = find(path) else { return ffi::SQLITE_CANTOPEN };
            let found = disk.state().open(&name, creates);
            match found {
                Ok(Some(inode)) => {
                    let syncs_folder = creates && (is_log || is_journal);
                    OpenFile { disk, inode, is_named: true, is_log, syncs_folder }
                }
                Ok(None) | Err(_) => return ffi::SQLITE_CANTOPEN,
            }
        }
        None => {
            let disk = Disk::with([]);
            let inode = disk.state().nameless();
            OpenFile { disk, inode, is_named: false, is_log: false, syncs_folder: false }
        }
    };
    // SAFETY: as above; `out_flags` is null or a place for an int.
    unsafe {
        (*handle).file = Box::into_raw(Box::new(opened));
        (*handle).head.pMethods = &raw const METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: called once for an open file; the box comes from `open`.
    drop(unsafe { Box::from_raw((*file.cast::<Handle>()).file) });
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, amount: c_int, at: i64) -> c_int {
    // SAFETY: an open file, and `amount` bytes at `into`.
    let (file, into) = unsafe { (ours(file), std::slice::from_raw_parts_mut(into.cast::<u8>(), natural(amount))) };
    let result = file.disk.state().read(file.inode, place(at), into);
    match result {
        Ok(length) if length == into.len() => ffi::SQLITE_OK,
        Ok(length) => {
            into[length..].fill(0);
            ffi::SQLITE_IOERR_SHORT_READ
        }
        Err(_) => ffi::SQLITE_IOERR_READ,
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, amount: c_int, at: i64) -> c_int {
    // SAFETY: an open file, and `amount` bytes at `from`.
    let (file, from) = unsafe { (ours(file), std::slice::from_raw_parts(from.cast::<u8>(), natural(amount))) };
    let result = file.disk.state().write(file.inode, place(at), from, file.is_named);
    match result {
        Ok(()) => ffi::SQLITE_OK,
        Err(Failure::Full) => ffi::SQLITE_FULL,
        Err(_) => ffi::SQLITE_IOERR_WRITE,
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { ours(file) };
    let result = file.disk.state().truncate(file.inode, place(length), file.is_named);
    if result.is_ok() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_TRUNCATE }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file.
    let file = unsafe { ours(file) };
    let result = file.disk.state().sync(file.inode, file.is_log, file.syncs_folder);
    if result.is_ok() {
        file.syncs_folder = false;
        ffi::SQLITE_OK
    } else {
        ffi::SQLITE_IOERR_FSYNC
    }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: an open file, and a place for the size.
    unsafe {
        let file = ours(file);
        let length = file.disk.state().length(file.inode);
        *size = i64::try_from(length).unwrap_or(i64::MAX);
    }
    ffi::SQLITE_OK
}

/// One program uses a disk here; locks are given.
unsafe extern "C" fn lock(_file: *mut ffi::sqlite3_file, _level: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(_file: *mut ffi::sqlite3_file, is_locked: *mut c_int) -> c_int {
    // SAFETY: a place for an int.
    unsafe { *is_locked = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_file: *mut ffi::sqlite3_file, _op: c_int, _argument: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    SECTOR
}

unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, path: *const c_char, syncs_folder: c_int) -> c_int {
    // SAFETY: a C string.
    let Some((disk, name)) = unsafe { text(path) }.and_then(find) else { return ffi::SQLITE_IOERR_DELETE };
    let result = disk.state().delete(&name, syncs_folder & 1 != 0);
    match result {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(_) => ffi::SQLITE_IOERR_DELETE,
    }
}

unsafe extern "C" fn access(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _flags: c_int,
    answer: *mut c_int,
) -> c_int {
    // SAFETY: a C string, and a place for an int.
    unsafe {
        // As the system's own: an empty file counts as none.
        let is_there = text(path).and_then(find).is_some_and(|(disk, name)| {
            let state = disk.state();
            state.names.get(&name).is_some_and(|file| state.length(*file) > 0)
        });
        *answer = c_int::from(is_there);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: a C string, and `room` bytes at `out`.
    unsafe {
        let path = CStr::from_ptr(path).to_bytes_with_nul();
        if path.len() > natural(room) {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(path.as_ptr().cast::<c_char>(), out, path.len());
    }
    ffi::SQLITE_OK
}

fn natural(amount: c_int) -> usize {
    usize::try_from(amount).unwrap_or(0)
}

fn place(at: i64) -> usize {
    usize::try_from(at).unwrap_or(0)
}
