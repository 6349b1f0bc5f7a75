//! Calls of git that run nothing a repository brings along.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// Longest time of one call. A checkout of a large repository takes minutes on a slow disk.
const TIME_MAX: Duration = Duration::from_secs(300);

/// Bytes of git's words that an error repeats.
const WORDS_BYTES_MAX: usize = 400;

/// Bytes of an answer where a call names no smaller bound.
const ANSWER_BYTES_MAX: u64 = 1 << 30;

/// Settings of every call: no hooks, no monitors, no descent into other repositories, patience with
/// the locks of calls at the same time, names that could be mistaken for `.git` refused, and no
/// repository without a working tree that lies among the files of another.
const SETTINGS: [(&str, &str); 10] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("submodule.recurse", "false"),
    ("core.filesRefLockTimeout", "10000"),
    ("core.packedRefsTimeout", "10000"),
    ("core.protectHFS", "true"),
    ("core.protectNTFS", "true"),
    // A file goes where its patch says.
    ("merge.directoryRenames", "false"),
    ("merge.renames", "true"),
    ("safe.bareRepository", "explicit"),
];

/// Settings by which a repository names programs that read or write files.
const PROGRAMS: &str =
    r"^(filter|merge|diff)\..*\.(clean|smudge|process|required|driver|textconv|command)$";

/// Git in one directory.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    directory: PathBuf,
    environment: Vec<(OsString, OsString)>,
    settings: Vec<(String, String)>,
}

impl Git {
    /// Git as it is told by nobody but the person's own settings.
    pub(crate) fn new(directory: impl Into<PathBuf>) -> Self {
        let settings = SETTINGS.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Self { directory: directory.into(), environment: Vec::new(), settings: settings.collect() }
    }

    /// The same, in which programs that the repository's own settings name are not run either:
    /// filters, merge drivers, converters. Those of the person's settings are theirs.
    ///
    /// # Errors
    /// In words, when the settings cannot be read.
    pub(crate) async fn guarded(directory: impl Into<PathBuf>) -> Result<Self, String> {
        let mut git = Self::new(directory);
        let listed = git
            .output(&["config", "--show-scope", "--name-only", "-z", "--get-regexp", PROGRAMS], &[])
            .await?;
        // With nothing to list git ends with code 1 and says nothing.
        if !listed.status.success() && !listed.stderr.is_empty() {
            return Err(words("config", &listed.stderr));
        }
        let fields: Vec<&[u8]> = listed.stdout.split(|byte| *byte == 0).collect();
        for pair in fields.chunks_exact(2) {
            let [scope, name] = pair else { continue };
            if !matches!(*scope, b"local" | b"worktree") {
                continue;
            }
            let name = String::from_utf8_lossy(name).into_owned();
            let value = match name.rsplit('.').next() {
                Some("required") => "false",
                // A merge that fails is a conflict.
                Some("driver") => "false",
                _ => "",
            };
            git.settings.push((name, value.into()));
        }
        Ok(git)
    }

    /// The same in another directory.
    pub(crate) fn at(&self, directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), ..self.clone() }
    }

    /// The same with a variable.
    pub(crate) fn with(&self, name: &str, value: impl Into<OsString>) -> Self {
        let mut git = self.clone();
        git.environment.push((name.into(), value.into()));
        git
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new("git");
        // What the caller's own git was told does not hold for this repository.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command
            .arg("-C")
            .arg(&self.directory)
            .args(arguments)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            // A transport could be any program.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_CONFIG_COUNT", self.settings.len().to_string());
        for (index, (name, value)) in self.settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{index}"), name);
            command.env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }

    /// Runs git to its end, whatever that is.
    ///
    /// # Errors
    /// In words: git is missing, took too long, or said too much.
    pub(crate) async fn output<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        input: &[u8],
    ) -> Result<Output, String> {
        match self.bounded(arguments, input, ANSWER_BYTES_MAX).await? {
            Some(output) => Ok(output),
            None => Err(format!("git {} said too much", what(arguments))),
        }
    }

    /// The same; nothing if the answer has more bytes than `max`.
    ///
    /// # Errors
    /// In words: git is missing or took too long.
    pub(crate) async fn bounded<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        input: &[u8],
        max: u64,
    ) -> Result<Option<Output>, String> {
        let cannot = |error: std::io::Error| format!("git cannot be run: {error}");
        let child = self.command(arguments).spawn().map_err(cannot)?;
        match tokio::time::timeout(TIME_MAX, talk(child, input, max)).await {
            Err(_) => {
                Err(format!("git {} took longer than {} s", what(arguments), TIME_MAX.as_secs()))
            }
            Ok(result) => result.map_err(cannot),
        }
    }

    /// Runs git and returns the bytes it printed.
    ///
    /// # Errors
    /// In words: git is missing, failed, or took too long.
    pub(crate) async fn bytes<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        input: &[u8],
    ) -> Result<Vec<u8>, String> {
        let output = self.output(arguments, input).await?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(words(&what(arguments), &output.stderr))
    }

    /// Runs git and returns what it printed, without the last line end.
    ///
    /// # Errors
    /// In words: git is missing, failed, or took too long.
    pub(crate) async fn text<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<String, String> {
        let bytes = self.bytes(arguments, &[]).await?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
    }
}

/// Why an exchange with git was cut short.
enum Cut {
    Full,
    Io(std::io::Error),
}

/// Writes the input and reads the answer at the same time. Nothing: there is too much of it.
async fn talk(mut child: Child, input: &[u8], max: u64) -> std::io::Result<Option<Output>> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // Git may have seen enough.
            let _ = stdin.write_all(input).await;
        }
        Ok(())
    };
    let read = async {
        let mut bytes = Vec::new();
        if let Some(stdout) = stdout {
            let mut bounded = stdout.take(max.saturating_add(1));
            bounded.read_to_end(&mut bytes).await.map_err(Cut::Io)?;
        }
        if bytes.len() as u64 > max { Err(Cut::Full) } else { Ok(bytes) }
    };
    let complain = async {
        let mut bytes = Vec::new();
        if let Some(mut stderr) = stderr {
            stderr.read_to_end(&mut bytes).await.map_err(Cut::Io)?;
        }
        Ok(bytes)
    };
    match tokio::try_join!(write, read, complain) {
        Ok(((), stdout, stderr)) => {
            let status = child.wait().await?;
            Ok(Some(Output { status, stdout, stderr }))
        }
        Err(Cut::Full) => {
            child.kill().await?;
            Ok(None)
        }
        Err(Cut::Io(error)) => Err(error),
    }
}

fn what<S: AsRef<OsStr>>(arguments: &[S]) -> String {
    arguments.first().map(|word| word.as_ref().to_string_lossy().into_owned()).unwrap_or_default()
}

/// An error of git in words of bounded length.
fn words(what: &str, stderr: &[u8]) -> String {
    let words = String::from_utf8_lossy(stderr);
    let words = words.trim();
    let end = (0..=WORDS_BYTES_MAX.min(words.len()))
        .rev()
        .find(|end| words.is_char_boundary(*end))
        .unwrap_or(0);
    format!("git {what}: {}", words.get(..end).unwrap_or_default())
}

/// A repository as it is seen from one of its directories.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    /// Its guarded git, at `top`.
    pub(crate) git: Git,
    /// Top of the working tree.
    pub(crate) top: PathBuf,
    /// Git's directory of this working tree.
    pub(crate) own: PathBuf,
    /// Git's directory that all working trees share.
    pub(crate) common: PathBuf,
    /// The index of this working tree.
    pub(crate) index: PathBuf,
    /// Where objects are kept.
    pub(crate) objects: PathBuf,
    /// The directory below the top: empty, or with a slash at its end.
    pub(crate) prefix: String,
}

impl Repository {
    /// The repository around a directory.
    ///
    /// # Errors
    /// In words: there is none, it has no working tree, or its settings say that the tree is elsewhere:
    /// a repository that a stranger filled could name any other.
    pub(crate) async fn around(directory: &Path) -> Result<Self, String> {
        let git = Git::guarded(directory).await?;
        let asked = [
            "rev-parse",
            "--path-format=absolute",
            "--show-toplevel",
            "--git-dir",
            "--git-common-dir",
            "--git-path",
            "index",
            "--git-path",
            "objects",
            "--show-prefix",
        ];
        let text = git.text(&asked).await?;
        let mut lines = text.split('\n');
        let mut path = || lines.next().map(PathBuf::from).unwrap_or_default();
        let (top, own, common, index, objects) = (path(), path(), path(), path(), path());
        let prefix = lines.next().unwrap_or_default().to_owned();
        if lines.next().is_some() || !top.is_dir() || !own.is_dir() || !objects.is_dir() {
            return Err("the path of the repository holds a line break".into());
        }
        // A working tree leads to its repository: one that settings alone name need not.
        let git = git.at(&top);
        let back = git.text(&["rev-parse", "--path-format=absolute", "--git-dir"]).await;
        let real = |path: &Path| path.canonicalize().ok();
        let inside =
            real(directory).zip(real(&top)).is_some_and(|(inner, top)| inner.starts_with(top));
        if !inside || back.ok().is_none_or(|back| real(Path::new(&back)) != real(&own)) {
            let top = top.display();
            return Err(format!(
                "the settings of the repository name a working tree elsewhere: {top}"
            ));
        }
        Ok(Self { git, top, own, common, index, objects, prefix })
    }

    /// Git in a place that is there whichever of the working trees are.
    pub(crate) fn shared(&self) -> Git {
        self.git.at(&self.common).with("GIT_DIR", &self.common)
    }
}
