//! The certificate and its key, which are read from files again while the server runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// Why TLS can't be spoken. Each is a sentence for the operator; nothing of the key is in it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("The certificate {} can't be read: {reason}. Check --tls-cert.", .file.display())]
    Certificate { file: PathBuf, reason: String },
    #[error("The private key {} can't be read: {reason}. Check --tls-key.", .file.display())]
    Key { file: PathBuf, reason: String },
    #[error("The certificate and the private key don't work together: {0}.")]
    Pair(rustls::Error),
}

/// A certificate chain with its private key, both in PEM files.
///
/// Handshakes use what was read last. Files that can't be used leave it as it is, so that a
/// renewal that went wrong doesn't end the service.
#[derive(Debug)]
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    certified: Arc<CertifiedKey>,
    /// When the files were changed that were looked at last, whether they could be used or not.
    seen: FileTimes,
}

/// When the certificate's and the key's file were changed; `None` where that can't be told.
type FileTimes = (Option<SystemTime>, Option<SystemTime>);

impl Certificate {
    /// Reads a certificate chain and its private key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn load(cert: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let seen = file_times(cert, key);
        let certified = Arc::new(read(cert, key, &provider)?);
        Ok(Arc::new(Self {
            cert: cert.into(),
            key: key.into(),
            provider,
            current: RwLock::new(Current { certified, seen }),
        }))
    }

    /// Accepts TLS connections with this certificate.
    ///
    /// # Errors
    /// [`TlsError::Pair`] if the TLS library refuses its own versions of TLS.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Pair)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again. New handshakes use them; connections that are open stay as they are.
    ///
    /// # Errors
    /// [`TlsError`]; the certificate that was used before stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        // Taken first, so that a change while the files are read is seen the next time.
        let seen = file_times(&self.cert, &self.key);
        self.current.write().seen = seen;
        let certified = Arc::new(read(&self.cert, &self.key, &self.provider)?);
        self.current.write().certified = certified;
        Ok(())
    }

    /// Reads the files again if they were changed. Returns whether they were.
    ///
    /// # Errors
    /// As [`Certificate::reload`], once for each change of the files.
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        if self.current.read().seen == file_times(&self.cert, &self.key) {
            return Ok(false);
        }
        self.reload()?;
        Ok(true)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().certified))
    }
}

fn file_times(cert: &Path, key: &Path) -> FileTimes {
    let changed = |file| fs::metadata(file).and_then(|it| it.modified()).ok();
    (changed(cert), changed(key))
}

fn read(cert: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let unreadable = |error: PemError| TlsError::Certificate {
        file: cert.into(),
        reason: describe(&error, "certificate"),
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if chain.is_empty() {
        return Err(unreadable(PemError::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::Key {
        file: key.into(),
        reason: describe(&error, "private key"),
    })?;
    CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Pair)
}

fn describe(error: &PemError, what: &str) -> String {
    match error {
        PemError::Io(error) => error.to_string(),
        PemError::NoItemsFound => format!("there is no {what} in PEM in it"),
        _ => "it is not PEM".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a new certificate and returns what is in it.
    fn renew(dir: &Path) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(dir.join("cert.pem"), made.cert.pem()).unwrap();
        fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        made.cert.der().clone()
    }

    fn used(certificate: &Certificate) -> CertificateDer<'static> {
        certificate.current.read().certified.cert[0].clone()
    }

    #[test]
    fn a_changed_certificate_is_used_and_an_unusable_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        let first = renew(dir.path());
        let certificate = Certificate::load(&cert, &key).unwrap();
        assert_eq!(used(&certificate), first);
        assert!(!certificate.reload_if_changed().unwrap());

        let second = renew(dir.path());
        // A file system may keep times coarser than this test is slow.
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        let set_time = |file: &Path, time| {
            let file = fs::File::options().append(true).open(file).unwrap();
            file.set_modified(time).unwrap();
        };
        set_time(&cert, later);
        assert!(certificate.reload_if_changed().unwrap());
        assert_eq!(used(&certificate), second);

        fs::write(&key, "no key").unwrap();
        set_time(&key, later);
        let error = certificate.reload_if_changed().unwrap_err().to_string();
        assert!(error.contains("--tls-key"), "{error}");
        assert_eq!(used(&certificate), second);
        // One change is one error.
        assert!(!certificate.reload_if_changed().unwrap());

        let third = renew(dir.path());
        certificate.reload().unwrap();
        assert_eq!(used(&certificate), third);
    }
}
