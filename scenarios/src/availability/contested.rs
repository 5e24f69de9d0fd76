//! Logins that may fail because somebody else presented their code too.

use crate::{
    property::reading::Invocation,
    redemption,
    vocabulary::{Op, Tag},
};

/// The excuse of a login that [`contested`] is about.
pub(crate) const CONTESTED: &str = "lost its tokens to another presentation of its code";

/// Whether a login lost the tokens of a code that was presented more than once with everything that binds it, before the
/// login had ended. A login that got its tokens, and could use them, lost nothing: in most scenarios a thief presents every
/// code.
pub(crate) fn contested(login: &Invocation<'_>, invocations: &[Invocation<'_>]) -> bool {
    let during = || invocations.iter().filter(|other| other.began_ms <= login.ended_ms());
    let own = || during().filter(|other| other.who == login.who && other.began_ms >= login.began_ms);
    let presents = |other: &Invocation<'_>, wanted: &Tag| matches!(other.op, Op::Redemption(redemption::Op::Redeem { code, rightful: true, .. }) if code == wanted);
    let uses = |other: &Invocation<'_>, wanted: &Tag| matches!(other.op, Op::Redemption(redemption::Op::UserInfo { code }) if code == wanted);
    let presented = own().filter_map(|other| match other.op {
        Op::Redemption(redemption::Op::Redeem { code, .. }) => Some(code),
        _ => None,
    });
    let lost = |code: &Tag| {
        !own().any(|other| presents(other, code) && other.ok()) || own().any(|other| uses(other, code) && !other.ok())
    };
    let mut presented = presented.filter(|code| lost(code));
    presented.any(|code| during().filter(|other| presents(other, code)).count() > 1)
}
