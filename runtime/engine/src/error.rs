//! Why a run could not be started or driven on.

use std::path::PathBuf;

use baton_core::digest::Digest;
use baton_core::ids::RunId;
use baton_core::replay::Divergence;
use baton_core::run::RecordError;
use baton_host::LoadError;
use baton_host::files::RootError;
use baton_journal::error::JournalError;

/// An error of the engine. The run stays as its journal says, and can be resumed unless noted.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store failed, or the run belongs to another process.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A workflow left its recorded path. Resuming with the same program fails the same way.
    #[error(transparent)]
    Diverged(#[from] Box<Divergence>),
    /// The records are not those of one run.
    #[error("the journal of {run} does not read as one run")]
    Records {
        /// The run.
        run: RunId,
        /// What is wrong.
        #[source]
        source: RecordError,
    },
    /// A component does not load.
    #[error("component {digest}")]
    Component {
        /// Its digest.
        digest: Digest,
        /// Why.
        #[source]
        source: LoadError,
    },
    /// The bytes of a component or script that the program names were not given.
    #[error("the program names {0}, whose bytes were not given")]
    MissingPart(Digest),
    /// The granted directory cannot be opened.
    #[error("the granted directory {path}")]
    Root {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: RootError,
    },
    /// The run has ended; its result stands.
    #[error("{0} has ended")]
    Ended(RunId),
    /// The engine is stopping and takes no new runs.
    #[error("the engine is stopping")]
    Stopping,
    /// Baton itself failed.
    #[error("internal error: {0}")]
    Internal(String),
}
