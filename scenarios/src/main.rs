//! `squall`: explore, replay, list, teeth, bench.

mod command;

// A run is short and allocates all the time: glibc's allocator takes an eighth of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    command::run()
}
