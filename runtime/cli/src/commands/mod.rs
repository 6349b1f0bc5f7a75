//! One command, one file.

pub mod apply;
pub mod cancel;
pub mod check;
pub mod completions;
pub mod doctor;
pub mod each;
pub mod explain;
pub mod journal;
pub mod list;
pub mod ls;
pub mod manifest;
pub mod metrics;
pub mod models;
pub mod new;
pub mod receipts;
pub mod resume;
pub mod run;
pub mod show;
pub mod test;
pub mod tree;
