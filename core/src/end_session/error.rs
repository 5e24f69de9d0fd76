//! Why a person is not signed out. All of it is told to the person: nobody is sent anywhere before it is known that they may
//! be (RP-Initiated Logout section 3).

use crate::{
    http::{Kind, PageError, Rejected, RequestError},
    unavailable::Unavailable,
};

/// Why a client's request to sign a person out is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndSessionRefused {
    /// Not a well-formed request.
    Request(RequestError),
    /// No such client.
    UnknownClient,
    /// `id_token_hint` is no ID token of this service.
    Hint,
    /// `client_id` is not the client that the ID token was issued to, which is this one.
    OtherClient(String),
    /// The address to return to is not registered for the client, or there is no client.
    ReturnAddress(Option<String>),
    /// The `state` of the client is too long.
    TooLong(Option<String>),
    /// Not now.
    Unavailable(Unavailable),
}

impl From<Unavailable> for EndSessionRefused {
    fn from(unavailable: Unavailable) -> EndSessionRefused {
        EndSessionRefused::Unavailable(unavailable)
    }
}

impl From<RequestError> for EndSessionRefused {
    fn from(error: RequestError) -> EndSessionRefused {
        EndSessionRefused::Request(error)
    }
}

impl From<EndSessionRefused> for Rejected {
    fn from(refused: EndSessionRefused) -> Rejected {
        const NOT_SIGNED_OUT: &str = "You have not been signed out";
        let (name, text, client, parameter) = match refused {
            EndSessionRefused::Request(error) => return error.into(),
            EndSessionRefused::Unavailable(unavailable) => return unavailable.into(),
            EndSessionRefused::UnknownClient => (
                "unknown-client-signs-out",
                "The application that sent you here is not registered.",
                None,
                "client_id",
            ),
            EndSessionRefused::Hint => (
                "not-our-id-token",
                "The application that sent you here named somebody whom this service does not know.",
                None,
                "id_token_hint",
            ),
            EndSessionRefused::OtherClient(client) => (
                "another-clients-id-token",
                "The application that sent you here showed what was meant for another one.",
                Some(client),
                "client_id",
            ),
            EndSessionRefused::ReturnAddress(client) => (
                "post-logout-redirect-uri",
                "The application that sent you here named a return address that is not registered.",
                client,
                "post_logout_redirect_uri",
            ),
            EndSessionRefused::TooLong(client) => (
                "return-too-long",
                "The application that sent you here wants to be told too much.",
                client,
                "state",
            ),
        };
        let page = PageError::new(Kind::Invalid, name, NOT_SIGNED_OUT, text);
        Rejected::Page(page.blame(client, parameter))
    }
}
