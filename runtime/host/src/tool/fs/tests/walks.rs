//! Random paths, from a seed: whatever they are made of, they lead to what the system says that they
//! lead to, if that is inside, and nowhere otherwise.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rustix::fs::Stat;
use std::os::unix::fs::MetadataExt;

use super::*;
use crate::tool::fs::Touch;
use crate::tool::fs::walk::Last;

const PATHS: u32 = 100_000;

const TOKENS: &[&str] = &[
    "a", "b", "sub", "deep", "file", "..", ".", "/", "//", "out", "up", "self", "loop", "chain",
    "absolute", "slash", "into", "hidden", "key", "proc", "nothing", "\u{202e}", "...", " ", "\\",
];

fn tree() -> Tree {
    let tree = Tree::of(&["a/file", "a/b/file", "sub/deep/file", "hidden/key", "file"]);
    fs::create_dir(tree.holder.path().join("outside")).unwrap();
    fs::write(tree.holder.path().join("outside/file"), "outside").unwrap();
    tree.link("out", "../outside");
    tree.link("slash", "../outside/");
    tree.link("absolute", tree.holder.path().join("outside"));
    tree.link("up", "..");
    tree.link("self", ".");
    tree.link("loop", "loop");
    tree.link("chain", "sub/out");
    tree.link("sub/out", "../out");
    tree.link("sub/up", "..");
    tree.link("sub/deep/up", "../..");
    tree.link("sub/into", "../a/b/..");
    tree.link("a/hidden", "../hidden");
    tree.link("proc", "/proc/self/root");
    tree
}

#[test]
fn random_paths_lead_where_the_system_says_or_nowhere() {
    let tree = tree();
    let files = tree.files(&["**", "!hidden/**", "!hidden"], &[]);
    let root = fs::canonicalize(tree.root()).unwrap();
    let mut random = ChaCha20Rng::from_seed([7; 32]);
    let mut pick = |count: usize| (random.next_u32() as usize) % count;
    let (mut found, mut outside) = (0_u32, 0_u32);
    for _ in 0..PATHS {
        let mut path = String::new();
        for _ in 0..=pick(7) {
            path.push_str(TOKENS[pick(TOKENS.len())]);
            if pick(3) > 0 {
                path.push('/');
            }
        }
        match files.files.find(Touch::Read, "", &path, Last::Follow) {
            Ok(place) => {
                let Ok(stat) = place.what.stat() else { continue };
                found += 1;
                let system = fs::metadata(root.join(&path)).unwrap();
                let identity = |stat: &Stat| (stat.st_dev, stat.st_ino);
                assert_eq!(identity(stat), (system.dev(), system.ino()), "{path:?}");
                let real = fs::canonicalize(root.join(&path)).unwrap();
                let inside = real.strip_prefix(&root).unwrap_or_else(|_| panic!("{path:?}"));
                assert_eq!(inside.to_str().unwrap(), place.path, "{path:?}");
                assert!(!place.path.starts_with("hidden"), "{path:?}");
            }
            Err(Fault::Outside(_)) => outside += 1,
            Err(_) => {}
        }
    }
    assert!(found > PATHS / 50 && outside > PATHS / 20, "{found} {outside}");
}
