//! TLS for connections that this process opens, by rustls.

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use seams::Stream;
use std::{io, path::Path, sync::Arc};
use tokio_rustls::TlsConnector;

/// The authorities whose certificates are believed.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Those of the operating system.
    ///
    /// # Errors
    /// It has none.
    pub fn of_system() -> io::Result<Trust> {
        let found = rustls_native_certs::load_native_certs();
        let why = found.errors.first().map(ToString::to_string).unwrap_or_default();
        Trust::of(found.certs)
            .ok_or_else(|| io::Error::other(format!("this machine trusts no certificate authority {why}")))
    }

    /// Those in a file, in PEM: these and no others.
    ///
    /// # Errors
    /// The file cannot be read, or has no certificate.
    pub fn of_file(file: &Path) -> io::Result<Trust> {
        let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let certificates = read.map_err(io::Error::other)?;
        Trust::of(certificates).ok_or_else(|| io::Error::other("there is no certificate of an authority in it (PEM)"))
    }

    fn of(certificates: Vec<CertificateDer<'static>>) -> Option<Trust> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates);
        if roots.is_empty() {
            return None;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring offers TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Some(Trust(Arc::new(config)))
    }

    /// Encrypts a connection whose other end must have a certificate for `name`, a host name or an IP address.
    ///
    /// # Errors
    /// The handshake failed: the certificate is another's, has expired, or is not from an authority that is trusted.
    pub(crate) async fn secure(&self, stream: Stream, name: &str) -> io::Result<Stream> {
        let peer = stream.peer();
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let encrypted = TlsConnector::from(self.0.clone()).connect(name, stream).await?;
        Ok(Stream::new(encrypted, peer))
    }
}
