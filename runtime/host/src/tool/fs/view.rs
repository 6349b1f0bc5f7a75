//! The files of a store as `wasi:filesystem` sees them: handles, errors, and the one directory.

use std::sync::Arc;

use rustix::fs::{Stat, fstat, fsync};
use rustix::io::Errno;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types as reported};
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{self, ErrorCode, Host, PathFlags};
use wasmtime_wasi::p2::{DynOutputStream, FsError, FsResult};

use super::error::{self, Fault};
use super::handle::{Handle, OpenFile};
use super::stream::Writer;
use super::walk::Last;
use super::{Files, Touch};
use crate::limiter::Stop;
use crate::tool::ToolState;

/// Name of the directory that a tool sees.
const DIRECTORY: &str = "/";

/// The files of a store and the handles that its guest holds.
pub(super) struct View<'a> {
    pub(super) files: &'a mut Files,
    pub(super) table: &'a mut ResourceTable,
}

struct HasFiles;

impl HasData for HasFiles {
    type Data<'a> = View<'a>;
}

/// Links both interfaces.
pub(crate) fn link(linker: &mut Linker<ToolState>) -> wasmtime::Result<()> {
    fn view(state: &mut ToolState) -> View<'_> {
        let (files, table) = state.files();
        View { files, table }
    }
    types::add_to_linker::<_, HasFiles>(linker, view)?;
    preopens::add_to_linker::<_, HasFiles>(linker, view)
}

impl From<Fault> for FsError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Plain(code) | Fault::Outside(code) => code.into(),
            Fault::Changed => error::code(Errno::BUSY).into(),
            Fault::Stop(stop) => Self::trap(stop),
        }
    }
}

/// Ends the guest.
pub(super) fn stopped(stop: Stop) -> FsError {
    FsError::trap(stop)
}

/// How a path with these flags is taken.
pub(super) fn follows(flags: PathFlags) -> Last {
    if flags.contains(PathFlags::SYMLINK_FOLLOW) { Last::Follow } else { Last::Keep }
}

impl View<'_> {
    /// Begins a call on a descriptor. Handles of guests are typed by the engine; what stands behind
    /// them is ours.
    pub(super) fn handle(&self, descriptor: &Resource<Descriptor>) -> FsResult<Handle> {
        self.files.meter.call().map_err(stopped)?;
        Ok(self.table.get(&Resource::<Handle>::new_borrow(descriptor.rep()))?.clone())
    }

    /// The path of an open directory.
    pub(super) fn directory(&self, descriptor: &Resource<Descriptor>) -> FsResult<String> {
        Ok(self.handle(descriptor)?.directory()?.to_owned())
    }

    /// A new descriptor.
    pub(super) fn push(&mut self, handle: Handle) -> FsResult<Resource<Descriptor>> {
        Ok(Resource::new_own(self.table.push(handle)?.rep()))
    }

    /// What the system says of what is open.
    pub(super) fn look(&self, handle: &Handle) -> FsResult<Stat> {
        match handle {
            Handle::File(file) => Ok(fstat(&file.file).map_err(Fault::from)?),
            Handle::Directory(path) => self.look_at(path, ".", Last::Follow),
        }
    }

    /// What the system says of what a path means.
    pub(super) fn look_at(&self, base: &str, path: &str, last: Last) -> FsResult<Stat> {
        Ok(*self.files.find(Touch::Read, base, path, last)?.what.stat()?)
    }

    /// A stream into a file.
    pub(super) fn writer(
        &mut self,
        file: Arc<OpenFile>,
        offset: Option<u64>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let stream: DynOutputStream = Box::new(Writer {
            file,
            offset,
            written: Arc::clone(&self.files.written),
            meter: Arc::clone(&self.files.meter),
        });
        Ok(self.table.push(stream)?)
    }

    /// Waits until everything is on the disk.
    pub(super) fn flush(&self, handle: &Handle) -> FsResult<()> {
        match handle {
            Handle::File(file) => Ok(file.file.sync_all().map_err(Fault::from)?),
            Handle::Directory(path) => {
                let place = self.files.find(Touch::Read, path, ".", Last::Follow)?;
                Ok(fsync(place.directory()?).map_err(Fault::from)?)
            }
        }
    }
}

impl preopens::Host for View<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        self.files.meter.call()?;
        if self.files.root.is_none() {
            return Ok(Vec::new());
        }
        let root = self.table.push(Handle::Directory(String::new()))?;
        Ok(vec![(Resource::new_own(root.rep()), DIRECTORY.to_owned())])
    }
}

impl Host for View<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        Ok(error.downcast()?.into())
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        let error = self.table.get(&error)?;
        Ok(error.downcast_ref::<reported::ErrorCode>().map(|code| (*code).into()))
    }
}
