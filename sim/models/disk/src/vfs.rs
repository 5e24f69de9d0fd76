//! The VFS: the functions that SQLite calls, which translate its pointers and codes for [`Handle`].
//!
//! The types and the meaning of each function are those of <https://sqlite.org/c3ref/vfs.html> and
//! <https://sqlite.org/c3ref/io_methods.html>.
#![expect(
    unsafe_code,
    reason = "SQLite calls a VFS through a table of C functions, and passes them pointers to files, names and buffers"
)]

use crate::{
    handle::{Handle, Refused},
    locks::Level,
    registry,
    shm::Shm,
};
use rusqlite::ffi;
use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr, slice,
    sync::Once,
};

/// The name under which SQLite knows the VFS.
pub(crate) const NAME: &CStr = c"model-disk";

/// The longest path of a file, bytes.
const PATH_BYTES_MAX: c_int = 256;

/// What SQLite assumes about sectors, bytes; that of its VFS for Unix. The disk itself has smaller ones.
const SECTOR_BYTES: c_int = 4096;

/// The Unix epoch as a Julian day number, in milliseconds. Time stands there.
const EPOCH_MS: i64 = 210_866_760_000_000;

/// An open file as SQLite allocates it: [`ffi::sqlite3_vfs::szOsFile`] bytes, of which the first are SQLite's own.
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    handle: *mut Handle,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2, // with shared memory, without memory-mapped files
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes the VFS known to SQLite, once in a process. It is not the default one.
pub(crate) fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<OpenFile>() as c_int,
            mxPathname: PATH_BYTES_MAX,
            pNext: ptr::null_mut(),
            zName: NAME.as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: Some(dl_open),
            xDlError: Some(dl_error),
            xDlSym: Some(dl_sym),
            xDlClose: Some(dl_close),
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(get_last_error),
            xCurrentTimeInt64: Some(current_time_int64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the table is complete and lives as long as the process.
        let code = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
        assert_eq!(code, ffi::SQLITE_OK, "SQLite takes a VFS");
    });
}

/// The open file behind SQLite's pointer.
///
/// # Safety
/// `file` is one that [`open`] has opened, and [`close`] has not closed. SQLite passes a file to one function at a time.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Handle {
    // SAFETY: `open` has put a handle there, from a box that `close` takes back.
    unsafe { &mut *(*file.cast::<OpenFile>()).handle }
}

/// The path in a name of SQLite's; `None` if there is none or it is no text.
///
/// # Safety
/// `name` is null, or ends with a zero and outlives the call.
unsafe fn path<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

/// The code for a result: `failed` only if the machine has lost power.
fn code(result: Result<(), Refused>, failed: c_int) -> c_int {
    match result {
        Ok(()) => ffi::SQLITE_OK,
        Err(Refused::Busy) => ffi::SQLITE_BUSY,
        Err(Refused::Full) => ffi::SQLITE_FULL,
        Err(Refused::PowerLost) => failed,
    }
}

/// Stores a result where SQLite expects it, or returns `failed`.
///
/// # Safety
/// `out` can be written to.
unsafe fn store<T>(result: Result<T, Refused>, out: *mut T, failed: c_int) -> c_int {
    match result {
        Ok(value) => {
            // SAFETY: the caller's promise.
            unsafe { *out = value };
            ffi::SQLITE_OK
        }
        Err(refused) => code(Err(refused), failed),
    }
}

fn level(code: c_int) -> Level {
    match code {
        ffi::SQLITE_LOCK_NONE => Level::None,
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

// The functions below are called by SQLite only, which keeps the promises of its documentation: files are open, names end
// with a zero, buffers have the length that is given, and results can be written. This is what each `SAFETY` refers to.

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let file = file.cast::<OpenFile>();
    // SAFETY: SQLite has allocated `szOsFile` bytes. A file without methods is one that is not open.
    unsafe { (*file).base.pMethods = ptr::null() };
    let has = |flag: c_int| flags & flag != 0;
    // SAFETY: a name of SQLite's.
    let opened = match unsafe { path(name) } {
        None if name.is_null() => Some(Handle::open_temporary()),
        None => None,
        Some(path) => Handle::open(path, has(ffi::SQLITE_OPEN_CREATE), has(ffi::SQLITE_OPEN_DELETEONCLOSE)),
    };
    let Some(opened) = opened else {
        return ffi::SQLITE_CANTOPEN;
    };
    // SAFETY: as above; `out_flags` may be null.
    unsafe {
        (*file).handle = Box::into_raw(Box::new(opened));
        (*file).base.pMethods = &METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let file = file.cast::<OpenFile>();
    // SAFETY: `open` has put the box there, and SQLite closes a file once.
    unsafe {
        drop(Box::from_raw((*file).handle));
        (*file).base.pMethods = ptr::null();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, bytes: c_int, offset: i64) -> c_int {
    let (into, length) = (into.cast::<u8>(), bytes as usize);
    let mut is_short = false;
    // SAFETY: SQLite's buffer has `length` bytes, and no part of it is in the file.
    let take = |from: &[u8]| unsafe {
        ptr::copy_nonoverlapping(from.as_ptr(), into, from.len());
        ptr::write_bytes(into.add(from.len()), 0, length - from.len());
        is_short = from.len() < length;
    };
    // SAFETY: an open file.
    let done = unsafe { handle(file) }.read(offset as usize, length, take);
    match done {
        Ok(()) if is_short => ffi::SQLITE_IOERR_SHORT_READ,
        done => code(done, ffi::SQLITE_IOERR_READ),
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, bytes: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite's buffer has `bytes` bytes, and an open file.
    let written = unsafe {
        let from = slice::from_raw_parts(from.cast::<u8>(), bytes as usize);
        handle(file).write(offset as usize, from)
    };
    code(written, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, bytes: i64) -> c_int {
    // SAFETY: an open file.
    let cut = unsafe { handle(file) }.truncate(bytes as usize);
    code(cut, ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    code(unsafe { handle(file) }.sync(), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, bytes: *mut i64) -> c_int {
    // SAFETY: an open file, and a result.
    unsafe {
        let length = handle(file).len().map(|length| length as i64);
        store(length, bytes, ffi::SQLITE_IOERR_FSTAT)
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, to: c_int) -> c_int {
    // SAFETY: an open file.
    code(unsafe { handle(file) }.lock(level(to)), ffi::SQLITE_IOERR_LOCK)
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, to: c_int) -> c_int {
    // SAFETY: an open file.
    code(unsafe { handle(file) }.unlock(level(to)), ffi::SQLITE_IOERR_UNLOCK)
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, is_reserved: *mut c_int) -> c_int {
    // SAFETY: an open file, and a result.
    unsafe {
        let reserved = handle(file).is_reserved().map(c_int::from);
        store(reserved, is_reserved, ffi::SQLITE_IOERR_CHECKRESERVEDLOCK)
    }
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND // nothing beyond what SQLite does by itself
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    SECTOR_BYTES
}

unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open file, and a result. The region lives until `shm_unmap` or `close`.
    unsafe {
        let region = handle(file).shm_region(region as usize, bytes as usize, extend != 0);
        let region = region.map(|region| region.map_or(ptr::null_mut(), |words| words.cast::<c_void>()));
        store(region, out, ffi::SQLITE_IOERR_SHMMAP)
    }
}

unsafe extern "C" fn shm_lock(file: *mut ffi::sqlite3_file, first: c_int, count: c_int, flags: c_int) -> c_int {
    let slots = (((1_u32 << count) - 1) << first) as u8; // there are eight
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        handle.shm_unlock(slots);
        return ffi::SQLITE_OK;
    }
    let locked = handle.shm_lock(slots, flags & ffi::SQLITE_SHM_EXCLUSIVE != 0);
    code(locked, ffi::SQLITE_IOERR_SHMLOCK)
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    Shm::barrier();
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    unsafe { handle(file) }.shm_unmap();
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, syncs: c_int) -> c_int {
    // SAFETY: a name of SQLite's.
    let Some((disk, name)) = unsafe { path(name) }.and_then(registry::find) else {
        return ffi::SQLITE_IOERR_DELETE;
    };
    match disk.state().delete(name, syncs != 0) {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(_) => ffi::SQLITE_IOERR_DELETE,
    }
}

unsafe extern "C" fn access(_: *mut ffi::sqlite3_vfs, name: *const c_char, _: c_int, out: *mut c_int) -> c_int {
    // SAFETY: a name of SQLite's, and a result.
    unsafe {
        let found = path(name).and_then(registry::find);
        *out = c_int::from(found.is_some_and(|(disk, name)| disk.state().is_there(name)));
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    bytes: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: a name of SQLite's.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if name.len() > bytes as usize {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: SQLite's buffer has `bytes` bytes. Every path is a full one.
    unsafe { ptr::copy_nonoverlapping(name.as_ptr().cast(), out, name.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn dl_open(_: *mut ffi::sqlite3_vfs, _: *const c_char) -> *mut c_void {
    ptr::null_mut() // there are no libraries on this disk
}

unsafe extern "C" fn dl_error(_: *mut ffi::sqlite3_vfs, bytes: c_int, out: *mut c_char) {
    if bytes > 0 {
        // SAFETY: SQLite's buffer has `bytes` bytes.
        unsafe { *out = 0 };
    }
}

unsafe extern "C" fn dl_sym(
    _: *mut ffi::sqlite3_vfs,
    _: *mut c_void,
    _: *const c_char,
) -> Option<unsafe extern "C" fn(*mut ffi::sqlite3_vfs, *mut c_void, *const c_char)> {
    None
}

unsafe extern "C" fn dl_close(_: *mut ffi::sqlite3_vfs, _: *mut c_void) {}

/// SQLite seeds its generator from the default VFS, never from this one. If it asks, the answer does not depend on
/// anything.
unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, bytes: c_int, out: *mut c_char) -> c_int {
    // SAFETY: SQLite's buffer has `bytes` bytes.
    unsafe { ptr::write_bytes(out, 0, bytes as usize) };
    bytes
}

/// A connection that sleeps waits for what cannot happen meanwhile: see the documentation of the crate.
unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, days: *mut f64) -> c_int {
    // SAFETY: a result.
    unsafe { *days = EPOCH_MS as f64 / 86_400_000.0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_int64(_: *mut ffi::sqlite3_vfs, ms: *mut i64) -> c_int {
    // SAFETY: a result.
    unsafe { *ms = EPOCH_MS };
    ffi::SQLITE_OK
}

unsafe extern "C" fn get_last_error(_: *mut ffi::sqlite3_vfs, _: c_int, _: *mut c_char) -> c_int {
    0 // SQLite's own codes say everything
}
