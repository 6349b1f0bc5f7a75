//! The acts. Each returns everything that it was told.

use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, NewTimestamp, OpenFlags, PathFlags,
};

use crate::files::{content, described, names, open, root};

/// What an act was told.
type Told = Result<String, ErrorCode>;
/// Gets a path and perhaps another.
type Act = fn(&str, &str) -> Told;

/// What is written by acts that write.
const MARK: &[u8] = b"written-by-the-tool";
/// Names that acts use inside of the directory, below `at`.
const FILE: &str = "file.md";
const DIRECTORY: &str = "sub";

/// All acts by name.
pub(crate) const ALL: &[(&str, Act)] = &[
    ("read", |path, _| content(&open(path, OpenFlags::empty(), DescriptorFlags::READ)?)),
    ("read-at-once", |path, _| {
        let (bytes, _) = open(path, OpenFlags::empty(), DescriptorFlags::READ)?.read(1 << 16, 0)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }),
    ("list", |path, _| {
        Ok(names(&open(path, OpenFlags::DIRECTORY, DescriptorFlags::READ)?)?.join("\n"))
    }),
    ("look-in", |path, _| {
        // From an open directory to its own parent and to names of the outside.
        let directory = open(path, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
        let mut told = Vec::new();
        for name in ["..", ".", "secret.txt", "vault", "../outside", "../outside/secret.txt"] {
            if let Ok(stat) = directory.stat_at(PathFlags::SYMLINK_FOLLOW, name) {
                told.push(described(&stat));
            }
            let opened = directory.open_at(
                PathFlags::SYMLINK_FOLLOW,
                name,
                OpenFlags::empty(),
                DescriptorFlags::READ,
            );
            if let Ok(opened) = opened {
                told.extend(content(&opened));
                told.extend(names(&opened).unwrap_or_default());
            }
        }
        Ok(told.join("\n"))
    }),
    ("write", |path, _| {
        let file = open(path, OpenFlags::CREATE, DescriptorFlags::WRITE)?;
        write(&file)
    }),
    ("write-new", |path, _| {
        let flags = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        write(&open(path, flags, DescriptorFlags::WRITE | DescriptorFlags::READ)?)
    }),
    ("truncate", |path, _| {
        open(path, OpenFlags::TRUNCATE, DescriptorFlags::WRITE)?;
        Ok(String::new())
    }),
    ("truncate-to-read", |path, _| {
        content(&open(path, OpenFlags::TRUNCATE, DescriptorFlags::READ)?)
    }),
    ("set-size", |path, _| {
        open(path, OpenFlags::empty(), DescriptorFlags::READ)?.set_size(0)?;
        Ok(String::new())
    }),
    ("append", |path, _| {
        let file = open(path, OpenFlags::CREATE, DescriptorFlags::WRITE)?;
        let stream = file.append_via_stream()?;
        stream.blocking_write_and_flush(MARK).map_err(|_| ErrorCode::Io)?;
        Ok(String::new())
    }),
    ("make-directory", |path, _| done(root()?.create_directory_at(path))),
    ("make-directories", |path, _| {
        let root = root()?;
        let mut last = Err(ErrorCode::NoEntry);
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            if let Some(part) = path.get(..end) {
                last = root.create_directory_at(part);
            }
        }
        done(last)
    }),
    ("rename-file-to", |path, at| {
        let root = root()?;
        done(root.rename_at(&below(at, FILE), &root, path))
    }),
    ("rename-directory-to", |path, at| {
        let root = root()?;
        done(root.rename_at(&below(at, DIRECTORY), &root, path))
    }),
    ("rename-from", |path, at| {
        let root = root()?;
        done(root.rename_at(path, &root, &below(at, "taken")))
    }),
    ("hard-link-to", |path, at| {
        let root = root()?;
        done(root.link_at(PathFlags::empty(), &below(at, FILE), &root, path))
    }),
    ("hard-link-from", |path, at| {
        let root = root()?;
        root.link_at(PathFlags::empty(), path, &root, &below(at, "taken"))?;
        read_and_write(&below(at, "taken"))
    }),
    ("hard-link-followed", |path, at| {
        let root = root()?;
        root.link_at(PathFlags::SYMLINK_FOLLOW, path, &root, &below(at, "taken"))?;
        read_and_write(&below(at, "taken"))
    }),
    ("soft-link-to", |path, _| done(root()?.symlink_at(FILE, path))),
    ("soft-link-from", |path, at| {
        root()?.symlink_at(path, &below(at, "taken"))?;
        read_and_write(&below(at, "taken"))
    }),
    ("remove-file", |path, _| done(root()?.unlink_file_at(path))),
    ("remove-directory", |path, _| done(root()?.remove_directory_at(path))),
    ("remove-tree", |path, _| {
        let directory = open(path, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
        remove_below(&directory);
        done(root()?.remove_directory_at(path))
    }),
    ("stat", |path, _| Ok(described(&root()?.stat_at(PathFlags::SYMLINK_FOLLOW, path)?))),
    ("stat-link", |path, _| {
        // Of a link itself only what it is.
        let stat = root()?.stat_at(PathFlags::empty(), path)?;
        match stat.type_ {
            DescriptorType::SymbolicLink => Ok("link".into()),
            _ => Ok(described(&stat)),
        }
    }),
    ("hash", |path, _| {
        root()?.metadata_hash_at(PathFlags::SYMLINK_FOLLOW, path)?;
        let opened = open(path, OpenFlags::empty(), DescriptorFlags::READ)?;
        Ok(described(&opened.stat()?))
    }),
    ("set-times", |path, _| {
        let (time, root) = (NewTimestamp::Now, root()?);
        done(root.set_times_at(PathFlags::SYMLINK_FOLLOW, path, time, time))
    }),
    ("read-link", |path, _| root()?.readlink_at(path)),
    ("canonicalise", |path, _| canonical(path)),
];

fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.into() } else { format!("{directory}/{name}") }
}

fn done(result: Result<(), ErrorCode>) -> Told {
    result.map(|()| String::new())
}

fn write(file: &Descriptor) -> Told {
    file.write(MARK, 0)?;
    let stream = file.write_via_stream(0)?;
    stream.blocking_write_and_flush(MARK).map_err(|_| ErrorCode::Io)?;
    Ok(String::new())
}

/// What a path of the tool's own making leads to, and whether it can be written through.
fn read_and_write(path: &str) -> Told {
    let mut told = Vec::new();
    if let Ok(file) = open(path, OpenFlags::empty(), DescriptorFlags::READ) {
        told.extend(content(&file));
        told.extend(names(&file).unwrap_or_default());
    }
    if let Ok(file) = open(path, OpenFlags::empty(), DescriptorFlags::WRITE) {
        told.extend(write(&file));
    }
    Ok(told.join("\n"))
}

fn remove_below(directory: &Descriptor) {
    for name in names(directory).unwrap_or_default() {
        if directory.unlink_file_at(&name).is_ok() {
            continue;
        }
        let below = directory.open_at(
            PathFlags::empty(),
            &name,
            OpenFlags::DIRECTORY,
            DescriptorFlags::READ,
        );
        if let Ok(below) = below {
            remove_below(&below);
            let _ = directory.remove_directory_at(&name);
        }
    }
}

/// Takes a path apart as a library does, link by link.
fn canonical(path: &str) -> Told {
    let root = root()?;
    let mut real: Vec<String> = Vec::new();
    let mut rest: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
    let mut links = 0;
    while let Some(part) = rest.pop() {
        match part.as_str() {
            "" | "." => continue,
            ".." => {
                real.pop().ok_or(ErrorCode::NotPermitted)?;
                continue;
            }
            _ => real.push(part),
        }
        let here = real.join("/");
        if let Ok(target) = root.readlink_at(&here) {
            links += 1;
            if links > 40 {
                return Err(ErrorCode::Loop);
            }
            real.pop();
            rest.extend(target.rsplit('/').map(str::to_owned));
        } else {
            root.stat_at(PathFlags::empty(), &here)?;
        }
    }
    Ok(real.join("/"))
}
