//! The cache of compiled components: what others put there never runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use baton_core::limits::Limits;

use super::guests::{echo, workflow};
use super::mock::{Mock, run, said};
use crate::{Host, HostConfig};

fn host(directory: &Path) -> Host {
    Host::new(HostConfig { cache_dir: Some(directory.join("cache")), live_max: 1 }).unwrap()
}

fn other() -> Vec<u8> {
    workflow("", r#"(data (i32.const 100) "2")"#, "(call $done (i32.const 100) (i32.const 1))")
}

/// The artifacts in the cache.
fn artifacts(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.join("cache")).unwrap();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
        .collect();
    paths.sort();
    paths
}

fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_component_is_compiled_once() {
    let directory = tempfile::tempdir().unwrap();
    let first = host(directory.path());
    first.load(&echo()).unwrap();
    first.load(&echo()).unwrap();
    assert_eq!(first.compilations(), 1);
    let second = host(directory.path());
    second.load(&echo()).unwrap();
    assert_eq!(second.compilations(), 0);
    assert_eq!(first.engine_id(), second.engine_id());
}

#[test]
fn files_are_private() {
    let directory = tempfile::tempdir().unwrap();
    let host = host(directory.path());
    assert_eq!(host.cache_problem(), None);
    host.load(&echo()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let cache = directory.path().join("cache");
    assert_eq!(mode(&cache), 0o700);
    assert_eq!(mode(&cache.join("key")), 0o600);
    let artifacts = artifacts(directory.path());
    assert_eq!(artifacts.iter().map(|path| mode(path)).collect::<Vec<_>>(), [0o444]);
    assert_eq!(fs::read_dir(cache).unwrap().count(), 2);
}

#[tokio::test]
async fn a_changed_artifact_is_compiled_again_and_mended() {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path()).load(&echo()).unwrap();
    let path = artifacts(directory.path()).remove(0);
    let good = fs::read(&path).unwrap();
    let mut poisoned: Vec<Vec<u8>> = Vec::new();
    for index in [0, 31, 32, 40, good.len() / 2, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[index] ^= 1;
        poisoned.push(bytes);
    }
    poisoned.push(Vec::new());
    poisoned.push(good[..20].to_vec());
    poisoned.push(good[..good.len() - 1].to_vec());
    poisoned.push([good.as_slice(), b"x"].concat());
    for bytes in poisoned {
        replace(&path, &bytes);
        let poisoned = host(directory.path());
        let end = run(&poisoned, &echo(), &Limits::default(), Mock::default()).await;
        assert_eq!((said(&end).as_str(), poisoned.compilations()), (r#"{"in":1}"#, 1));
        let mended = host(directory.path());
        mended.load(&echo()).unwrap();
        assert_eq!(mended.compilations(), 0);
    }
}

#[tokio::test]
async fn an_artifact_does_not_stand_in_for_another() {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path()).load(&echo()).unwrap();
    let first = artifacts(directory.path()).remove(0);
    host(directory.path()).load(&other()).unwrap();
    let second = artifacts(directory.path()).into_iter().find(|path| *path != first).unwrap();
    let (ours, theirs) = (fs::read(&first).unwrap(), fs::read(&second).unwrap());
    replace(&first, &theirs);
    replace(&second, &ours);
    let swapped = host(directory.path());
    let limits = Limits::default();
    assert_eq!(said(&run(&swapped, &echo(), &limits, Mock::default()).await), r#"{"in":1}"#);
    assert_eq!(said(&run(&swapped, &other(), &limits, Mock::default()).await), "2");
    assert_eq!(swapped.compilations(), 2);
}

#[test]
fn artifacts_of_another_key_are_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path()).load(&echo()).unwrap();
    fs::remove_file(directory.path().join("cache/key")).unwrap();
    let other = host(directory.path());
    other.load(&echo()).unwrap();
    assert_eq!(other.compilations(), 1);
}

#[test]
fn a_file_that_others_can_write_is_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path()).load(&echo()).unwrap();
    let path = artifacts(directory.path()).remove(0);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let careful = host(directory.path());
    careful.load(&echo()).unwrap();
    assert_eq!(careful.compilations(), 1);
}

#[test]
fn a_link_in_the_place_of_an_artifact_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path()).load(&echo()).unwrap();
    let path = artifacts(directory.path()).remove(0);
    let elsewhere = directory.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let careful = host(directory.path());
    careful.load(&echo()).unwrap();
    assert_eq!(careful.compilations(), 1);
}

#[test]
fn a_cache_that_cannot_be_used_is_told_and_not_needed() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("cache"), "a file").unwrap();
    let host = host(directory.path());
    assert!(host.cache_problem().is_some());
    host.load(&echo()).unwrap();
    assert_eq!(host.compilations(), 1);
}

#[test]
fn a_damaged_key_is_a_problem_and_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path()).load(&echo()).unwrap();
    let key = directory.path().join("cache/key");
    fs::write(&key, "short").unwrap();
    let host = host(directory.path());
    assert!(host.cache_problem().unwrap().contains("key"), "{:?}", host.cache_problem());
    assert_eq!(fs::read(&key).unwrap(), b"short");
}
