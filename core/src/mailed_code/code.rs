//! One-time codes that are mailed: eight digits. SP 800-63B-4 section 3.1.3.1 asks for at least six; but several codes of an
//! address are valid at a time, and each guess may meet any of them (`core/LIMITS.md`, "Guessing").

use crate::hash::Pepper;

/// How many codes there are.
pub const CODES: u32 = 100_000_000;

/// A code of eight digits from unpredictable numbers. Draws again above the last multiple of [`CODES`], otherwise the low codes
/// would be more likely than the high ones.
pub fn draw(mut next: impl FnMut() -> u32) -> String {
    const END: u32 = u32::MAX - u32::MAX % CODES;
    loop {
        let number = next();
        if number < END {
            return format!("{:08}", number % CODES);
        }
    }
}

/// What a person typed, as eight digits. Spaces and hyphens are ignored.
pub fn typed(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    (digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// How a code is kept: keyed, and bound to its flow and to the address it was sent to. Bound to the
/// address too, because limits are counted per address: otherwise an attacker could have a code sent
/// to a victim, name an address of their own in the same flow, and guess at the cost of that address.
pub fn mac(pepper: &Pepper, flow_hash: &str, address: &str, code: &str) -> String {
    pepper.mac("email-code", &[flow_hash, address, code])
}

/// A mail address as typed: trimmed and in lower case. `None` if it cannot be one. Whether it exists
/// only a mail can show, so this refuses what would break a header or a log, and little more.
pub fn address(text: &str) -> Option<String> {
    let address = text.trim().to_lowercase();
    let (local, domain) = address.rsplit_once('@')?;
    let printable = |c: char| !c.is_control() && !c.is_whitespace() && !"<>()[],;:\"\\".contains(c);
    (address.len() <= 254 && !local.is_empty() && !domain.is_empty() && !local.contains('@'))
        .then_some(())
        .filter(|()| address.chars().all(printable))
        .map(|()| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_bias_are_drawn_again() {
        let mut numbers = [u32::MAX, 4_200_000_000, 4_199_999_999].into_iter();
        assert_eq!(draw(|| numbers.next().unwrap()), "99999999");
        assert_eq!(draw(|| 7), "00000007");
    }

    #[test]
    fn what_people_type() {
        assert_eq!(typed(" 1234 5678 ").as_deref(), Some("12345678"));
        assert_eq!(typed("1234-5678").as_deref(), Some("12345678"));
        for wrong in ["", "1234567", "123456789", "1234567a", "123456", "١٢٣٤٥٦٧٨"] {
            assert_eq!(typed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(address(" Ann@Example.COM ").as_deref(), Some("ann@example.com"));
        for wrong in [
            "",
            "ann",
            "@x",
            "ann@",
            "a@b@c",
            "a b@c",
            "a@b\r\nBcc: x@y",
            "<a@b>",
            "a,b@c",
        ] {
            assert_eq!(address(wrong), None, "{wrong:?}");
        }
        assert_eq!(address(&format!("{}@example.com", "a".repeat(250))), None);
    }

    #[test]
    fn a_code_is_bound_to_flow_and_address() {
        let pepper = Pepper::new([1; 32]);
        let kept = mac(&pepper, "flow", "a@x", "12345678");
        assert_ne!(kept, mac(&pepper, "flow2", "a@x", "12345678"));
        assert_ne!(kept, mac(&pepper, "flow", "b@x", "12345678"));
        assert_ne!(kept, mac(&pepper, "flow", "a@x", "12345679"));
    }
}
