//! A sorted set: members by score, then by bytes.

use bytes::Bytes;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A score: any number but NaN. `-0` and `0` are one score.
#[derive(Debug, Clone, Copy)]
struct Score(f64);

impl PartialEq for Score {
    fn eq(&self, other: &Score) -> bool {
        self.0 == other.0
    }
}
impl Eq for Score {}
impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Score) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Score {
    fn cmp(&self, other: &Score) -> Ordering {
        self.0.partial_cmp(&other.0).expect("no score is NaN")
    }
}

/// Members and scores.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Zset {
    scores: BTreeMap<Bytes, f64>,
    order: BTreeSet<(Score, Bytes)>,
}

impl Zset {
    /// Number of members.
    pub(super) fn len(&self) -> usize {
        self.scores.len()
    }

    /// The member's score.
    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// Adds a member or moves it; returns the score it had. The score is not NaN.
    pub(super) fn insert(&mut self, member: Bytes, score: f64) -> Option<f64> {
        // `-0` is stored as the integer 0, as in a listpack.
        let score = score + 0.0;
        let old = self.scores.insert(member.clone(), score);
        if let Some(old) = old {
            self.order.remove(&(Score(old), member.clone()));
        }
        self.order.insert((Score(score), member));
        old
    }

    /// Removes a member.
    pub(super) fn remove(&mut self, member: &Bytes) -> Option<f64> {
        let score = self.scores.remove(member)?;
        self.order.remove(&(Score(score), member.clone()));
        Some(score)
    }

    /// Members and scores, lowest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Bytes, f64)> {
        self.order.iter().map(|(score, member)| (member, score.0))
    }

    /// How many members come before this one.
    pub(super) fn rank(&self, member: &Bytes) -> Option<usize> {
        let score = self.score(member)?;
        Some(self.order.range(..(Score(score), member.clone())).count())
    }

    /// Removes the lowest (or the highest) member.
    pub(super) fn pop(&mut self, highest: bool) -> Option<(Bytes, f64)> {
        let (score, member) = if highest {
            self.order.pop_last()
        } else {
            self.order.pop_first()
        }?;
        self.scores.remove(&member);
        Some((member, score.0))
    }
}

impl FromIterator<(Bytes, f64)> for Zset {
    fn from_iter<I: IntoIterator<Item = (Bytes, f64)>>(pairs: I) -> Zset {
        let mut zset = Zset::default();
        for (member, score) in pairs {
            zset.insert(member, score);
        }
        zset
    }
}
