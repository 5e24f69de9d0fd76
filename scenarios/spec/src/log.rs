//! What the log says of an exchange: one line for each refusal, by the reference that people and clients got, and none for
//! anything else (inventory 56; core/MESSAGES.md, "Reasons in the log").

use crate::{
    exchange::{Answer, Body, Refused},
    judge::Judge,
    messages,
    seen::Seen,
    token,
};

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
        } = line;
        let fits = (method, path, *status) == (&request.method, &request.path, answer.status);
        if !fits {
            let what = format!("is in the log as {method} {path} with the status {status}");
            return Err(("another-request-in-the-log", what));
        }
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
