//! Relying parties.

use super::{Desk, Done, refused};
use crate::{
    options::{AddClient, AlgorithmChoice, At, ChangeClient, OneClient, PkceChoice},
    start::StartFailure,
};
use idp::{
    clients::{
        Client, ClientRepository, ClientSecret, Pkce,
        registration::{client_id, display_name, redirect_uri},
    },
    hash::sha256_hex,
    keys::Algorithm,
};
use seams::random_token;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;

/// Redirect URIs of one client at most.
const REDIRECT_URIS_MAX: usize = 50;

/// A client, with the names that RFC 7591 section 2 gives to its metadata.
#[derive(Serialize)]
struct Shown {
    client_id: String,
    client_name: String,
    /// How it authenticates at the token endpoint; `client_secret_post` is as good.
    token_endpoint_auth_method: &'static str,
    redirect_uris: Vec<String>,
    /// As RP-Initiated Logout section 3.1 names it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    post_logout_redirect_uris: Vec<String>,
    id_token_signed_response_alg: &'static str,
    /// Whether a confidential client must use PKCE; of a public one it is understood.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    require_pkce: bool,
    /// A new secret, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl Shown {
    fn of(client: Client, client_secret: Option<String>) -> Shown {
        Shown {
            client_id: client.id,
            client_name: client.name,
            require_pkce: client.pkce == Pkce::Required && client.secret != ClientSecret::None,
            token_endpoint_auth_method: match client.secret {
                ClientSecret::None => "none",
                ClientSecret::Sha256(_) => "client_secret_basic",
            },
            id_token_signed_response_alg: client.id_token_alg.name(),
            redirect_uris: client.redirect_uris,
            post_logout_redirect_uris: client.post_logout_redirect_uris,
            client_secret,
        }
    }

    fn kind(&self) -> &'static str {
        match self.token_endpoint_auth_method {
            "none" => "public",
            _ => "confidential",
        }
    }

    fn line(&self) -> String {
        let uris = self.redirect_uris.join(" ");
        format!("{}  {}  {}  {uris}", self.client_id, self.kind(), self.client_name)
    }

    fn text(&self) -> String {
        let kind = match self.kind() {
            "public" => "public: PKCE is what protects its codes",
            kind if self.require_pkce => &format!("{kind}, must use PKCE"),
            kind => kind,
        };
        let mut text = format!(
            "client        {}\nname          {}\nkind          {kind}\nID tokens     {}\n",
            self.client_id, self.client_name, self.id_token_signed_response_alg
        );
        for uri in &self.redirect_uris {
            text += &format!("redirect URI  {uri}\n");
        }
        for uri in &self.post_logout_redirect_uris {
            text += &format!("after logout  {uri}\n");
        }
        if let Some(secret) = &self.client_secret {
            text += &format!("secret        {secret}\nIt is shown this once: only its hash is kept.\n");
        }
        text
    }
}

fn unusable(option: &str, value: &str, why: &impl ToString) -> StartFailure {
    StartFailure::Argument(format!("{option} {value:?}: {}", why.to_string()))
}

fn named(name: &str) -> Result<(), StartFailure> {
    display_name(name).map_err(|why| unusable("--name", name, &why))
}

fn redirected(option: &str, uris: &[String]) -> Result<(), StartFailure> {
    let mut known = BTreeSet::new();
    for uri in uris {
        redirect_uri(uri).map_err(|why| unusable(option, uri, &why))?;
        if !known.insert(uri) {
            return Err(unusable(option, uri, &"it is given twice"));
        }
    }
    if uris.len() > REDIRECT_URIS_MAX {
        let why = format!("{} are given, and {REDIRECT_URIS_MAX} are the most", uris.len());
        return Err(StartFailure::Argument(format!("{option}: {why}")));
    }
    Ok(())
}

const REDIRECT_URI: &str = "--redirect-uri";
/// Checked as a redirect URI is: it is where a browser is sent, too.
const POST_LOGOUT: &str = "--post-logout-redirect-uri";

fn pkce(choice: PkceChoice) -> Pkce {
    match choice {
        PkceChoice::Required => Pkce::Required,
        PkceChoice::Optional => Pkce::Optional,
    }
}

fn algorithm(choice: AlgorithmChoice) -> Algorithm {
    match choice {
        AlgorithmChoice::Rs256 => Algorithm::Rs256,
        AlgorithmChoice::Es256 => Algorithm::Es256,
    }
}

fn nobody<T>(id: &str) -> Result<T, StartFailure> {
    refused(format!("there is no client {id:?}: list-clients shows which there are"))
}

/// A new secret, and how it is kept.
fn new_secret(desk: &Desk) -> (String, ClientSecret) {
    let secret = random_token(&*desk.env.entropy);
    let kept = ClientSecret::Sha256(sha256_hex(&secret));
    (secret, kept)
}

pub(super) async fn add(new: &AddClient) -> Result<Done, StartFailure> {
    client_id(&new.id).map_err(|why| unusable("--id", &new.id, &why))?;
    named(&new.name)?;
    redirected(REDIRECT_URI, &new.redirect_uri)?;
    redirected(POST_LOGOUT, &new.post_logout_redirect_uri)?;
    let desk = Desk::open(&new.at).await?;
    let (secret, kept) = match new.confidential {
        true => {
            let (secret, kept) = new_secret(&desk);
            (Some(secret), kept)
        }
        false => (None, ClientSecret::None),
    };
    let client = Client {
        id: new.id.clone(),
        name: new.name.clone(),
        pkce: new.pkce.map_or(kept.usual_pkce(), pkce),
        secret: kept,
        redirect_uris: new.redirect_uri.clone(),
        post_logout_redirect_uris: new.post_logout_redirect_uri.clone(),
        id_token_alg: algorithm(new.id_token_signed_response_alg),
    };
    let is_new = desk.directory.register_client(&client).await;
    if !is_new.map_err(|failure| desk.failed(&failure))? {
        return refused(format!(
            "client {:?} is there already, and was left as it is: change-client changes it, rotate-client-secret gives it \
             a new secret",
            new.id
        ));
    }
    let shown = Shown::of(client, secret);
    Ok(desk
        .done(shown.text(), &shown)
        .with_secret(shown.client_secret.is_some()))
}

pub(super) async fn list(at: &At) -> Result<Done, StartFailure> {
    let desk = Desk::open(at).await?;
    let clients = desk
        .directory
        .clients()
        .await
        .map_err(|failure| desk.failed(&failure))?;
    let all: Vec<Shown> = clients.into_iter().map(|client| Shown::of(client, None)).collect();
    let lines: Vec<String> = all.iter().map(Shown::line).collect();
    Ok(desk.done(lines.join("\n"), &all))
}

pub(super) async fn show(client: &OneClient) -> Result<Done, StartFailure> {
    let desk = Desk::open(&client.at).await?;
    let found = desk.directory.client(&client.id).await;
    match found.map_err(|failure| desk.failed(&failure))? {
        Some(client) => {
            let shown = Shown::of(client, None);
            Ok(desk
                .done(shown.text(), &shown)
                .with_secret(shown.client_secret.is_some()))
        }
        None => nobody(&client.id),
    }
}

pub(super) async fn change(client: &ChangeClient) -> Result<Done, StartFailure> {
    client.name.as_deref().map(named).transpose()?;
    redirected(REDIRECT_URI, &client.redirect_uri)?;
    redirected(POST_LOGOUT, &client.post_logout_redirect_uri)?;
    let desk = Desk::open(&client.at).await?;
    if client.pkce.is_some() && !client.confidential {
        let found = desk.directory.client(&client.id).await;
        let found = found.map_err(|failure| desk.failed(&failure))?;
        if found.is_some_and(|found| found.secret == ClientSecret::None) {
            return refused(format!(
                "{} is public, and always has to use PKCE: --pkce is for confidential clients",
                client.id
            ));
        }
    }
    let (secret, kept) = new_secret(&desk);
    let change = |mut known: Client| {
        if let Some(name) = &client.name {
            known.name.clone_from(name);
        }
        if !client.redirect_uri.is_empty() {
            known.redirect_uris.clone_from(&client.redirect_uri);
        }
        if client.no_post_logout_redirect_uris || !client.post_logout_redirect_uri.is_empty() {
            known
                .post_logout_redirect_uris
                .clone_from(&client.post_logout_redirect_uri);
        }
        // One that is confidential already keeps its secret: a new one is a matter of rotate-client-secret.
        match (client.confidential, client.public, &known.secret) {
            (true, _, ClientSecret::None) => known.secret = kept.clone(),
            (_, true, _) => (known.secret, known.pkce) = (ClientSecret::None, Pkce::Required),
            _ => {}
        }
        if let Some(choice) = client.id_token_signed_response_alg {
            known.id_token_alg = algorithm(choice);
        }
        if let (Some(choice), ClientSecret::Sha256(_)) = (client.pkce, &known.secret) {
            known.pkce = pkce(choice);
        }
        known
    };
    let changed = desk.directory.change_client(&client.id, change).await;
    match changed.map_err(|failure| desk.failed(&failure))? {
        Some(changed) => {
            let is_new = changed.secret == kept;
            let shown = Shown::of(changed, is_new.then_some(secret));
            Ok(desk
                .done(shown.text(), &shown)
                .with_secret(shown.client_secret.is_some()))
        }
        None => nobody(&client.id),
    }
}

pub(super) async fn remove(client: &OneClient) -> Result<Done, StartFailure> {
    let desk = Desk::open(&client.at).await?;
    let removed = desk.directory.remove_client(&client.id).await;
    if !removed.map_err(|failure| desk.failed(&failure))? {
        return nobody(&client.id);
    }
    let text = format!("client {:?} is removed, with all its access tokens", client.id);
    Ok(desk.done(text, &json!({ "client_id": client.id, "removed": true })))
}

pub(super) async fn rotate_secret(client: &OneClient) -> Result<Done, StartFailure> {
    let desk = Desk::open(&client.at).await?;
    let (secret, kept) = new_secret(&desk);
    let rotate = |known: Client| match known.secret {
        ClientSecret::None => known,
        ClientSecret::Sha256(_) => Client {
            secret: kept.clone(),
            ..known
        },
    };
    let changed = desk.directory.change_client(&client.id, rotate).await;
    match changed.map_err(|failure| desk.failed(&failure))? {
        Some(changed) if changed.secret == kept => {
            let shown = Shown::of(changed, Some(secret));
            Ok(desk
                .done(shown.text(), &shown)
                .with_secret(shown.client_secret.is_some()))
        }
        Some(_) => refused(format!(
            "client {:?} is public and has no secret: change-client --confidential gives it one",
            client.id
        )),
        None => nobody(&client.id),
    }
}
