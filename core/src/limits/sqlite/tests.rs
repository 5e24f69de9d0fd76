use super::*;
use crate::store::{
    sqlite::testing::{in_memory, open},
    testing::Fixture,
};

#[tokio::test]
async fn failures_count_for_anybody_and_are_forgotten_on_success() {
    let fixture = Fixture::new();
    let a = open(&fixture, &in_memory("failures")).await;
    assert_eq!(a.failures("nobody@example.com").await, Ok(0));
    assert_eq!(a.count_failure("nobody@example.com").await, Ok(1));
    assert_eq!(a.count_failure("nobody@example.com").await, Ok(2));
    assert_eq!(a.failures("nobody@example.com").await, Ok(2));
    a.clear_failures("nobody@example.com").await.unwrap();
    assert_eq!(a.count_failure("nobody@example.com").await, Ok(1));
}
