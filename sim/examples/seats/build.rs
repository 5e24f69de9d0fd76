//! Tells the suite which sources it is built from.

fn main() {
    build_identity::emit();
}
