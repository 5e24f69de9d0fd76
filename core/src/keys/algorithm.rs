//! How ID tokens are signed.

/// A signature algorithm of ID tokens: what a client registers as `id_token_signed_response_alg` (OpenID Connect Dynamic
/// Registration section 2). `none` is not among them: whoever brings a token would then decide what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3). Every client knows it: OpenID Connect Discovery section 3 and
    /// Dynamic Registration section 2 make it what is understood where nothing is said.
    Rs256,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4): short, and fast to make.
    Es256,
}

impl Algorithm {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es256];

    /// Its name in RFC 7518.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
        }
    }

    /// The algorithm of this name.
    pub fn named(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_rfc_7518_and_never_none() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::named(algorithm.name()), Some(algorithm));
        }
        for other in ["none", "", "rs256", "HS256", "PS256"] {
            assert_eq!(Algorithm::named(other), None, "{other}");
        }
    }
}
