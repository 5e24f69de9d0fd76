//! Why sending or verifying a code is refused.

use super::pages;
use crate::{
    authorize::{FlowRefused, LoginView, login_page},
    http::{Kind, PageError, Rejected},
    limits::LimitRefused,
    unavailable::Unavailable,
};

/// Why a code is not sent or not accepted.
#[derive(Debug, Clone)]
pub enum MailedCodeRefused {
    /// The login in progress is none of this browser's.
    Flow(FlowRefused),
    /// Not a mail address.
    Address(LoginView),
    /// A code has to be asked for first.
    NoCodeSent,
    /// What was typed is not eight digits. Not charged.
    NotACode(LoginView),
    /// The code is wrong, expired or spent.
    WrongCode(LoginView),
    /// Too many attempts, or mails.
    Limit(LimitRefused),
    /// Not now. Nothing is lost.
    Unavailable(Unavailable),
    /// Not now, and the code that was typed may be used up, or lost.
    InDoubt(LoginView, Unavailable),
}

impl From<FlowRefused> for MailedCodeRefused {
    fn from(refused: FlowRefused) -> MailedCodeRefused {
        MailedCodeRefused::Flow(refused)
    }
}

impl From<LimitRefused> for MailedCodeRefused {
    fn from(refused: LimitRefused) -> MailedCodeRefused {
        MailedCodeRefused::Limit(refused)
    }
}

impl From<Unavailable> for MailedCodeRefused {
    fn from(unavailable: Unavailable) -> MailedCodeRefused {
        MailedCodeRefused::Unavailable(unavailable)
    }
}

impl From<MailedCodeRefused> for Rejected {
    fn from(refused: MailedCodeRefused) -> Rejected {
        Rejected::Page(match refused {
            MailedCodeRefused::Flow(refused) => return refused.into(),
            MailedCodeRefused::Limit(refused) => return refused.into(),
            MailedCodeRefused::Unavailable(unavailable) => return unavailable.into(),
            MailedCodeRefused::InDoubt(view, unavailable) => PageError::on(
                Kind::Unavailable,
                "temporarily-in-doubt",
                "Something that signing in depends on does not answer, and this code may be used up. Wait a moment and \
                 try it once more; if it is wrong then, send another code.",
                move |notice| pages::code(&view, Some(notice)),
            )
            .for_want_of(unavailable),
            MailedCodeRefused::Address(view) => PageError::on(
                Kind::Invalid,
                "invalid-address",
                "That is not a mail address. Please check it.",
                move |notice| login_page(&view, Some(notice)),
            ),
            MailedCodeRefused::NoCodeSent => {
                PageError::new(Kind::Invalid, "no-code-sent", "No code yet", "Ask for a code first.")
            }
            MailedCodeRefused::NotACode(view) => {
                PageError::on(Kind::Invalid, "not-a-code", "A code has eight digits.", move |notice| {
                    pages::code(&view, Some(notice))
                })
            }
            MailedCodeRefused::WrongCode(view) => PageError::on(
                Kind::Invalid,
                "wrong-code",
                "That code is wrong, has expired or was used before.",
                move |notice| pages::code(&view, Some(notice)),
            ),
        })
    }
}
