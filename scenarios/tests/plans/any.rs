//! Parts of plans as proptest draws them: every behaviour, and every fault of the login service's own.

use proptest::{collection::vec, option, prelude::*, sample::select};
use scenarios::{
    analytics, availability, directory,
    http::{
        self,
        Behaviour::{HoldHeads, LogInHastily, LogInWithState, SendLargest},
        Head,
    },
    limits::Behaviour::{BeginLogins, Flood, Guess, Spray, Unlock, UseManyBrowsers, WatchFailures},
    mail,
    mailed_code::Behaviour::{LogIn, LogInImpatiently, Mistype, PeekAtMail},
    oddities::{
        self,
        Behaviour::{
            BreakRules, ComeAgain, ComeBackToNativeApp, Dawdle, LogInAmongCookies, LogInAsHinted, LogInAtNativeApp,
            LogInInTwoTabs, LogInTwice, RestoreTabs, SentByAnotherSite, SignOutAtClient,
        },
        ClientAuth, Hint,
    },
    redemption::Behaviour::{BurnCode, RaceCode, StealCodes},
    registry,
    session::Behaviour::{GoOn, LogInAgain, LogInAndOut, StayLoggedIn},
    store,
    vocabulary::{Behaviour, Mode, OwnFault, ReminderOption},
};

/// Whatever somebody can do; those whom it names are called `others`, and `log-in-at` names one of `replicas`.
pub(crate) fn behaviour(others: &'static str, replicas: &'static str) -> impl Strategy<Value = Behaviour> {
    let (ms, many) = (0..20_000u64, 0..70u32);
    let crawl = (many.clone(), ms.clone(), 0..2_000u32, any::<bool>());
    let attack = (others, many.clone(), ms.clone());
    let again = (others, ms.clone());
    prop_oneof![
        Just(LogIn.into()),
        many.clone().prop_map(|clicks| LogInImpatiently { clicks }.into()),
        (others, ms.clone()).prop_map(|(victim, after_ms)| PeekAtMail { victim, after_ms }.into()),
        (0..4u32, 0..9u32, 0..5u32, ms.clone()).prop_map(|(logins, codes, clicks, every_ms)| {
            let mistype = Mistype {
                logins,
                codes,
                clicks,
                every_ms,
            };
            mistype.into()
        }),
        Just(RaceCode.into()),
        Just(BurnCode.into()),
        vec(ms.clone(), 0..4).prop_map(|after_ms| StealCodes { after_ms }.into()),
        (ms.clone(), many.clone()).prop_map(|(every_ms, looks)| StayLoggedIn { every_ms, looks }.into()),
        (ms.clone(), many.clone()).prop_map(|(every_ms, rounds)| GoOn { every_ms, rounds }.into()),
        Just(LogInAndOut.into()),
        again.prop_map(|(whose, after_ms)| LogInAgain { after_ms, whose }.into()),
        (attack.clone(), any::<bool>(), option::of(others)).prop_map(
            |((victim, guesses, every_ms), in_one_place, known_as)| {
                let guess = Guess {
                    victim,
                    guesses,
                    every_ms,
                    in_one_place,
                    known_as,
                };
                guess.into()
            }
        ),
        (0..64u32, ms.clone(), ms.clone()).prop_map(|(browsers, every_ms, back_after_ms)| {
            let use_many = UseManyBrowsers {
                browsers,
                every_ms,
                back_after_ms,
            };
            use_many.into()
        }),
        (attack, any::<bool>()).prop_map(|((victim, sends, every_ms), in_one_place)| {
            let flood = Flood {
                victim,
                sends,
                every_ms,
                in_one_place,
            };
            flood.into()
        }),
        (many.clone(), 0..9u32, ms.clone()).prop_map(|(addresses, guesses_each, every_ms)| {
            let spray = Spray {
                addresses,
                guesses_each,
                every_ms,
            };
            spray.into()
        }),
        (others, many.clone(), ms.clone()).prop_map(|(whose, looks, every_ms)| {
            let watch = WatchFailures { whose, looks, every_ms };
            watch.into()
        }),
        others.prop_map(|whose| Unlock { whose }.into()),
        crawl.prop_map(|(logins, every_ms, state_bytes, from_many_places)| {
            let crawl = BeginLogins {
                logins,
                every_ms,
                state_bytes,
                from_many_places,
            };
            crawl.into()
        }),
        replicas.prop_map(|replica| availability::Behaviour::LogInAt { replica }.into()),
        (1..20_000u64).prop_map(|every_ms| availability::Behaviour::WatchHealth { every_ms }.into()),
        (1..20_000u64).prop_map(|every_ms| directory::Behaviour::ReadDirectory { every_ms }.into()),
        (0..99u64, 1..9_999u64)
            .prop_map(|(commands, every_ms)| registry::Behaviour::Administer { commands, every_ms }.into()),
        Just(store::Behaviour::CheckReplication.into()),
        odd().prop_map(Behaviour::from),
        with_heads_and_haste().prop_map(Behaviour::from),
    ]
}

fn with_heads_and_haste() -> impl Strategy<Value = http::Behaviour> {
    let (ms, many) = (0..20_000u64, 0..70u32);
    prop_oneof![
        ("[a-z\u{e4}{]{0,9}", many.clone()).prop_map(|(text, times)| LogInWithState { text, times }),
        (many.clone(), ms.clone()).prop_map(|(requests, every_ms)| SendLargest { requests, every_ms }),
        (
            select(vec![Head::Nothing, Head::Half, Head::ByBytes, Head::SecondByBytes]),
            many.clone()
        )
            .prop_map(|(head, connections)| HoldHeads { head, connections }),
        (ms, many).prop_map(|(patience_ms, times)| LogInHastily { patience_ms, times }),
    ]
}

fn client_auth() -> impl Strategy<Value = Option<ClientAuth>> {
    use ClientAuth::{ClientSecretBasic, ClientSecretPost, None as Public};
    proptest::sample::select(vec![
        None,
        Some(Public),
        Some(ClientSecretBasic),
        Some(ClientSecretPost),
    ])
}

fn odd() -> impl Strategy<Value = oddities::Behaviour> {
    let (path, ms) = ("/[a-z]{0,8}", 0..90_000u64);
    prop_oneof![
        (any::<u32>(), client_auth()).prop_map(|(changes, client_auth)| BreakRules { changes, client_auth }),
        (path, ms.clone()).prop_map(|(before, wait_ms)| Dawdle { before, wait_ms }),
        (path, ms.clone(), ms.clone()).prop_map(|(with, after_ms, and_after_ms)| ComeAgain {
            with,
            after_ms,
            and_after_ms
        }),
        "[a-z:/.0-9]{0,30}".prop_map(|redirect_uri| LogInAtNativeApp { redirect_uri }),
        (ms.clone(), "[a-z]{0,9}").prop_map(|(after_ms, prompt)| LogInInTwoTabs { after_ms, prompt }),
        (0..9u32).prop_map(|tabs| RestoreTabs { tabs }),
        (0..99u32).prop_map(|made_up| LogInAmongCookies { made_up }),
        (ms.clone(), 0..9u32, any::<Option<u32>>()).prop_map(|(after_ms, times, changes)| SentByAnotherSite {
            after_ms,
            times,
            changes,
        }),
        (ms, "[a-z ]{0,9}", "[a-z]{0,9}", "[0-9]{0,3}", "[a-z]{0,5}").prop_map(
            |(after_ms, scope, prompt, max_age, verifier)| LogInTwice {
                after_ms,
                scope,
                prompt,
                max_age,
                verifier,
            }
        ),
        (
            0..90_000u64,
            select(vec![Hint::Own, Hint::Another, Hint::Garbage]),
            "[a-z]{0,9}"
        )
            .prop_map(|(after_ms, hint, prompt)| LogInAsHinted { after_ms, hint, prompt }),
        (
            proptest::option::of(select(vec![Hint::Own, Hint::Another, Hint::Garbage])),
            "[a-z:/.]{0,20}",
            any::<Option<u32>>()
        )
            .prop_map(|(hint, return_to, changes)| SignOutAtClient {
                hint,
                return_to,
                changes
            }),
        ("[a-z:/.0-9]{0,30}", 0..90_000u64, "[a-z]{0,9}", any::<Option<u32>>()).prop_map(
            |(redirect_uri, after_ms, prompt, changes)| ComeBackToNativeApp {
                redirect_uri,
                after_ms,
                prompt,
                changes,
            }
        ),
    ]
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        select(vec![
            Mode::Healthy,
            Mode::Hanging,
            Mode::Failing,
            Mode::Dropping,
            Mode::Garbage
        ]),
        (0..90_000u64).prop_map(|by_ms| Mode::Slow { by_ms }),
    ]
}

/// Faults that only the login service has.
pub(crate) fn own_fault() -> impl Strategy<Value = OwnFault> {
    prop_oneof![
        mode().prop_map(|mode| mail::Fault::Mail { mode }.into()),
        (0..9_999u64).prop_map(|lasts_ms| mail::Fault::NoStarttls { lasts_ms }.into()),
        (0..9_999u64).prop_map(|lasts_ms| mail::Fault::ClearBehindStarttls { lasts_ms }.into()),
        (0..9_999u64).prop_map(|lasts_ms| mail::Fault::RelayPassword { lasts_ms }.into()),
        (
            select(vec![
                mail::Barred::Sender,
                mail::Barred::Recipient,
                mail::Barred::Content
            ]),
            0..9_999u64
        )
            .prop_map(|(what, lasts_ms)| mail::Fault::RelayBars { what, lasts_ms }.into()),
        mode().prop_map(|mode| analytics::Fault::Analytics { mode }.into()),
        (0..9_999u64).prop_map(|lasts_ms| directory::Fault::DirectoryBusy { lasts_ms }.into()),
        (0..9_999u64).prop_map(|lasts_ms| directory::Fault::DirectoryFull { lasts_ms }.into()),
        (
            select(vec![
                directory::Damage::Es256,
                directory::Damage::Rs256,
                directory::Damage::Unknown
            ]),
            0..9_999u64
        )
            .prop_map(|(damage, lasts_ms)| directory::Fault::SigningKeyDamaged { damage, lasts_ms }.into()),
        Just(directory::Fault::DirectoryLogDeleted {}.into()),
    ]
}

/// A few reminders.
pub(crate) fn reminders() -> impl Strategy<Value = Vec<ReminderOption>> {
    let reminder = ("[a-z]{1,5}", 0..100_000u64);
    vec(reminder.prop_map(|(who, due_ms)| ReminderOption { who, due_ms }), 0..4)
}
