//! Ways out of the root, tried by a guest in a real tree beside which secrets lie.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::cases::{AGENT, hand_over};
use crate::yard::{ENVIRONMENT_SECRET, Yard};

/// Stands in every file that no guest may read.
const SECRET: &str = "the-secret-of-the-outside-tree";
/// Stands in a file that a guest may read, so that what the home keeps is known to be searched well.
const INSIDE: &str = "what-everybody-may-read";
/// A name that stands in the outside tree only.
const OUTSIDE_NAME: &str = "vault";

/// A path, and what reading and looking at it bring.
type Expected = (&'static str, &'static str, &'static str);

const PATHS: &[Expected] = &[
    // Good ones, so that the refusals mean something.
    ("file.md", INSIDE, "file 23"),
    ("sub/file.md", INSIDE, "file 23"),
    ("inside-link", INSIDE, "file 23"),
    ("with\nnewline", INSIDE, "file 23"),
    ("\u{202e}dm.elif", INSIDE, "file 23"),
    ("sub", "wrong-kind:is-directory", "directory 0"),
    ("nothing.md", "not-found:not-found", "not-found:not-found"),
    ("FILE.md", "not-found:not-found", "not-found:not-found"),
    ("file.md/x", "wrong-kind:not-directory", "wrong-kind:not-directory"),
    // Not paths inside a root at all.
    ("", "invalid-path:empty-path", "invalid-path:empty-path"),
    ("/", "invalid-path:absolute-path", "invalid-path:absolute-path"),
    ("/etc/passwd", "invalid-path:absolute-path", "invalid-path:absolute-path"),
    ("/proc/self/environ", "invalid-path:absolute-path", "invalid-path:absolute-path"),
    ("/dev/zero", "invalid-path:absolute-path", "invalid-path:absolute-path"),
    ("..", "invalid-path:parent-part", "invalid-path:parent-part"),
    ("../outside/secret.txt", "invalid-path:parent-part", "invalid-path:parent-part"),
    ("sub/../../outside/secret.txt", "invalid-path:parent-part", "invalid-path:parent-part"),
    ("sub/..", "invalid-path:parent-part", "invalid-path:parent-part"),
    (".", "invalid-path:dot-part", "invalid-path:dot-part"),
    ("./file.md", "invalid-path:dot-part", "invalid-path:dot-part"),
    ("sub//file.md", "invalid-path:empty-part", "invalid-path:empty-part"),
    ("file.md/", "invalid-path:trailing-slash", "invalid-path:trailing-slash"),
    ("nul\0.md", "invalid-path:nul", "invalid-path:nul"),
    ("..\\outside\\secret.txt", "invalid-path:backslash", "invalid-path:backslash"),
    ("%2e%2e/outside/secret.txt", "not-found:not-found", "not-found:not-found"),
    ("\u{ff0e}\u{ff0e}/outside/secret.txt", "not-found:not-found", "not-found:not-found"),
    // Links that lead out.
    ("out", "denied:link-outside", "denied:link-outside"),
    ("out/secret.txt", "denied:link-outside", "denied:link-outside"),
    ("out-absolute/secret.txt", "denied:link-outside", "denied:link-outside"),
    ("out-file", "denied:link-outside", "denied:link-outside"),
    ("chain", "denied:link-outside", "denied:link-outside"),
    ("second", "denied:link-outside", "denied:link-outside"),
    ("sub/third", "denied:link-outside", "denied:link-outside"),
    ("parent", "denied:link-outside", "denied:link-outside"),
    ("parent/outside/secret.txt", "denied:link-outside", "denied:link-outside"),
    ("through/secret.txt", "denied:link-outside", "denied:link-outside"),
    ("magic", "denied:link-outside", "denied:link-outside"),
    ("magic/etc/passwd", "denied:link-outside", "denied:link-outside"),
    ("environ", "denied:link-outside", "denied:link-outside"),
    ("zero", "denied:link-outside", "denied:link-outside"),
    ("itself", "denied:link-loop", "denied:link-loop"),
    // Files that are no files.
    ("pipe", "not-regular:not-regular", "not-regular:not-regular"),
    ("socket", "not-regular:not-regular", "not-regular:not-regular"),
    ("big.bin", "too-large:file-too-large", "file 9437184"),
    // Files that usually hold secrets.
    (".env", "denied:out-of-scope", "denied:out-of-scope"),
    (".ENV", "denied:out-of-scope", "denied:out-of-scope"),
    ("env-link", "denied:out-of-scope", "denied:out-of-scope"),
    ("sub/.env.local", "denied:out-of-scope", "denied:out-of-scope"),
    (".git", "denied:out-of-scope", "denied:out-of-scope"),
    (".git/config", "denied:out-of-scope", "denied:out-of-scope"),
    ("sub/id_rsa", "denied:out-of-scope", "denied:out-of-scope"),
    ("server.pem", "denied:out-of-scope", "denied:out-of-scope"),
    (".ssh/config", "denied:out-of-scope", "denied:out-of-scope"),
];

fn tree(yard: &Yard) {
    for path in [
        "outside/secret.txt",
        "outside/vault/secret.txt",
        "root/.env",
        "root/.ENV",
        "root/sub/.env.local",
        "root/.git/config",
        "root/sub/id_rsa",
        "root/server.pem",
        "root/.ssh/config",
    ] {
        yard.write(path, SECRET);
    }
    for path in ["root/file.md", "root/sub/file.md", "root/with\nnewline", "root/\u{202e}dm.elif"] {
        yard.write(path, INSIDE);
    }
    yard.write(&format!("root/{}", "n".repeat(255)), INSIDE);
    let root = yard.path("root");
    let link = |name: &str, target: &Path| symlink(target, root.join(name)).unwrap();
    link("out", Path::new("../outside"));
    link("out-absolute", &yard.path("outside"));
    link("out-file", Path::new("../outside/secret.txt"));
    link("chain", Path::new("second"));
    link("second", Path::new("sub/third"));
    link("sub/third", Path::new("../out-file"));
    link("itself", Path::new("itself"));
    link("parent", Path::new(".."));
    link("through", Path::new("sub/../../outside"));
    link("magic", Path::new("/proc/self/root"));
    link("environ", Path::new("/proc/self/environ"));
    link("zero", Path::new("/dev/zero"));
    link("env-link", Path::new(".env"));
    link("inside-link", Path::new("file.md"));
    let big = fs::File::create(root.join("big.bin")).unwrap();
    big.set_len(9 << 20).unwrap();
    drop(UnixListener::bind(root.join("socket")).unwrap());
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status().unwrap().success());
}

/// What the guest was told, with the whole conversation searched for secrets.
fn told(yard: &Yard, input: &Value) -> Value {
    let args = Yard::arguments(&[], AGENT);
    let text = input.to_string();
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.extend(["--root", "root", "--input", &text]);
    let said = yard.run(&args);
    assert_eq!(said.exit, 0, "{}", said.stderr);
    for secret in [SECRET, ENVIRONMENT_SECRET, "root:x:0:0"] {
        assert!(!said.stdout.contains(secret), "{}", said.stdout);
        assert!(!said.stderr.contains(secret), "{}", said.stderr);
    }
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    report["output"].clone()
}

fn keeps(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn no_secret_is_kept(yard: &Yard) {
    let kept = yard.kept();
    assert!(keeps(&kept, INSIDE), "what was read is kept");
    for secret in [SECRET, ENVIRONMENT_SECRET] {
        assert!(!keeps(&kept, secret), "{secret} is kept");
    }
}

#[test]
fn no_path_leads_out() {
    let yard = Yard::new();
    tree(&yard);
    let paths: Vec<&str> = PATHS.iter().map(|(path, ..)| *path).collect();
    let answers = told(&yard, &json!({ "case": "paths", "paths": paths }));
    let found: Vec<(&str, &str, &str)> = PATHS
        .iter()
        .map(|(path, ..)| {
            let answer = |way: &str| answers[path][way].as_str().unwrap();
            (*path, answer("read"), answer("stat"))
        })
        .collect();
    assert_eq!(found, PATHS);
    no_secret_is_kept(&yard);
    yard.canary();
    yard.settled();
}

#[test]
fn names_at_the_limit_work_and_beyond_it_do_not() {
    let yard = Yard::new();
    tree(&yard);
    let (long, too_long) = ("n".repeat(255), "n".repeat(256));
    let too_deep = "p/".repeat(3_000) + "x";
    let paths = [long.as_str(), &too_long, &too_deep];
    let answers = told(&yard, &json!({ "case": "paths", "paths": paths }));
    assert_eq!(answers[&long]["read"], INSIDE);
    assert_eq!(answers[&too_long]["read"], "invalid-path:name-too-long");
    assert_eq!(answers[&too_deep]["read"], "invalid-path:path-too-long");
}

#[test]
fn no_query_shows_what_is_outside() {
    let yard = Yard::new();
    tree(&yard);
    let patterns = [
        "**",
        "*",
        ".*",
        "**/.*",
        "out/**",
        "out",
        "magic/**",
        "parent/**",
        "../**",
        "/**",
        "/etc/*",
        "**/.env*",
        "{.env,.ENV,.git/**}",
        ".git/**",
        "**/id_rsa",
        "chain",
        "env-link",
    ];
    let answers = told(&yard, &json!({ "case": "sweep", "patterns": patterns }));
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), patterns.len());
    for answer in answers {
        for way in ["list", "search"] {
            assert!(!answer[way].as_str().unwrap().contains(OUTSIDE_NAME), "{answer}");
        }
    }
    let all: Vec<&str> = answers[0]["list"].as_str().unwrap().split('\n').collect();
    assert!(all.contains(&"file.md") && all.contains(&"sub/file.md"), "{all:?}");
    let hidden =
        [".env", ".ENV", ".git/config", "sub/id_rsa", "server.pem", "pipe", "socket", "zero"];
    assert!(hidden.iter().all(|name| !all.contains(name)), "{all:?}");
    assert!(answers[0]["search"].as_str().unwrap().contains(INSIDE));
    no_secret_is_kept(&yard);
    yard.canary();
}

#[test]
fn without_a_root_there_are_no_files() {
    let yard = Yard::new();
    tree(&yard);
    let paths = ["file.md", "root/file.md", "/etc/passwd", "hostile.wasm"];
    let attack = yard.attack(&json!({ "case": "paths", "paths": paths }), &[], None);
    for path in paths {
        let answer = &attack.report["output"][path];
        assert_eq!(answer["read"], "denied:read-not-granted", "{path}");
        assert_eq!(answer["stat"], "denied:read-not-granted", "{path}");
    }
}

#[test]
fn an_agent_is_held_by_the_same_root() {
    let yard = Yard::new();
    tree(&yard);
    assert_eq!(told(&yard, &hand_over("reads-outside")), "0 read");
    let answers = told(&yard, &json!({ "case": "paths", "paths": ["file.md"] }));
    assert_eq!(answers["file.md"]["read"], INSIDE);
    no_secret_is_kept(&yard);
}
