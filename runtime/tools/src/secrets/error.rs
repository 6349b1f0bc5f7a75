//! Why a secret cannot be had.

use super::{SECRET_BYTES_MAX, SECRET_CHARACTERS_MIN};

/// Why a secret cannot be had. Holds nothing of its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret `{name}`: {problem}")]
pub struct SecretError {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub problem: SecretProblem,
}

/// What is wrong with a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretProblem {
    /// Nobody defined it.
    #[error("it is not defined; define it under [secrets.NAME]")]
    Unknown,
    /// Its environment variable is not there.
    #[error("the environment variable {0} is not set")]
    NotSet(String),
    /// Its file cannot be read.
    #[error("{path} cannot be read: {problem}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        problem: String,
    },
    /// Its command does not start.
    #[error("`{program}` does not start: {problem}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        problem: String,
    },
    /// Its command failed.
    #[error("`{program}` failed: {status}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
    },
    /// Its command took too long.
    #[error("`{program}` did not end within {seconds} s")]
    TimedOut {
        /// The program.
        program: String,
        /// How long it had.
        seconds: u64,
    },
    /// It is not text.
    #[error("it is not text in UTF-8")]
    NotText,
    /// It is too long.
    #[error("it is longer than {SECRET_BYTES_MAX} bytes")]
    TooLong,
    /// It is too short.
    #[error(
        "it has fewer than {SECRET_CHARACTERS_MIN} characters; so short a text cannot be recognized \
         in what comes back"
    )]
    TooShort,
}

impl SecretError {
    pub(super) fn new(name: &str, problem: SecretProblem) -> Self {
        Self { name: name.to_owned(), problem }
    }
}
