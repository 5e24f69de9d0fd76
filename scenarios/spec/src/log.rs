//! What the log says of an exchange: one line for each refusal, by the reference that people and clients got, and none for
//! anything else (inventory 56; core/MESSAGES.md, "Reasons in the log").

use crate::{
    allowed::Known,
    authorize::hint,
    end_session,
    exchange::{Answer, Body, Refused},
    judge::Judge,
    messages,
    seen::Seen,
    times::Times,
    token,
};

/// How long before a client gets its answer a code may be given back, milliseconds: the store is asked, and the answer goes through
/// the balancer.
const GIVEN_BACK_MS: u64 = 1_000;

impl Judge<'_> {
    /// Whether the log tells of an exchange what it must.
    ///
    /// # Errors
    /// What differs, as a reason and a clause.
    pub(crate) fn check_log(
        &self,
        place: usize,
        seen: &Seen<'_>,
        answer: &Answer,
    ) -> Result<(), (&'static str, String)> {
        self.check_audit(seen, answer)?;
        let request = seen.exchange.request;
        let error = error_of(answer);
        let is_refusal = error.is_some() || answer.status >= 400;
        let line = match (is_refusal, seen.exchange.logged) {
            (false, []) => return Ok(()),
            (false, [line, ..]) => {
                return Err(("logged-as-refused", format!("is in the log as refused: {}", line.error)));
            }
            (true, []) => {
                return Err((
                    "refusal-not-logged",
                    "is a refusal that the log does not tell of".into(),
                ));
            }
            (true, [line]) => line,
            (true, lines) => return Err(("refusal-logged-twice", format!("has {} lines in the log", lines.len()))),
        };
        let Refused {
            method,
            path,
            status,
            error: logged,
            ..
        } = line;
        let fits = (method, path, *status) == (&request.method, &request.path, answer.status);
        if !fits {
            let what = format!("is in the log as {method} {path} with the status {status}");
            return Err(("another-request-in-the-log", what));
        }
        self.check_blamed(seen, answer, line)?;
        self.check_doubt(seen, answer, line)?;
        self.check_mailed_doubt(answer, line)?;
        let Some(error) = error else {
            return Ok(()); // the answer to a HEAD does not say
        };
        let is_named = match error {
            "invalid_grant" => token::reasons(self, place, seen).contains(&logged.as_str()),
            error => error == logged,
        };
        match is_named && messages::is_reason(logged, error) {
            true => Ok(()),
            false => Err(("another-reason-in-the-log", format!("is in the log as {logged:?}"))),
        }
    }
}

impl Judge<'_> {
    /// Whether the log names the client and the parameter that are to blame, and no others: that is what the people who run
    /// the service look for.
    fn check_blamed(&self, seen: &Seen<'_>, answer: &Answer, line: &Refused) -> Result<(), (&'static str, String)> {
        let client = match answer.status {
            503 => None, // nobody is to blame
            _ if answer.location.is_some() => self.client_of(seen),
            _ if seen.exchange.request.path == "/token" => token::blamed(self, seen, answer),
            // Without it nobody finds out which application has to be registered anew.
            _ if error_of(answer) == Some("redirect-uri") => seen.params().text("client_id"),
            _ => self.blamed_at_sign_out(seen, error_of(answer)),
        };
        if line.client.as_deref() != client {
            let what = format!("is in the log as of the client {:?} instead of {client:?}", line.client);
            return Err(("another-client-in-the-log", what));
        }
        let parameter = match (error_of(answer), description_of(answer)) {
            _ if answer.status == 503 => "",
            (Some("unknown-client"), _) => "client_id",
            (Some("redirect-uri"), _) => "redirect_uri",
            (Some("unknown-client-signs-out" | "another-clients-id-token"), _) => "client_id",
            (Some("not-our-id-token"), _) => "id_token_hint",
            (Some("post-logout-redirect-uri"), _) => "post_logout_redirect_uri",
            (Some("return-too-long"), _) => "state",
            (Some(error), Some(description)) => messages::parameter(error, description).unwrap_or_default(),
            (Some("invalid_request"), None) if answer.status == 400 => "access_token", // of /userinfo
            _ => "",
        };
        let is_named = match (parameter, line.parameter.as_deref()) {
            ("", None) => true,
            ("any", Some(name)) => seen.params().count(name) > 1,
            (expected, Some(name)) => expected == name,
            (_, None) => false,
        };
        match is_named {
            true => Ok(()),
            false => Err((
                "another-parameter-in-the-log",
                format!(
                    "is in the log with the parameter {:?} instead of {parameter:?}",
                    line.parameter
                ),
            )),
        }
    }

    /// The registered client whose request to sign a person out is refused.
    fn blamed_at_sign_out<'s>(&'s self, seen: &Seen<'s>, error: Option<&str>) -> Option<&'s str> {
        match error? {
            "another-clients-id-token" | "post-logout-redirect-uri" | "return-too-long" => {}
            _ => return None,
        }
        let params = seen.params();
        let by_form = seen.exchange.request.path == "/end-session/confirm";
        let about = hint(&self.index.id_tokens, &params).flatten().filter(|_| !by_form);
        if error? == "another-clients-id-token" {
            return about.map(|about| about.client_id.as_str());
        }
        end_session::client(self, &params, about).map(|client| client.id.as_str())
    }

    /// The client that an answer by redirect goes to: that of the request, or of the login in progress.
    pub(crate) fn client_of<'s>(&'s self, seen: &Seen<'s>) -> Option<&'s str> {
        if seen.exchange.request.path == "/authorize" {
            return seen.params().text("client_id");
        }
        let flow = seen.flow.and_then(|flow| self.index.flows.get(&flow));
        flow.map(|flow| flow.wanted.client_id.as_str())
    }
}

impl Judge<'_> {
    /// Whether a person is told that the typed code may be used up if it could not be put back, and only then.
    fn check_mailed_doubt(&self, answer: &Answer, line: &Refused) -> Result<(), (&'static str, String)> {
        let (Some(cause), "/login/verify") = (&line.cause, line.path.as_str()) else {
            return Ok(());
        };
        let is_told = error_of(answer) == Some("temporarily-in-doubt");
        let is_away = line.is_code_away && cause.starts_with("opening a session: ");
        match is_told == is_away {
            true => Ok(()),
            false => Err((
                "doubt-told-wrongly",
                format!(
                    "is in the log with the cause {cause:?}; the code is away: {}",
                    line.is_code_away
                ),
            )),
        }
    }

    /// Whether a client is told that its code may be spent if that is in doubt, and only then: whether it may try again depends
    /// on it. If the redemption was not recorded, the code is there unless it could not be put back, or its time is over. Of a
    /// code that the store does not give, only the ledger knows more: trying again gets no tokens.
    fn check_doubt(&self, seen: &Seen<'_>, answer: &Answer, line: &Refused) -> Result<(), (&'static str, String)> {
        let (Some(description), Some(cause), "/token") = (description_of(answer), &line.cause, line.path.as_str())
        else {
            return Ok(());
        };
        let is_told = description == messages::description("temporarily_unavailable", "the code may be spent");
        let (is_recorded, is_in_doubt) = (cause.starts_with("recording "), cause.contains("outcome unknown: "));
        let is_gone = ["looking up a spent code: ", "revoking the token of a spent code: "];
        let code = seen
            .params()
            .secret("code")
            .and_then(|code| self.index.codes.get(&code.tag));
        // When it was, or would have been, given back.
        let at_the_end = Times {
            from_ms: seen.times.from_ms.max(seen.times.to_ms.saturating_sub(GIVEN_BACK_MS)),
            ..seen.times
        };
        let expired = code.map_or(Known::No, |code| {
            self.expired(code.born, self.setting("authorization code"), at_the_end)
        });
        let is_right = match (is_recorded, is_in_doubt) {
            _ if is_gone.iter().any(|step| cause.starts_with(step)) => is_told,
            (false, _) => !is_told,
            (true, true) => is_told,
            (true, false) => match expired {
                Known::No => is_told == line.is_code_away,
                Known::Maybe(_) => true,
                Known::Yes => is_told, // nobody can be helped by trying again
            },
        };
        match is_right {
            true => Ok(()),
            false => Err((
                "doubt-told-wrongly",
                format!("says {description:?}, and the log {cause:?}"),
            )),
        }
    }
}

/// The text of the error that an answer tells clients.
fn description_of(answer: &Answer) -> Option<&str> {
    if let Some(location) = &answer.location {
        let text = location.params.iter().find(|(name, _)| name == "error_description");
        return text.and_then(|(_, word)| word.clear());
    }
    match &answer.body {
        Body::Json(json) => json["error_description"].as_str(),
        _ => None,
    }
}

/// The name of the error that an answer tells people or clients.
fn error_of(answer: &Answer) -> Option<&str> {
    if let Some(location) = &answer.location {
        let error = location.params.iter().find(|(name, _)| name == "error");
        return error.and_then(|(_, word)| word.clear());
    }
    match &answer.body {
        Body::Page(page) => page.error.as_deref(),
        Body::Json(json) => json["error"].as_str(),
        _ => None,
    }
}
