//! Redis's own generator for `math.random` (rand.c): drand48 of BSD, the same on every machine.

/// 48 bits of state.
pub(super) struct Rand48(u64);

impl Default for Rand48 {
    fn default() -> Rand48 {
        Rand48(0x1234_ABCD_330E)
    }
}

impl Rand48 {
    /// `math.randomseed`.
    pub(super) fn seed(&mut self, seed: i32) {
        self.0 = u64::from(seed as u32) << 16 | 0x330E;
    }

    /// From 0 to 1, 1 excluded: redis_math_random takes 31 bits.
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(0x0005_DEEC_E66D).wrapping_add(0xB) & 0xFFFF_FFFF_FFFF;
        let max = f64::from(i32::MAX);
        ((self.0 >> 17) as f64 % max) / max
    }
}

#[cfg(test)]
mod tests {
    /// `EVAL 'return math.random(1000)' 0`, twice, on a fresh server.
    #[test]
    fn the_first_numbers_are_those_of_a_fresh_server() {
        let mut random = super::Rand48::default();
        let mut next = || (random.next() * 1000.0) as i64 + 1;
        assert_eq!([next(), next()], [397, 841]);
    }
}
