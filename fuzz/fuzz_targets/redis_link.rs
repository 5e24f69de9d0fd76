#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sim::fuzz::check("redis_link", input));
