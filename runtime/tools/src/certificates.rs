//! Certificates of further authorities.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::OnceCell;

/// Bytes of a file of certificates. The common bundles have some 200 KiB.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Certificates as requests need them.
pub(crate) type Der = Arc<Vec<Vec<u8>>>;

/// Files of certificates, read when they are first needed.
pub(crate) struct Certificates {
    paths: Vec<String>,
    read: OnceCell<Result<Der, String>>,
}

impl Certificates {
    pub(crate) fn new(paths: Vec<String>) -> Self {
        Self { paths, read: OnceCell::new() }
    }

    /// All of them; or what is wrong with a file, with its name.
    pub(crate) async fn get(&self) -> Result<Der, String> {
        self.read.get_or_init(|| read(&self.paths)).await.clone()
    }
}

async fn read(paths: &[String]) -> Result<Der, String> {
    let mut all = Vec::new();
    for path in paths {
        let wrong = |what: &dyn std::fmt::Display| format!("the certificates {path}: {what}");
        let size = tokio::fs::metadata(path).await.map_err(|error| wrong(&error))?.len();
        if size > FILE_BYTES_MAX {
            return Err(wrong(&format!("{size} bytes; the limit is {FILE_BYTES_MAX}")));
        }
        let bytes = tokio::fs::read(path).await.map_err(|error| wrong(&error))?;
        let before = all.len();
        for certificate in CertificateDer::pem_slice_iter(&bytes) {
            all.push(certificate.map_err(|error| wrong(&error))?.to_vec());
        }
        if all.len() == before {
            return Err(wrong(&"there is no certificate in it"));
        }
    }
    Ok(Arc::new(all))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_without_certificates_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        let name = path.to_str().unwrap().to_owned();
        for (text, words) in [
            (None, "No such file"),
            (Some("hello"), "no certificate"),
            (Some("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"), &*name),
        ] {
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
            }
            let error = Certificates::new(vec![name.clone()]).get().await.unwrap_err();
            assert!(error.contains(words) && error.contains(&name), "{error}");
        }
        assert_eq!(Certificates::new(Vec::new()).get().await, Ok(Der::default()));
    }
}
