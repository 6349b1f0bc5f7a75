//! What is known of the agents that have names.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Coding agents that Baton knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodingKind {
    /// Claude Code, by its own protocol on standard streams.
    Claude,
    /// Codex, by `codex exec --json`.
    Codex,
    /// Gemini CLI, by the Agent Client Protocol.
    GeminiCli,
}

impl CodingKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Claude, Self::Codex, Self::GeminiCli];

    /// The name of its backend.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::GeminiCli => "gemini-cli",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whose models it uses: the name of the provider.
    #[must_use]
    pub fn provider(self) -> &'static str {
        match self {
            Self::Claude => "anthropic",
            Self::Codex => "openai",
            Self::GeminiCli => "gemini",
        }
    }

    /// Its program, looked up in `PATH`.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::GeminiCli => "gemini",
        }
    }

    /// The variables of the host's environment that it is given beside those of every program: its
    /// keys, where its API is, and where it keeps its state.
    #[must_use]
    pub fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Claude => &[
                "ANTHROPIC_API_KEY",
                "ANTHROPIC_AUTH_TOKEN",
                "ANTHROPIC_BASE_URL",
                "CLAUDE_CODE_OAUTH_TOKEN",
                "CLAUDE_CONFIG_DIR",
            ],
            Self::Codex => &["OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_BASE_URL", "CODEX_HOME"],
            Self::GeminiCli => &[
                "GEMINI_API_KEY",
                "GOOGLE_API_KEY",
                "GOOGLE_GEMINI_BASE_URL",
                "GOOGLE_GENAI_USE_VERTEXAI",
                "GOOGLE_CLOUD_PROJECT",
                "GOOGLE_CLOUD_LOCATION",
            ],
        }
    }

    /// The kind whose models, keys and state a program uses that speaks the Agent Client Protocol.
    pub(crate) fn of_adapter(program: &Path) -> Option<Self> {
        match program.file_name().and_then(OsStr::to_str)? {
            "claude-agent-acp" | "claude-code-acp" => Some(Self::Claude),
            "codex-acp" => Some(Self::Codex),
            "gemini" => Some(Self::GeminiCli),
            _ => None,
        }
    }

    /// Where it keeps its state: a directory that the environment names, or one in the home.
    pub(crate) fn state(self, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
        let (named, below_home) = match self {
            Self::Claude => (Some("CLAUDE_CONFIG_DIR"), ".claude"),
            Self::Codex => (Some("CODEX_HOME"), ".codex"),
            Self::GeminiCli => (None, ".gemini"),
        };
        named
            .and_then(&variable)
            .or_else(|| Some(variable("HOME")?.join(below_home)))
            .filter(|path| path.is_absolute())
    }
}
