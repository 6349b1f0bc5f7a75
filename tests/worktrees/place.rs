//! A project in a real repository, with files that are the person's own.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use baton_test_support::{Project, until};
use serde_json::Value;

/// Lines of the file that agents edit.
const LINES: usize = 80;

/// The project. The repository is its folder `root`.
pub struct Place {
    pub project: Project,
}

/// What a command came to.
#[derive(Debug)]
pub struct Said {
    pub exit: i32,
    pub lines: Vec<Value>,
    pub stderr: String,
}

/// Files by their path, with type and permissions.
pub type Files = BTreeMap<PathBuf, (Vec<u8>, u32)>;

impl Place {
    /// A repository with a commit, and of the person: a change, a staged one, an untracked file and an
    /// ignored one.
    pub fn new() -> Self {
        let project = Project::new(env!("CARGO_BIN_EXE_baton"), env!("CARGO_TARGET_TMPDIR"));
        let place = Self { project };
        place.project.write("editor.sh", include_str!("editor.sh"));
        let editor = place.project.path("editor.sh");
        fs::set_permissions(editor, fs::Permissions::from_mode(0o755)).unwrap();
        place.project.write("root/shared.txt", numbered());
        for name in ["mine.txt", "staged.txt", "old.txt"] {
            place.project.write(&format!("root/{name}"), "as it was\n");
        }
        place.project.write("root/.gitignore", "ignored*\n");
        place.git(&["init", "--quiet", "--initial-branch=main"]);
        place.git(&["add", "."]);
        place.git(&["commit", "--quiet", "--message", "first"]);
        place.project.write("root/mine.txt", "my work\n");
        place.project.write("root/staged.txt", "my staged work\n");
        place.git(&["add", "staged.txt"]);
        place.project.write("root/staged.txt", "my staged work and more\n");
        place.project.write("root/untracked.txt", "nobody knows me\n");
        place.project.write("root/ignored.txt", "nor me\n");
        place
    }

    /// Runs git as a person would.
    pub fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]);
        let command = command.args(arguments).current_dir(self.project.path("root"));
        let output = command.env("HOME", self.project.path("person")).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Writes a workflow that gives these prompts to isolated agents, all at once.
    pub fn agents(&self, prompts: &[String]) {
        let prompts = serde_json::to_string(prompts).unwrap();
        self.project.write(
            "flow.js",
            format!(
                "export const meta = {{ name: 'flow', description: 'Edits.' }}\n\
                 const settled = await Promise.allSettled({prompts}.map((prompt) => \
                 agent(prompt, {{ isolation: 'worktree' }})))\n\
                 return settled.map((one) => one.status)\n"
            ),
        );
    }

    /// The arguments of a run of it.
    pub fn run_arguments() -> Vec<&'static str> {
        let agent = "command:./editor.sh";
        vec![
            "run",
            "flow.js",
            "--yes",
            "--json",
            "--root",
            "root",
            "--agent",
            agent,
            "--concurrency",
            "32",
        ]
    }

    /// Runs these prompts to their end.
    pub fn run(&self, prompts: &[String]) -> Said {
        self.agents(prompts);
        self.say(&Self::run_arguments())
    }

    pub fn say(&self, arguments: &[&str]) -> Said {
        let output = self.project.output(arguments);
        let stdout = String::from_utf8(output.stdout).unwrap();
        let lines = stdout.lines().map(|line| serde_json::from_str(line).unwrap_or(Value::Null));
        Said {
            exit: output.status.code().unwrap_or(-1),
            lines: lines.collect(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What the doctor says of worktrees.
    pub fn worktrees(&self, flags: &[&str]) -> Vec<Value> {
        let said = self.say(&[&["doctor", "--json"], flags].concat());
        assert_eq!(said.exit, 0, "{said:?}");
        said.lines[0]["worktrees"].as_array().unwrap().clone()
    }

    /// Starts a run and waits until so many agents hold.
    pub fn start_holding(&self, prompts: &[String], holding: usize) -> Child {
        self.agents(prompts);
        let mut child = self.project.spawn(&Self::run_arguments());
        until("so many agents hold", || {
            assert_eq!(child.try_wait().unwrap(), None, "it ended too early");
            self.holding() >= holding
        });
        child
    }

    fn holding(&self) -> usize {
        let entries = fs::read_dir(self.project.path("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("held-")).count()
    }

    /// Files of the working tree.
    pub fn files(&self) -> Files {
        files(&self.project.path("root"), &[".git"])
    }

    /// What git keeps of the person's: the index, branches but those of worktrees, and settings.
    pub fn kept_by_git(&self) -> (Files, String) {
        let top = self.project.path("root/.git");
        let wanted = ["HEAD", "index", "config", "info", "hooks"];
        let mut kept = files(&top, &["objects", "refs", "logs", "worktrees"]);
        kept.retain(|path, _| wanted.iter().any(|name| path.starts_with(name)));
        let refs = self.git(&["for-each-ref"]);
        (kept, refs.lines().filter(|line| !line.contains("refs/heads/baton/")).collect())
    }

    /// Names of everything that is there of worktrees: branches, folders, what git keeps of them.
    pub fn remains(&self) -> Vec<String> {
        let mut names = Vec::new();
        let branches = self.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/baton"]);
        names.extend(branches.lines().map(|line| line.trim_start_matches("baton/").to_owned()));
        for folder in ["root/.git/worktrees", "home/worktrees", "root/.git/refs/heads/baton"] {
            for entry in fs::read_dir(self.project.path(folder)).into_iter().flatten() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let name = name.trim_end_matches(".json").trim_end_matches(".lock").to_owned();
                names.push(name);
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

pub fn numbered() -> String {
    (1..=LINES).map(|number| format!("line {number}\n")).collect()
}

fn files(top: &Path, but: &[&str]) -> Files {
    let mut files = Files::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(top).unwrap().to_owned();
            if but.iter().any(|but| name == Path::new(but)) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let mode = fs::metadata(&path).unwrap().permissions().mode();
                files.insert(name, (fs::read(&path).unwrap(), mode));
            }
        }
    }
    files
}
