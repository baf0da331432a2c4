//! Random choices that a seed repeats.

/// So many numbers are thrown away, until close seeds are far apart.
const WARM_UP: usize = 8;

/// A source of random choices: xorshift64*. The same seed and index give the same ones
/// everywhere.
pub struct Random(u64);

impl Random {
    /// The choices for one case of a seed.
    pub fn new(seed: u64, index: u64) -> Self {
        let mixed = (seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x1234_5678);
        // A state of zero would stay zero.
        let mut random = Self(mixed.max(1));
        for _ in 0..WARM_UP {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    }

    /// A number less than another.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a bound is small");
        usize::try_from(self.next() % bound).expect("it is less than the bound")
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}
