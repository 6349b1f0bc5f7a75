//! What the built-in tools have in common: the granted directory, and which of its files are meant.

mod path;
mod select;
mod tree;
mod walk;

pub use path::{extension, inside, name, parent};
pub use select::Selection;
pub use tree::{FILE_BYTES_MAX, Tree};
pub use walk::{Entry, Listing, VISITED_MAX};

#[cfg(test)]
mod tests;
