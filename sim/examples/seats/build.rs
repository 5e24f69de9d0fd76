//! Finds the identity of the build.
fn main() {
    build_identity::emit();
}
