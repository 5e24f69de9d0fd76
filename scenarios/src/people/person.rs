//! A person at a browser, and the steps that they can take there. Each step is an operation of the history; the order
//! of steps is decided by [`crate::people::calm`] and its siblings.

use crate::{
    mailed_code, people,
    people::{
        answer,
        browser::Browser,
        choices::Choices,
        relying_party::{Begun, RelyingParty},
        reply::{Landing, Reply},
    },
    vocabulary::{Op, Seen, Tag},
    world::{Scene, SeenCode},
};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep, timeout};

/// How long a person waits for a mail before pressing "Send" again.
pub(crate) const PATIENCE_PER_MAIL: Duration = Duration::from_secs(25);

/// A person (or an attacker) at a browser of their own.
pub(crate) struct Person {
    /// The part of the world that they can reach.
    pub(crate) scene: Scene,
    /// Their name in the history.
    pub(crate) who: String,
    /// The address that they type: their own, or a victim's.
    pub(crate) address: String,
    /// The stream of their random choices.
    pub(crate) choices: Choices,
    /// Their browser.
    pub(crate) browser: Browser,
}

/// The result of opening the authorize URL.
pub(crate) enum Opened {
    /// The login page.
    LoginPage(Box<Reply>),
    /// The browser was logged in, and went straight back to the relying party with a code.
    Code(SeenCode),
}

impl Person {
    /// A person who types `victim`'s address, which is usually their own. `label` selects their random choices.
    pub(crate) fn new(scene: &Scene, who: &str, victim: &str, label: &str) -> Person {
        Person {
            scene: scene.clone(),
            who: who.to_owned(),
            address: format!("{victim}@example.com"),
            choices: Choices::new(scene.seed, label),
            browser: Browser::new(scene, who),
        }
    }

    /// A relying party, chosen at random.
    pub(crate) fn relying_party(&self) -> RelyingParty {
        let options = self.choices.pick(&self.scene.clients).expect("the world has clients");
        let basic = self.choices.between(0, 1) == 0;
        let basic = self.scene.odd.as_ref().and_then(|odd| odd.basic).unwrap_or(basic);
        RelyingParty::new(&self.scene, &self.who, options.clone(), basic)
    }

    /// Waits for a random time before the next attempt, as a person would who reads an error.
    pub(crate) async fn think(&self) {
        sleep(self.choices.ms(1000, 3000)).await;
    }

    /// Whether the outcome of a step is that this person did not wait for it. Then it is taken again at once.
    pub(crate) fn gave_up(&self, seen: &Seen) -> bool {
        let is_hasty = self.scene.odd.as_ref().is_some_and(|odd| odd.haste.is_some());
        is_hasty && matches!(seen, Seen::Unknown(told) | Seen::Fail(told) if told.contains("took longer than"))
    }

    /// Repeats `work` until it succeeds, until the time is over, or until repeating is useless: see
    /// [`answer::worth_another_try`].
    pub(crate) async fn insist<T, F>(&self, until: Instant, mut work: impl FnMut() -> F) -> Result<T, Seen>
    where
        F: Future<Output = Result<T, Seen>>,
    {
        loop {
            match work().await {
                Err(seen) if self.gave_up(&seen) => {}
                Err(seen) if answer::worth_another_try(&seen) && Instant::now() < until => self.think().await,
                result => return result,
            }
        }
    }

    /// Opens the authorize URL. A person who is logged in expects to be sent straight back to the relying party.
    pub(crate) async fn open(&self, rp: &RelyingParty, begun: &Begun) -> Result<Opened, Seen> {
        let logged_in = self.browser.session().is_some();
        let op = if logged_in {
            Op::People(people::Op::ReceiveCode)
        } else {
            Op::People(people::Op::OpenLogin)
        };
        let id = self.scene.recorder.begin(&self.who, op);
        let opened = match self.browser.open(&begun.url).await {
            Err(failure) => Err(answer::unanswered(&failure)),
            Ok(Landing::Foreign(url)) => rp.callback(begun, &url).map(Opened::Code).map_err(Seen::Fail),
            Ok(Landing::Page(reply)) => match reply.trouble() {
                Some(seen) => Err(seen),
                None if reply.is("login") => Ok(Opened::LoginPage(reply)),
                None if reply.is("consent") => self.go_on(rp, begun, &reply).await,
                None => Err(reply.unexpected()),
            },
        };
        let seen = match &opened {
            Ok(Opened::LoginPage(_)) if logged_in => Seen::Fail("asked to log in again".into()),
            Ok(_) => Seen::Ok,
            Err(seen) => seen.clone(),
        };
        self.scene.recorder.end(&self.who, id, seen);
        opened
    }

    /// Says that they want to go on to the relying party.
    async fn go_on(&self, rp: &RelyingParty, begun: &Begun, asked: &Reply) -> Result<Opened, Seen> {
        let pressed = self.browser.submit(asked, "/login/consent", &[]).await;
        let pressed = pressed.map_err(|failure| answer::unanswered(&failure))?;
        if let Some(seen) = pressed.trouble() {
            return Err(seen);
        }
        match self.browser.follow(pressed).await {
            Err(failure) => Err(answer::unanswered(&failure)),
            Ok(Landing::Foreign(url)) => rp.callback(begun, &url).map(Opened::Code).map_err(Seen::Fail),
            Ok(Landing::Page(reply)) if reply.is("login") => Ok(Opened::LoginPage(reply)),
            Ok(Landing::Page(reply)) => Err(reply.trouble().unwrap_or_else(|| reply.unexpected())),
        }
    }

    /// Types the address and presses "Send login code": on the login page, or again on the code
    /// page. Returns the redirect to the code page.
    pub(crate) async fn press_send(&self, on: &Reply) -> Result<Reply, Seen> {
        const ACTION: &str = "/login/send";
        let op = Op::MailedCode(mailed_code::Op::SendCode {
            flow: flow_of(on, ACTION),
            address: self.address.clone(),
        });
        self.press(op, on, ACTION, ("address", &self.address), "/login/code")
            .await
    }

    /// Types a code and presses "Verify". Returns the redirect that leads on.
    pub(crate) async fn press_verify(&self, on: &Reply, code: &str) -> Result<Reply, Seen> {
        const ACTION: &str = "/login/verify";
        let op = Op::MailedCode(mailed_code::Op::VerifyCode {
            flow: flow_of(on, ACTION),
            address: self.address.clone(),
            code: Tag::of(code),
        });
        self.press(op, on, ACTION, ("code", code), "/login/continue").await
    }

    async fn press(&self, op: Op, on: &Reply, action: &str, typed: (&str, &str), leads: &str) -> Result<Reply, Seen> {
        self.scene
            .recorder
            .observe(&self.who, op, async {
                let reply = self.browser.submit(on, action, &[typed]).await;
                let reply = reply.map_err(|failure| answer::unanswered(&failure))?;
                match reply.trouble() {
                    Some(seen) => Err(seen),
                    None if reply.leads_to(leads) => Ok(reply),
                    None => Err(reply.unexpected()),
                }
            })
            .await
    }

    /// Lets the browser follow a redirect to this page, and reloads as long as that may help.
    pub(crate) async fn arrive(&self, redirect: &Reply, page: &str, until: Instant) -> Result<Reply, Seen> {
        self.insist(until, || async move {
            match self.browser.follow(redirect.clone()).await {
                Err(failure) => Err(answer::unanswered(&failure)),
                Ok(Landing::Foreign(url)) => Err(Seen::Unknown(format!("unexpectedly sent to {}", url.authority()))),
                Ok(Landing::Page(reply)) => match reply.trouble() {
                    Some(seen) => Err(seen),
                    None if reply.is(page) => Ok(*reply),
                    None => Err(reply.unexpected()),
                },
            }
        })
        .await
    }

    /// The number of mails that have arrived so far.
    pub(crate) fn mails(&self) -> usize {
        self.scene.inboxes.list(&self.address).len()
    }

    /// The codes in the mails after the first `since`, oldest first, without those in `tried`.
    pub(crate) fn codes(&self, since: usize, tried: &BTreeSet<String>) -> Vec<String> {
        let mails = self.scene.inboxes.list(&self.address);
        let codes = mails.iter().skip(since).filter_map(|mail| mail.code());
        codes.filter(|code| !tried.contains(*code)).map(str::to_owned).collect()
    }

    /// Waits for a mail with a code that is not in `tried`, among those after the first `since`.
    pub(crate) async fn await_code(
        &self,
        since: usize,
        tried: &BTreeSet<String>,
        limit: Duration,
    ) -> Result<Vec<String>, Seen> {
        let op = Op::MailedCode(mailed_code::Op::AwaitMail {
            address: self.address.clone(),
        });
        self.scene
            .recorder
            .observe(&self.who, op, async {
                let arrival = async {
                    let mut seen = since;
                    loop {
                        let codes = self.codes(since, tried);
                        if !codes.is_empty() {
                            return codes;
                        }
                        seen += self.scene.inboxes.wait_for_new(&self.address, seen).await.len();
                    }
                };
                timeout(limit, arrival)
                    .await
                    .map_err(|_| Seen::Fail(format!("no mail within {} s", limit.as_secs())))
            })
            .await
    }

    /// Lets the browser follow a redirect to the relying party, and reloads as long as that may help.
    pub(crate) async fn receive_code(
        &self,
        rp: &RelyingParty,
        begun: &Begun,
        redirect: &Reply,
        until: Instant,
    ) -> Result<SeenCode, Seen> {
        self.insist(until, || {
            self.scene
                .recorder
                .observe(&self.who, Op::People(people::Op::ReceiveCode), async move {
                    match self.browser.follow(redirect.clone()).await {
                        Err(failure) => Err(answer::unanswered(&failure)),
                        Ok(Landing::Foreign(url)) => rp.callback(begun, &url).map_err(Seen::Fail),
                        Ok(Landing::Page(reply)) => Err(reply.trouble().unwrap_or_else(|| reply.unexpected())),
                    }
                })
        })
        .await
    }
}

/// The flow of a form, from the page's own field.
fn flow_of(page: &Reply, action: &str) -> Tag {
    let flow = page.page.form(action).and_then(|form| form.value("flow"));
    Tag::of(flow.unwrap_or_default())
}
