//! Unpredictable bytes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// A source of unpredictable bytes: the operating system's in production, a seeded stream per host
/// in the simulation.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// 256 random bits as URL-safe text of 43 characters: codes, tokens, cookies, flow identifiers.
pub fn random_token(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
