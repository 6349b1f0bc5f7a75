//! The functions of `wasi:filesystem/types`, from handles to operations.

use std::sync::Arc;

use rustix::fs::{Stat, futimens};
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::types as reported;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, DirectoryEntryStream,
    Filesize, HostDescriptor, HostDirectoryEntryStream, MetadataHashValue, NewTimestamp, OpenFlags,
    PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsResult};

use super::change::At;
use super::error::Fault;
use super::handle::Handle;
use super::list::Entries;
use super::open::How;
use super::place::same;
use super::stream::{Reader, read_at};
use super::view::{View, follows, stopped};
use super::{Touch, convert};

impl HostDescriptor for View<'_> {
    fn read_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        let file = Arc::clone(self.handle(&fd)?.to_read()?);
        let meter = Arc::clone(&self.files.meter);
        let stream: DynInputStream = Box::new(Reader { file, offset, meter });
        Ok(self.table.push(stream)?)
    }

    fn write_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        let file = Arc::clone(self.handle(&fd)?.to_write()?);
        self.writer(file, Some(offset))
    }

    fn append_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let file = Arc::clone(self.handle(&fd)?.to_write()?);
        self.writer(file, None)
    }

    fn advise(
        &mut self,
        fd: Resource<Descriptor>,
        _offset: Filesize,
        _length: Filesize,
        _advice: Advice,
    ) -> FsResult<()> {
        // Advice, which nobody has to take.
        self.handle(&fd)?.file()?;
        Ok(())
    }

    fn sync_data(&mut self, fd: Resource<Descriptor>) -> FsResult<()> {
        self.flush(&self.handle(&fd)?)
    }

    fn get_flags(&mut self, fd: Resource<Descriptor>) -> FsResult<DescriptorFlags> {
        let handle = self.handle(&fd)?;
        let (reads, writes, makes) = match &handle {
            Handle::File(file) => (file.reads, file.writes, false),
            Handle::Directory(_) => (true, false, self.files.bounds.let_write()),
        };
        let mut flags = DescriptorFlags::empty();
        for (has, flag) in [
            (reads, DescriptorFlags::READ),
            (writes, DescriptorFlags::WRITE),
            (makes, DescriptorFlags::MUTATE_DIRECTORY),
        ] {
            if has {
                flags |= flag;
            }
        }
        Ok(flags)
    }

    fn get_type(&mut self, fd: Resource<Descriptor>) -> FsResult<DescriptorType> {
        Ok(match self.handle(&fd)? {
            Handle::File(_) => DescriptorType::RegularFile,
            Handle::Directory(_) => DescriptorType::Directory,
        })
    }

    fn set_size(&mut self, fd: Resource<Descriptor>, size: Filesize) -> FsResult<()> {
        let handle = self.handle(&fd)?;
        Ok(self.files.written.set_size(handle.to_write()?, size)?)
    }

    fn set_times(
        &mut self,
        fd: Resource<Descriptor>,
        access: NewTimestamp,
        modification: NewTimestamp,
    ) -> FsResult<()> {
        let handle = self.handle(&fd)?;
        let times = convert::timestamps(access, modification)?;
        match &handle {
            Handle::File(file) if self.files.bounds.writable(&file.path) => {
                Ok(futimens(&file.file, &times).map_err(Fault::from)?)
            }
            Handle::File(file) => {
                self.files.deny(Touch::Write, "", &file.path);
                Err(self.files.not_writable(&file.path).into())
            }
            Handle::Directory(base) => {
                Ok(self.files.set_times(At { base, path: "." }, true, &times)?)
            }
        }
    }

    fn read(
        &mut self,
        fd: Resource<Descriptor>,
        length: Filesize,
        offset: Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        let handle = self.handle(&fd)?;
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        let bytes = read_at(handle.to_read()?, size, offset)?;
        let end = bytes.is_empty() && length > 0;
        Ok((bytes, end))
    }

    fn write(
        &mut self,
        fd: Resource<Descriptor>,
        bytes: Vec<u8>,
        offset: Filesize,
    ) -> FsResult<Filesize> {
        let handle = self.handle(&fd)?;
        Ok(self.files.written.write_at(handle.to_write()?, &bytes, offset)? as u64)
    }

    fn read_directory(
        &mut self,
        fd: Resource<Descriptor>,
    ) -> FsResult<Resource<DirectoryEntryStream>> {
        let path = self.directory(&fd)?;
        let listing = self.files.list(&path)?;
        Ok(Resource::new_own(self.table.push(listing)?.rep()))
    }

    fn sync(&mut self, fd: Resource<Descriptor>) -> FsResult<()> {
        self.flush(&self.handle(&fd)?)
    }

    fn create_directory_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<()> {
        let base = self.directory(&fd)?;
        Ok(self.files.make_directory(At { base: &base, path: &path })?)
    }

    fn stat(&mut self, fd: Resource<Descriptor>) -> FsResult<DescriptorStat> {
        Ok(convert::stat(&self.look(&self.handle(&fd)?)?))
    }

    fn stat_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        let base = self.directory(&fd)?;
        Ok(convert::stat(&self.look_at(&base, &path, follows(flags))?))
    }

    fn set_times_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        access: NewTimestamp,
        modification: NewTimestamp,
    ) -> FsResult<()> {
        let base = self.directory(&fd)?;
        let times = convert::timestamps(access, modification)?;
        let follow = flags.contains(PathFlags::SYMLINK_FOLLOW);
        Ok(self.files.set_times(At { base: &base, path: &path }, follow, &times)?)
    }

    fn link_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        old: String,
        new_fd: Resource<Descriptor>,
        new: String,
    ) -> FsResult<()> {
        let (old_base, new_base) = (self.directory(&fd)?, self.directory(&new_fd)?);
        if flags.contains(PathFlags::SYMLINK_FOLLOW) {
            return Err(reported::ErrorCode::Invalid.into());
        }
        let (from, to) = (At { base: &old_base, path: &old }, At { base: &new_base, path: &new });
        Ok(self.files.hard_link(from, to)?)
    }

    fn open_at(
        &mut self,
        fd: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        let base = self.directory(&fd)?;
        let follow = path_flags.contains(PathFlags::SYMLINK_FOLLOW);
        let handle = self.files.open(&base, &path, How { follow, open, flags })?;
        self.push(handle)
    }

    fn readlink_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<String> {
        let base = self.directory(&fd)?;
        Ok(self.files.read_link(At { base: &base, path: &path })?)
    }

    fn remove_directory_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<()> {
        let base = self.directory(&fd)?;
        Ok(self.files.remove_directory(At { base: &base, path: &path })?)
    }

    fn rename_at(
        &mut self,
        fd: Resource<Descriptor>,
        old: String,
        new_fd: Resource<Descriptor>,
        new: String,
    ) -> FsResult<()> {
        let (old_base, new_base) = (self.directory(&fd)?, self.directory(&new_fd)?);
        let (from, to) = (At { base: &old_base, path: &old }, At { base: &new_base, path: &new });
        Ok(self.files.rename(from, to)?)
    }

    fn symlink_at(
        &mut self,
        fd: Resource<Descriptor>,
        target: String,
        path: String,
    ) -> FsResult<()> {
        let base = self.directory(&fd)?;
        Ok(self.files.soft_link(&target, At { base: &base, path: &path })?)
    }

    fn unlink_file_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<()> {
        let base = self.directory(&fd)?;
        Ok(self.files.remove_file(At { base: &base, path: &path })?)
    }

    fn is_same_object(
        &mut self,
        one: Resource<Descriptor>,
        other: Resource<Descriptor>,
    ) -> wasmtime::Result<bool> {
        let look = |fd| -> FsResult<Stat> { self.look(&self.handle(fd)?) };
        let stats = look(&one).and_then(|one| Ok((one, look(&other)?)));
        match stats {
            Ok((one, other)) => Ok(same(&one, &other)),
            // What cannot be looked at any more is the same as nothing; a guest that is to end ends.
            Err(error) => error.downcast().map(|_: reported::ErrorCode| false),
        }
    }

    fn metadata_hash(&mut self, fd: Resource<Descriptor>) -> FsResult<MetadataHashValue> {
        Ok(convert::metadata_hash(&self.look(&self.handle(&fd)?)?))
    }

    fn metadata_hash_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        let base = self.directory(&fd)?;
        Ok(convert::metadata_hash(&self.look_at(&base, &path, follows(flags))?))
    }

    fn drop(&mut self, fd: Resource<Descriptor>) -> wasmtime::Result<()> {
        self.table.delete(Resource::<Handle>::new_own(fd.rep()))?;
        Ok(())
    }
}

impl HostDirectoryEntryStream for View<'_> {
    fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        self.files.meter.call().map_err(stopped)?;
        let listing = self.table.get_mut(&Resource::<Entries>::new_borrow(stream.rep()))?;
        let entry = self.files.next(listing)?;
        Ok(entry.map(|entry| DirectoryEntry {
            type_: convert::descriptor_type(entry.kind),
            name: entry.name,
        }))
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.table.delete(Resource::<Entries>::new_own(stream.rep()))?;
        Ok(())
    }
}
