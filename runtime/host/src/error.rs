//! Why the host or a component cannot be used.

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The wasm engine refused its configuration, or the machine has no room for the pool.
    #[error("the wasm engine does not start: {0}")]
    Engine(String),
    /// A setting that determinism or containment rests on is not what it should be.
    #[error("the wasm engine's setting `{setting}` is {found} where {wanted} is required")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What it must be.
        wanted: String,
        /// What it is.
        found: String,
    },
}

/// Why a file is not accepted as a component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file is larger than any component may be.
    #[error("{size} bytes, where a component has at most {max}")]
    TooLarge {
        /// Size of the file in bytes.
        size: u64,
        /// The limit in bytes.
        max: u64,
    },
    /// The bytes are something else.
    #[error("not a component: {0}")]
    NotAComponent(&'static str),
    /// It calls itself a component, but does not validate.
    #[error("not a valid component: {0}")]
    Invalid(String),
    /// A valid component that Baton does not run; every reason in plain words.
    #[error("the component is refused: {}", .0.join("; "))]
    Refused(Vec<String>),
    /// The engine could not compile it within its limits.
    #[error("the component does not compile: {0}")]
    Compile(String),
}
