#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| model_fuzz::check("redis_reply", input));
