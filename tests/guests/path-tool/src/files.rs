//! The directory, and what every act needs of it.

use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, ErrorCode, OpenFlags, PathFlags,
};

/// The one directory.
pub(crate) fn root() -> Result<Descriptor, ErrorCode> {
    let mut directories = get_directories();
    match (directories.pop(), directories.is_empty()) {
        (Some((directory, name)), true) if name == "/" => Ok(directory),
        _ => Err(ErrorCode::BadDescriptor),
    }
}

/// Opens a path, a link at its end included.
pub(crate) fn open(
    path: &str,
    open: OpenFlags,
    flags: DescriptorFlags,
) -> Result<Descriptor, ErrorCode> {
    root()?.open_at(PathFlags::SYMLINK_FOLLOW, path, open, flags)
}

/// Everything in a file, through a stream.
pub(crate) fn content(file: &Descriptor) -> Result<String, ErrorCode> {
    let stream = file.read_via_stream(0)?;
    let mut bytes = Vec::new();
    // Its end, or a failure: what was read counts.
    while let Ok(more) = stream.blocking_read(1 << 16) {
        bytes.extend(more);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The names in a directory.
pub(crate) fn names(directory: &Descriptor) -> Result<Vec<String>, ErrorCode> {
    let stream = directory.read_directory()?;
    let mut names = Vec::new();
    while let Some(entry) = stream.read_directory_entry()? {
        names.push(entry.name);
    }
    Ok(names)
}

/// What is told of an object.
pub(crate) fn described(stat: &DescriptorStat) -> String {
    format!("{:?} size={}", stat.type_, stat.size)
}
