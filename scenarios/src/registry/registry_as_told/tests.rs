//! Answers that the property accepts, and that it rejects.

use super::{
    super::command::{Kind as Checked, TAKEN},
    *,
};
use crate::property::testing::Story;

/// The operator's commands, one a second from the beginning on, with their answers.
fn told(commands: impl IntoIterator<Item = (Command, Answer)>) -> Story {
    told_from(Story::new(), 1_000, commands)
}

fn told_from(story: Story, from_ms: u64, commands: impl IntoIterator<Item = (Command, Answer)>) -> Story {
    let numbered = (0..).zip(commands);
    numbered.fold(story, |story, (nth, (command, answer))| {
        let from_ms = from_ms + 1_000 * nth;
        let answered = Registered::Answered {
            from_ms,
            command: Box::new(command),
            answer,
        };
        story.event(
            from_ms + 1,
            "administrator",
            Event::Own(Observation::Registry(answered)),
        )
    })
}

fn accepts(story: Story) {
    assert_eq!(story.judged_by(&RegistryAsTold), Ok(()));
}

fn rejects(story: Story, reason: &str) {
    assert_eq!(story.judged_by(&RegistryAsTold).expect_err(reason).reason, reason);
}

fn sam(n: u64, name: &str) -> Person {
    Person {
        id: format!("user-staff-{n}"),
        address: format!("staff-{n}@example.net"),
        name: name.into(),
        username: None,
        groups: vec!["staff".into()],
    }
}

fn tool(secret: Option<&str>, pkce_required: bool) -> App {
    App {
        id: "tool".into(),
        name: "Tool".into(),
        secret_sha256: secret.map(str::to_owned),
        redirect_uris: vec!["https://tool.example/b".into(), "https://tool.example/a".into()],
        farewells: vec![],
        pkce_required,
        id_token_alg: "RS256".into(),
    }
}

fn add(person: Person) -> Command {
    Command::AddUser { person }
}

fn show(n: u64) -> Command {
    let address = sam(n, "").address;
    Command::ShowUser { address }
}

fn found<const N: usize>(people: [Person; N]) -> Answer {
    Answer::People { people: people.into() }
}

fn failed(in_doubt: bool) -> Answer {
    Answer::Failed {
        cause: "the directory is locked".into(),
        in_doubt,
    }
}

fn develop(file: &str, is_used: bool) -> Command {
    let file = file.into();
    Command::Develop { file, is_used }
}

fn development(before: bool, told: bool, after: bool) -> Answer {
    Answer::Development { before, told, after }
}

#[test]
fn people_are_as_they_were_registered() {
    let (one, two) = (sam(1, "Sam"), sam(2, "Sam"));
    let changed = Person {
        name: "Samira".into(),
        ..one.clone()
    };
    let change = Command::ChangeUser {
        address: one.address.clone(),
        to: Person {
            id: "user-other".into(),
            ..changed.clone()
        },
    };
    let begin = || vec![(add(two.clone()), Answer::Done), (add(one.clone()), Answer::Done)];
    let then = |command: Command, answer: Answer| told(begin().into_iter().chain([(command, answer)]));
    accepts(then(show(1), found([one.clone()])));
    accepts(then(Command::ListUsers, found([one.clone(), two.clone()])));
    accepts(then(add(sam(1, "Another")), Answer::refused(TAKEN)));
    accepts(then(change.clone(), found([changed.clone()])));
    accepts(then(show(3), Answer::refused(UNKNOWN)));
    rejects(then(show(1), Answer::refused(UNKNOWN)), "show-user");
    rejects(
        then(Command::ListUsers, found([two.clone(), one.clone()])),
        "list-users",
    );
    rejects(then(Command::ListUsers, found([one.clone()])), "list-users");
    rejects(then(add(sam(1, "Another")), Answer::Done), "add-user");
    let of_another = Person {
        id: "user-other".into(),
        ..changed.clone()
    };
    rejects(then(change.clone(), found([of_another])), "change-user");
    let removed = [
        (
            Command::RemoveUser {
                address: one.address.clone(),
            },
            Answer::Done,
        ),
        (change, Answer::refused(UNKNOWN)),
    ];
    accepts(told(begin().into_iter().chain(removed)));
}

#[test]
fn a_public_client_must_use_pkce_whatever_was_asked_for() {
    let add = |app: App| (Command::AddClient { app }, Answer::Done);
    let id = || "tool".to_owned();
    let shows = |app: App| (Command::ShowClient { id: id() }, Answer::Apps { apps: vec![app] });
    let changes = |to: App, told: App| {
        let command = Command::ChangeClient { id: id(), to };
        (command, Answer::Apps { apps: vec![told] })
    };
    accepts(told([add(tool(None, false)), shows(tool(None, true))]));
    accepts(told([add(tool(Some("ab"), false)), shows(tool(Some("ab"), false))]));
    let public = || changes(tool(None, false), tool(None, true));
    accepts(told([add(tool(Some("ab"), false)), public(), shows(tool(None, true))]));
    rejects(told([add(tool(None, false)), shows(tool(None, false))]), "show-client");
    let unchanged = changes(tool(None, false), tool(None, false));
    rejects(told([add(tool(Some("ab"), false)), unchanged]), "change-client");
    let mut sorted = tool(None, true);
    sorted.redirect_uris.sort();
    rejects(told([add(tool(None, true)), shows(sorted)]), "show-client");
}

#[test]
fn each_text_is_refused_for_its_reason_or_not_at_all() {
    for kind in [Checked::RedirectUri, Checked::ClientId, Checked::DisplayName] {
        for (text, why) in candidates::all(kind) {
            let check = |answer| {
                told([(
                    Command::Check {
                        kind,
                        text: text.clone(),
                    },
                    answer,
                )])
            };
            match why {
                None => {
                    accepts(check(Answer::Done));
                    rejects(check(Answer::refused("it is empty")), "check");
                }
                Some(why) => {
                    accepts(check(Answer::refused(format!("{why}, and so on"))));
                    rejects(check(Answer::Done), "check");
                    rejects(check(Answer::refused("another reason")), "check");
                }
            }
        }
    }
}

#[test]
fn a_directory_is_for_development_if_it_was_empty_and_not_in_use() {
    let trial = "trial-1.sqlite";
    accepts(told([
        (develop(trial, false), development(false, true, true)),
        (develop(trial, true), development(true, true, true)),
        (develop("trial-2.sqlite", true), development(false, false, false)),
        (develop("directory.sqlite", false), development(false, false, false)),
    ]));
    rejects(
        told([(develop("directory.sqlite", false), development(false, true, true))]),
        "develop",
    );
    rejects(
        told([(develop(trial, true), development(false, true, true))]),
        "develop",
    );
    rejects(
        told([(develop(trial, false), development(false, true, false))]),
        "develop",
    );
}

/// Something is broken from 500 ms on.
fn broken() -> Story {
    Story::new().fault(500, crate::scenario::directory_busy(crate::scenario::secs(60)))
}

#[test]
fn what_is_in_doubt_is_open_until_an_answer_tells() {
    let (is_there, is_not) = (found([sam(1, "Sam")]), Answer::refused(UNKNOWN));
    let in_doubt = |answers: &[&Answer]| {
        let shows = answers.iter().map(|answer| (show(1), (*answer).clone()));
        let commands = [(add(sam(1, "Sam")), failed(true))].into_iter().chain(shows);
        told_from(broken(), 1_000, commands)
    };
    accepts(in_doubt(&[&is_there, &is_there]));
    accepts(in_doubt(&[&is_not, &is_not]));
    rejects(in_doubt(&[&is_there, &is_not]), "show-user");
    rejects(in_doubt(&[&is_not, &is_there]), "show-user");
    let not_done = [(add(sam(1, "Sam")), failed(false)), (show(1), is_there)];
    rejects(told_from(broken(), 1_000, not_done), "show-user");
}

#[test]
fn a_failure_is_excused_by_a_fault_and_a_wrong_answer_by_nothing() {
    let fails = || [(add(sam(1, "Sam")), failed(false))];
    rejects(told(fails()), "add-user");
    let spared = (0, vec![("a fault was never healed".to_owned(), 1, 1)]);
    assert_eq!(told_from(broken(), 1_000, fails()).tally(&RegistryAsTold), spared);
    let healed = || broken().fault(5_000, crate::vocabulary::Fault::Heal);
    accepts(told_from(healed(), 6_999, fails()));
    rejects(told_from(healed(), 7_000, fails()), "add-user");
    rejects(
        told_from(broken(), 1_000, [(show(1), found([sam(1, "Sam")]))]),
        "show-user",
    );
}
