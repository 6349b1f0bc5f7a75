//! Listing what a selection matches.

use baton_core::files::{Entry, EntryKind, FileAnswer, Selection};

use super::ScopedFiles;
use super::error::Result;
use super::query::Query;
use super::walk::{Flow, Found, walk};

impl ScopedFiles {
    pub(super) fn list(&self, selection: &Selection) -> Result<FileAnswer> {
        let query = Query::new(self, selection)?;
        let limit = query.limit(self.limits.entries);
        let mut entries = Vec::new();
        let mut more = false;
        let cut = walk(&query, &mut |path, found| {
            if entries.len() == limit {
                more = true;
                return Ok(Flow::Stop);
            }
            let (kind, size) = match found {
                Found::Directory => (EntryKind::Directory, 0),
                Found::File(located) => (EntryKind::File, located.metadata.len()),
            };
            entries.push(Entry { path: path.into(), kind, size });
            Ok(Flow::Go)
        })?;
        Ok(FileAnswer::Listing { entries, truncated: cut || more })
    }
}
