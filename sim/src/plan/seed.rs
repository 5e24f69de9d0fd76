//! The form of a seed in a file: a number, or hexadecimal text if the number is too large, because the integers of TOML
//! end at 2^63 - 1.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a seed is a number from 0 on, or text like \"0xfedcba9876543210\""
)]
enum Seed {
    Small(i64),
    Large(String),
}

pub(super) fn serialize<S: Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    match i64::try_from(*seed) {
        Ok(small) => Seed::Small(small),
        Err(_) => Seed::Large(format!("{seed:#x}")),
    }
    .serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let seed = match Seed::deserialize(deserializer)? {
        Seed::Small(small) => u64::try_from(small).ok(),
        Seed::Large(text) => text
            .strip_prefix("0x")
            .and_then(|hex| u64::from_str_radix(hex, 16).ok()),
    };
    seed.ok_or_else(|| D::Error::custom("a seed is a number from 0 on, or text like \"0xfedcba9876543210\""))
}
