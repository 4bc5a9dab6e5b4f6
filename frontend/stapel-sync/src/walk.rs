//! Moving about below the base of a mapping without ever taking a link.

use std::sync::Arc;

use rustix::fs::{FileType, Mode};

use crate::dir::{Dir, Found, Ids, Time};
use crate::error::{Error, Reason, show};
use crate::guard::Guard;
use crate::path::common_prefix;
use crate::resolve::Resolved;

/// The directory below which a mapping is written.
pub(crate) struct Base {
    pub(crate) here: Here,
    /// Its path without links; the root's is empty.
    pub(crate) path: Vec<u8>,
    pub(crate) guard: Guard,
}

impl Base {
    pub(crate) fn new(resolved: Resolved) -> Result<Base, Error> {
        let Resolved { dir, path } = resolved;
        let here = Here::new(dir).map_err(|why| failed("open directory", &path, b"", &why))?;
        Ok(Base {
            here,
            guard: Guard::of(&path),
            path,
        })
    }
}

/// An open directory and whether it hands its group down to what is made in it.
pub(crate) struct Here {
    pub(crate) dir: Dir,
    pub(crate) set_gid: bool,
}

impl Here {
    fn new(dir: Dir) -> rustix::io::Result<Here> {
        let set_gid = Mode::from_raw_mode(dir.stat()?.st_mode).contains(Mode::SGID);
        Ok(Here { dir, set_gid })
    }
}

/// How a directory that has to be there came to be there.
pub(crate) enum Ensured {
    Present,
    Made,
}

/// A place in the tree below a base. It sets the time of each directory that was changed when it
/// leaves it, so that no later change of the same walker can spoil it.
pub(crate) struct Walker {
    base: Arc<Base>,
    base_changed: bool,
    time: Time,
    /// Where it is, below the base, and the open directories on the way there.
    path: Vec<u8>,
    frames: Vec<Frame>,
}

struct Frame {
    here: Here,
    /// The length of the path up to this directory.
    end: usize,
    changed: bool,
}

impl Walker {
    pub(crate) fn new(base: &Arc<Base>, time: Time) -> Self {
        Walker {
            base: Arc::clone(base),
            base_changed: false,
            time,
            path: Vec::new(),
            frames: Vec::new(),
        }
    }

    pub(crate) fn base(&self) -> &Base {
        &self.base
    }

    /// Goes to a directory; `None` if there is none, or a link or something else in its place.
    pub(crate) fn find(&mut self, path: &[u8]) -> Result<Option<&Here>, Error> {
        self.go_up(path)?;
        while let Some((name, end)) = self.next_component(path) {
            match self.look(path, name)? {
                Found::Directory(dir) => self.enter(path, end, dir)?,
                Found::Symlink | Found::Other | Found::Nothing => return Ok(None),
            }
        }
        Ok(Some(self.here()))
    }

    /// Goes to a directory and makes it if it is missing; the one above it is there.
    ///
    /// The commit wins over a file in the way, but a link is refused: to write through it is to
    /// write elsewhere, and with a directory in its place what it led to would be gone.
    pub(crate) fn ensure(
        &mut self,
        path: &[u8],
        mode: u32,
        ids: Ids,
    ) -> Result<(&Here, Ensured), Error> {
        let above = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        if self.find(&path[..above])?.is_none() {
            return Err(self.failed("create directory", path, &"the one above it vanished"));
        }
        let Some((name, end)) = self.next_component(path) else {
            return Ok((self.here(), Ensured::Present));
        };
        let occupied = match self.look(path, name)? {
            Found::Directory(dir) => {
                self.enter(path, end, dir)?;
                return Ok((self.here(), Ensured::Present));
            }
            Found::Symlink => return Err(self.link_in_the_way(path, name)),
            Found::Other => true,
            Found::Nothing => false,
        };
        let made = self.make(name, occupied, mode, ids);
        let dir = made.map_err(|why| self.failed("create directory", path, &why))?;
        self.changed();
        self.enter(path, end, dir)?;
        // It must not keep the time at which it was made.
        self.changed();
        Ok((self.here(), Ensured::Made))
    }

    /// Notes that something was made or removed in the current directory.
    pub(crate) fn changed(&mut self) {
        match self.frames.last_mut() {
            Some(frame) => frame.changed = true,
            None => self.base_changed = true,
        }
    }

    /// Goes back to the base.
    pub(crate) fn rest(&mut self) -> Result<(), Error> {
        while !self.frames.is_empty() {
            self.leave()?;
        }
        Ok(())
    }

    /// Leaves everything.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.rest()?;
        if self.base_changed {
            let set = self.base.here.dir.set_time(self.time);
            set.map_err(|why| self.failed("set the time of", b"", &why))?;
        }
        Ok(())
    }

    pub(crate) fn failed(&self, action: &str, below: &[u8], why: &dyn Reason) -> Error {
        failed(action, &self.base.path, below, why)
    }

    fn here(&self) -> &Here {
        self.frames
            .last()
            .map_or(&self.base.here, |frame| &frame.here)
    }

    /// Leaves the directories that are not on the way to `path`.
    fn go_up(&mut self, path: &[u8]) -> Result<(), Error> {
        let shared = common_prefix(&self.path, path);
        let on_the_way = |end: usize| end <= shared && matches!(path.get(end), None | Some(b'/'));
        while self
            .frames
            .last()
            .is_some_and(|frame| !on_the_way(frame.end))
        {
            self.leave()?;
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Error> {
        if let Some(frame) = self.frames.pop() {
            if frame.changed {
                let set = frame.here.dir.set_time(self.time);
                set.map_err(|why| self.failed("set the time of", &self.path[..frame.end], &why))?;
            }
            self.path
                .truncate(self.frames.last().map_or(0, |frame| frame.end));
        }
        Ok(())
    }

    /// Returns the name after the current directory on the way to `path`, and where it ends.
    fn next_component<'p>(&self, path: &'p [u8]) -> Option<(&'p [u8], usize)> {
        let start = self.frames.last().map_or(0, |frame| frame.end + 1);
        let rest = path.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest
            .iter()
            .position(|&byte| byte == b'/')
            .unwrap_or(rest.len());
        Some((&rest[..length], start + length))
    }

    fn look(&self, path: &[u8], name: &[u8]) -> Result<Found, Error> {
        self.here()
            .dir
            .find(name)
            .map_err(|why| self.failed("open directory", path, &why))
    }

    fn enter(&mut self, path: &[u8], end: usize, dir: Dir) -> Result<(), Error> {
        let here =
            Here::new(dir).map_err(|why| self.failed("open directory", &path[..end], &why))?;
        self.path.clear();
        self.path.extend_from_slice(&path[..end]);
        self.frames.push(Frame {
            here,
            end,
            changed: false,
        });
        Ok(())
    }

    fn make(&self, name: &[u8], occupied: bool, mode: u32, ids: Ids) -> rustix::io::Result<Dir> {
        let parent = &self.here().dir;
        if occupied {
            parent.remove_file(name)?;
        }
        parent.make_directory(name, mode, ids)
    }

    fn link_in_the_way(&self, path: &[u8], name: &[u8]) -> Error {
        let target = self.here().dir.read_link(name).unwrap_or_default();
        let why = format!(
            "a symbolic link to `{}` is in its place; keep it a directory, or give what is below it \
             a git mapping of its own",
            show(&target),
        );
        self.failed("create directory", path, &why)
    }
}

fn failed(action: &str, base: &[u8], below: &[u8], why: &dyn Reason) -> Error {
    let slash: &[u8] = if below.is_empty() && !base.is_empty() {
        b""
    } else {
        b"/"
    };
    let path = show(&[base, slash, below].concat());
    Error::of(format_args!("{action} `{path}`"), why)
}

/// Removes whatever is at a name. Returns whether it was a directory, which nobody expects to go.
pub(crate) fn clear(dir: &Dir, name: &[u8]) -> rustix::io::Result<bool> {
    let directory = dir.kind(name)? == Some(FileType::Directory);
    if directory {
        dir.remove_tree(name)?;
    } else {
        dir.remove_file(name)?;
    }
    Ok(directory)
}
