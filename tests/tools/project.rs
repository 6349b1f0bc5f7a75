//! Projects of this suite.

use baton_test_support::Project;

/// An empty project.
pub fn project() -> Project {
    Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"))
}
