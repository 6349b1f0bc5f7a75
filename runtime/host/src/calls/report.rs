//! Interface `report`: telling people, and keeping files.

use baton_core::report::Report;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::{cut, enter};
use crate::bindings::v0_1::workflow::baton::runtime::report::Level;
use crate::convert;
use crate::state::{Port, State};

/// Bytes of one artifact. Stated in the contract.
pub(crate) const ARTIFACT_BYTES_MAX: usize = 4 << 20;

pub(crate) fn link<P: Port>(linker: &mut Linker<State<P>>) -> wasmtime::Result<()> {
    let mut report = linker.instance("baton:runtime/report@0.1.0")?;
    report.func_wrap(
        "phase",
        |store: StoreContextMut<'_, State<P>>, (mut title,): (String,)| {
            cut(&mut title, store.data().limits.run.text_bytes);
            tell(store, Report::Phase { title })
        },
    )?;
    report.func_wrap(
        "log",
        |store: StoreContextMut<'_, State<P>>, (level, mut text): (Level, String)| {
            cut(&mut text, store.data().limits.run.log_line_bytes);
            tell(store, Report::Log { level: convert::level(level), text })
        },
    )?;
    report.func_wrap(
        "progress",
        |store: StoreContextMut<'_, State<P>>, (done, total): (u64, Option<u64>)| {
            tell(store, Report::Progress { done, total })
        },
    )?;
    report.func_wrap(
        "artifact",
        |store: StoreContextMut<'_, State<P>>,
         (name, media_type, bytes): (String, String, Vec<u8>)| {
            Ok((artifact(store, name, media_type, bytes)?,))
        },
    )
}

fn tell<P: Port>(mut store: StoreContextMut<'_, State<P>>, report: Report) -> wasmtime::Result<()> {
    let fuel = enter(&store)?;
    store.data_mut().port.report(report, fuel)?;
    Ok(())
}

fn artifact<P: Port>(
    mut store: StoreContextMut<'_, State<P>>,
    name: String,
    media_type: String,
    bytes: Vec<u8>,
) -> wasmtime::Result<Result<String, String>> {
    let fuel = enter(&store)?;
    let text_max = store.data().limits.run.text_bytes;
    if let Some(refusal) = artifact_refusal(&name, &media_type, bytes.len(), text_max) {
        return Ok(Err(refusal));
    }
    let kept = store.data_mut().port.artifact(name, media_type, bytes, fuel)?;
    Ok(kept.map(|digest| digest.to_string()))
}

fn artifact_refusal(name: &str, media_type: &str, size: usize, text_max: u64) -> Option<String> {
    if name.is_empty() || name.contains(['/', '\\', '\0']) || name == "." || name == ".." {
        return Some("the name of an artifact is a file name without path separators".into());
    }
    if name.len() as u64 > text_max || media_type.len() as u64 > text_max {
        return Some(format!("name and media type of an artifact have at most {text_max} bytes"));
    }
    (size > ARTIFACT_BYTES_MAX)
        .then(|| format!("an artifact of {size} bytes; the limit is {ARTIFACT_BYTES_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_refused_by_name_and_size() {
        for (name, media_type, size, refused) in [
            ("report.md", "text/markdown", ARTIFACT_BYTES_MAX, false),
            ("report.md", "text/markdown", ARTIFACT_BYTES_MAX + 1, true),
            ("../report.md", "text/markdown", 1, true),
            ("a\\b", "text/markdown", 1, true),
            ("..", "text/markdown", 1, true),
            ("", "text/markdown", 1, true),
            ("seventeen-bytes-x", "text/markdown", 1, true),
            ("report.md", "a-media-type-too-long", 1, true),
        ] {
            let refusal = artifact_refusal(name, media_type, size, 16);
            assert_eq!(refusal.is_some(), refused, "{name} {media_type} {size}: {refusal:?}");
        }
    }
}
