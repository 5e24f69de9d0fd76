//! The keys that sign ID tokens.

use super::{Desk, Done, refused};
use crate::{options::ImportSigningKey, start::StartFailure};
use base64::{Engine, engine::general_purpose::STANDARD};
use idp::keys::{Algorithm, KeyRepository, SigningKey};
use serde_json::json;
use std::{fs, path::Path};

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// A private key from a file, PKCS#8 DER. What is wrong is said without a word of the file.
fn read(file: &Path) -> Result<Vec<u8>, StartFailure> {
    let name = file.display();
    let unusable = |why: &str| StartFailure::Argument(format!("--pem {name}: {why}"));
    let text = fs::read_to_string(file).map_err(|error| unusable(&error.to_string()))?;
    let inside = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let Some((inside, _)) = inside else {
        return Err(unusable(
            "it has no `BEGIN PRIVATE KEY`: make one with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`, or \
             change an older form with `openssl pkcs8 -topk8 -nocrypt`",
        ));
    };
    let encoded: String = inside.split_whitespace().collect();
    STANDARD
        .decode(encoded)
        .map_err(|_| unusable("what is between BEGIN and END is no base64"))
}

/// Puts an RSA key into a directory that has none yet: before the first replica starts, which would make one.
pub(super) async fn import(import: &ImportSigningKey) -> Result<Done, StartFailure> {
    let pkcs8 = read(&import.pem)?;
    let desk = Desk::open(&import.at).await?;
    let algorithm = Algorithm::Rs256;
    let key = SigningKey::record(pkcs8, algorithm, desk.env.now());
    let key = key.map_err(|why| StartFailure::Argument(format!("--pem {}: {why}", import.pem.display())))?;
    let kid = key.kid.clone();
    let kept = desk.directory.ensure_signing_key(key).await;
    let kept = kept.map_err(|failure| desk.failed(&failure))?;
    if let Some(other) = kept.iter().find(|kept| kept.algorithm == algorithm && kept.kid != kid) {
        return refused(format!(
            "there is a key for {} already, {}, and it was left as it is: keys cannot be replaced",
            algorithm.name(),
            other.kid
        ));
    }
    let text = format!("key {kid} signs ID tokens with {}", algorithm.name());
    Ok(desk.done(text, &json!({ "kid": kid, "alg": algorithm.name() })))
}
