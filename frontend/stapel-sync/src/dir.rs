//! A directory that is held open: the only place from which anything in the image is changed.
//!
//! Every change names one component below a directory that was opened without following a link, so
//! no change can land anywhere else, whatever the commands of a stage left behind. Which
//! directories may be reached at all is the business of `resolve` (up to the base of a mapping)
//! and `walk` (below it).

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir as Listing, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps,
    UTIME_OMIT, Uid, chownat, fchmod, fchown, flistxattr, flistxattr_query, fstat, futimens,
    mkdirat, openat, readlinkat, statat, symlinkat, unlinkat, utimensat,
};
use rustix::io::{Errno, Result};
use rustix::process::{getegid, geteuid};

const OPEN: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
const CREATE: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::CLOEXEC);
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);

/// An open directory.
pub(crate) struct Dir {
    fd: OwnedFd,
}

/// What a name in a directory stands for.
pub(crate) enum Found {
    Directory(Dir),
    Symlink,
    Other,
    Nothing,
}

/// Numeric owner of something; what is absent stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
}

impl Ids {
    /// Returns whoever this process is.
    pub(crate) fn ours() -> Ids {
        Ids {
            user: Some(geteuid().as_raw()),
            group: Some(getegid().as_raw()),
        }
    }

    fn raw(self) -> (Option<Uid>, Option<Gid>) {
        (self.user.map(Uid::from_raw), self.group.map(Gid::from_raw))
    }
}

/// Seconds since 1970 that everything written gets as its modification time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) i64);

impl Time {
    fn stamps(self) -> Timestamps {
        let time = Timespec {
            tv_sec: self.0,
            tv_nsec: 0,
        };
        Timestamps {
            last_access: time,
            last_modification: time,
        }
    }
}

impl Dir {
    /// Opens the root below which everything happens.
    pub(crate) fn root(path: &Path) -> Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Dir {
            fd: openat(CWD, path, flags, Mode::empty())?,
        })
    }

    /// Opens the same directory once more.
    pub(crate) fn duplicate(&self) -> Result<Dir> {
        Ok(Dir {
            fd: openat(&self.fd, c".", OPEN, Mode::empty())?,
        })
    }

    pub(crate) fn find(&self, name: &[u8]) -> Result<Found> {
        match openat(&self.fd, name, OPEN, Mode::empty()) {
            Ok(fd) => Ok(Found::Directory(Dir { fd })),
            Err(Errno::NOENT) => Ok(Found::Nothing),
            Err(Errno::NOTDIR | Errno::LOOP) => Ok(match self.kind(name)? {
                Some(FileType::Symlink) => Found::Symlink,
                Some(_) => Found::Other,
                None => Found::Nothing,
            }),
            Err(why) => Err(why),
        }
    }

    /// Returns what a name is itself, links not followed.
    pub(crate) fn kind(&self, name: &[u8]) -> Result<Option<FileType>> {
        match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Lists what is in it, with what each name is itself.
    pub(crate) fn entries(&self) -> Result<Vec<(Vec<u8>, FileType)>> {
        let mut found = Vec::new();
        for entry in Listing::read_from(&self.fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                // Not every file system says.
                FileType::Unknown => self.kind(name)?.unwrap_or(FileType::Unknown),
                kind => kind,
            };
            found.push((name.to_vec(), kind));
        }
        Ok(found)
    }

    /// Says whether it has an extended attribute, such as an access list, that is not just a label of the host's.
    pub(crate) fn has_attributes(&self) -> Result<bool> {
        let names = loop {
            let size = match flistxattr_query(&self.fd) {
                Ok(size) => size,
                Err(Errno::NOTSUP) => return Ok(false),
                Err(why) => return Err(why),
            };
            let mut names = vec![0_u8; size];
            if size == 0 {
                break names;
            }
            match flistxattr(&self.fd, &mut names[..]) {
                Ok(size) => {
                    names.truncate(size);
                    break names;
                }
                // There is more than a moment ago.
                Err(Errno::RANGE) => {}
                Err(why) => return Err(why),
            }
        };
        let mut names = names.split(|&byte| byte == 0);
        Ok(names.any(|name| !matches!(name, b"" | b"security.selinux")))
    }

    pub(crate) fn stat(&self) -> Result<Stat> {
        fstat(&self.fd)
    }

    pub(crate) fn read_link(&self, name: &[u8]) -> Result<Vec<u8>> {
        Ok(readlinkat(&self.fd, name, Vec::new())?.into_bytes())
    }

    /// Opens a regular file for reading; `None` for anything else, without waiting for it.
    pub(crate) fn open_file(&self, name: &[u8]) -> Result<Option<File>> {
        let fd = match openat(&self.fd, name, READ, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::LOOP | Errno::NXIO) => return Ok(None),
            Err(why) => return Err(why),
        };
        let regular = FileType::from_raw_mode(fstat(&fd)?.st_mode) == FileType::RegularFile;
        Ok(regular.then(|| File::from(fd)))
    }

    /// Makes a directory with exactly this mode.
    pub(crate) fn make_directory(&self, name: &[u8], mode: u32, ids: Ids) -> Result<Dir> {
        mkdirat(&self.fd, name, Mode::RWXU)?;
        let dir = Dir {
            fd: openat(&self.fd, name, OPEN, Mode::empty())?,
        };
        dir.own(ids)?;
        fchmod(&dir.fd, Mode::from_raw_mode(mode))?;
        Ok(dir)
    }

    /// Makes an empty file that was not there before; it has neither its mode nor its time yet.
    pub(crate) fn make_file(&self, name: &[u8]) -> Result<File> {
        Ok(File::from(openat(
            &self.fd,
            name,
            CREATE,
            Mode::RUSR | Mode::WUSR,
        )?))
    }

    /// Makes a symbolic link that was not there before.
    pub(crate) fn make_symlink(
        &self,
        name: &[u8],
        target: &[u8],
        ids: Ids,
        time: Time,
    ) -> Result<()> {
        symlinkat(target, &self.fd, name)?;
        let (user, group) = ids.raw();
        if user.is_some() || group.is_some() {
            chownat(&self.fd, name, user, group, AtFlags::SYMLINK_NOFOLLOW)?;
        }
        utimensat(&self.fd, name, &time.stamps(), AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Removes anything but a directory.
    pub(crate) fn remove_file(&self, name: &[u8]) -> Result<()> {
        unlinkat(&self.fd, name, AtFlags::empty())
    }

    /// Removes an empty directory.
    pub(crate) fn remove_directory(&self, name: &[u8]) -> Result<()> {
        unlinkat(&self.fd, name, AtFlags::REMOVEDIR)
    }

    /// Removes a directory with all that is in it, but nothing of another file system.
    pub(crate) fn remove_tree(&self, name: &[u8]) -> Result<()> {
        let dir = Dir {
            fd: openat(&self.fd, name, OPEN, Mode::empty())?,
        };
        if dir.stat()?.st_dev != self.stat()?.st_dev {
            return Err(Errno::BUSY);
        }
        // All names first: what a listing shows of a directory that changes is anybody's guess.
        for (name, kind) in dir.entries()? {
            if kind == FileType::Directory {
                dir.remove_tree(&name)?;
            } else {
                dir.remove_file(&name)?;
            }
        }
        self.remove_directory(name)
    }

    /// Gives the directory itself to somebody.
    pub(crate) fn own(&self, ids: Ids) -> Result<()> {
        let (user, group) = ids.raw();
        if user.is_some() || group.is_some() {
            fchown(&self.fd, user, group)
        } else {
            Ok(())
        }
    }

    pub(crate) fn set_time(&self, time: Time) -> Result<()> {
        futimens(&self.fd, &time.stamps())
    }

    /// Gives the directory itself this mode.
    pub(crate) fn set_mode(&self, mode: u32) -> Result<()> {
        fchmod(&self.fd, Mode::from_raw_mode(mode))
    }

    /// Gives back the modification time that the directory had.
    pub(crate) fn restore_time(&self, before: &Stat) -> Result<()> {
        let omitted = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        };
        let time = Timespec {
            tv_sec: before.st_mtime as _,
            tv_nsec: before.st_mtime_nsec as _,
        };
        futimens(
            &self.fd,
            &Timestamps {
                last_access: omitted,
                last_modification: time,
            },
        )
    }
}

/// Gives a new file its owner, mode and time; the owner first, as changing it clears mode bits.
pub(crate) fn finish_file(file: &File, mode: u32, ids: Ids, time: Time) -> Result<()> {
    let (user, group) = ids.raw();
    if user.is_some() || group.is_some() {
        fchown(file, user, group)?;
    }
    fchmod(file, Mode::from_raw_mode(mode))?;
    futimens(file, &time.stamps())
}
