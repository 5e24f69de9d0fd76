#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| scenarios::fuzz::check("login_form", input));
