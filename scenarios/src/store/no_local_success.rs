//! While no replica can reach Redis, nothing that needs Redis succeeds.
//!
//! Source: inventory 25 (no success is derived from local state), the `required` flag of the report: a replica that
//! falls back to a dictionary of its own works until the other replica is asked.
//!
//! Edges. An operation that was in progress when the link broke may still succeed, so a margin is left. An operation
//! counts if it began and ended within the outage. The account page needs only the directory.

use crate::{
    mailed_code, people,
    property::{
        calm::{UNENDED, first_of},
        human, invocations, violation,
    },
    redemption,
    store::unreachable::all_blind,
    vocabulary::{Evidence, Kind, Login, Op, Property, Violation},
};

/// Operations that were in progress when the outage began have ended after this time, milliseconds.
const MARGIN_MS: u64 = 3_000;

/// Property: nothing that needs Redis succeeds while no replica reaches it. See the module.
pub struct NoLocalSuccess;

impl Property<Login> for NoLocalSuccess {
    fn name(&self) -> String {
        "NoLocalSuccess".into()
    }
    fn kind(&self) -> Kind {
        Kind::Always
    }
    fn claim(&self) -> String {
        "while no replica reaches Redis, nothing that needs it succeeds".into()
    }
    fn check(&self, evidence: &Evidence<'_>) -> Result<(), Violation> {
        let world = &evidence.plan.world;
        let outages = all_blind(evidence.history, &world.redis_hosts(), &world.replica_hosts());
        for invocation in invocations(evidence.history) {
            let needs_redis = matches!(
                invocation.op,
                Op::People(people::Op::OpenLogin)
                    | Op::MailedCode(mailed_code::Op::SendCode { .. })
                    | Op::MailedCode(mailed_code::Op::VerifyCode { .. })
                    | Op::Redemption(redemption::Op::Redeem { .. })
                    | Op::People(people::Op::ReceiveCode)
            );
            let during = |(from, to): &&(u64, u64)| (*from..=*to).contains(&invocation.began_ms);
            let Some((from, to)) = outages.iter().find(during).filter(|_| needs_redis) else {
                continue;
            };
            let excuse = first_of([
                (invocation.end.is_none(), UNENDED),
                (invocation.ended_ms() > *to, "the outage ended first"),
                (invocation.began_ms < from + MARGIN_MS, "the outage had just begun"),
            ]);
            if !evidence.is_violated(invocation.ok(), excuse) {
                continue;
            }
            let what = format!(
                "{} {}, and succeeds, though no replica has reached Redis since {}",
                invocation.who,
                sim::service::Op::describe(invocation.op),
                human(*from)
            );
            return Err(
                violation(&self.name(), invocation.ended_ms(), invocation.records(), what)
                    .because(format!("{}-without-redis", invocation.kind())),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        property::testing::*,
        session,
        vocabulary::{Fault, Seen},
    };

    fn cut(a: &str, b: &str) -> Fault {
        Fault::Cut {
            a: a.into(),
            b: b.into(),
        }
    }

    fn outage() -> Story {
        ["idp-a", "idp-b"].iter().fold(Story::new(), |story, replica| {
            story
                .fault(1000, cut(replica, "redis-1"))
                .fault(1000, cut(replica, "redis-2"))
        })
    }

    #[test]
    fn accepts_what_was_on_its_way_and_what_needs_no_redis() {
        let session = tag("s1");
        let story = outage()
            .op((900, 1500), "ann", Op::People(people::Op::OpenLogin), Seen::Ok)
            .op(
                (6000, 6100),
                "ben",
                Op::Session(session::Op::Visit { session }),
                Seen::Ok,
            )
            .op(
                (7000, 7100),
                "cleo",
                Op::People(people::Op::OpenLogin),
                fail("temporarily-unavailable"),
            )
            .op((9000, 20_100), "dan", Op::People(people::Op::OpenLogin), Seen::Ok)
            .fault(20_000, Fault::Heal);
        assert_eq!(story.judged_by(&NoLocalSuccess), Ok(()));
    }

    #[test]
    fn accepts_success_while_one_replica_reaches_one_node() {
        let story = outage()
            .fault(
                2000,
                Fault::Mend {
                    a: "idp-b".into(),
                    b: "redis-2".into(),
                },
            )
            .op((6000, 6100), "ann", Op::People(people::Op::OpenLogin), Seen::Ok);
        assert_eq!(story.judged_by(&NoLocalSuccess), Ok(()));
    }

    #[test]
    fn rejects_success_out_of_nothing() {
        let both_down = ["redis-1", "redis-2"].iter().fold(Story::new(), |story, node| {
            story.fault(1000, Fault::Kill { host: (*node).into() })
        });
        for story in [outage(), both_down] {
            let story = story.op((6000, 6100), "ann", send("f1", "ann"), Seen::Ok);
            assert!(story.judged_by(&NoLocalSuccess).is_err());
        }
    }
}
