//! What operators do with the directory.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What to do instead of serving.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Makes a new directory.
    Init(At),
    /// Adds a person who may log in.
    AddUser(AddUser),
    /// Lists the people who may log in.
    ListUsers(At),
    /// Shows a person.
    ShowUser(OneUser),
    /// Changes the address or the name of a person, who stays the same subject for clients.
    ChangeUser(ChangeUser),
    /// Removes a person, with all sessions and access tokens.
    RemoveUser(OneUser),
    /// Lets an address log in again that was locked after too many wrong codes. The limit for five minutes stays.
    UnlockUser(OneUser),
    /// Adds a relying party.
    AddClient(AddClient),
    /// Lists the relying parties.
    ListClients(At),
    /// Shows a relying party.
    ShowClient(OneClient),
    /// Changes the name, the redirect URIs or the kind of a relying party.
    ChangeClient(ChangeClient),
    /// Removes a relying party, with all its access tokens.
    RemoveClient(OneClient),
    /// Gives a confidential client a new secret and prints it, once. The old one is refused from then on.
    RotateClientSecret(OneClient),
    /// Puts an RSA key into a new directory, for a machine that cannot make one, or for one that came with the clients
    ImportSigningKey(ImportSigningKey),
}

/// Where to do it, and how to say it.
#[derive(Debug, Clone, Args)]
pub struct At {
    /// The SQLite file that all replicas share.
    #[arg(long, value_name = "FILE")]
    pub directory: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// A person who may log in.
#[derive(Debug, Clone, Args)]
pub struct AddUser {
    /// Where.
    #[command(flatten)]
    pub at: At,
    /// Mail address.
    #[arg(long)]
    pub address: String,
    /// Display name.
    #[arg(long)]
    pub name: String,
    /// The name that clients show (`preferred_username`).
    #[arg(long)]
    pub username: Option<String>,
    /// A group that they are in, for clients that ask for the scope `groups`; may be given several times.
    #[arg(long)]
    pub group: Vec<String>,
}

/// One person.
#[derive(Debug, Clone, Args)]
pub struct OneUser {
    /// Where.
    #[command(flatten)]
    pub at: At,
    /// Mail address.
    #[arg(long)]
    pub address: String,
}

/// A person, and what becomes different.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true)
    .args(["new_address", "name", "username", "no_username", "group", "no_groups"]))]
pub struct ChangeUser {
    /// Where.
    #[command(flatten)]
    pub at: At,
    /// Mail address until now.
    #[arg(long)]
    pub address: String,
    /// Mail address from now on.
    #[arg(long, value_name = "ADDRESS")]
    pub new_address: Option<String>,
    /// Display name from now on.
    #[arg(long)]
    pub name: Option<String>,
    /// The name that clients show from now on (`preferred_username`).
    #[arg(long)]
    pub username: Option<String>,
    /// Clients show no name of theirs from now on.
    #[arg(long, conflicts_with = "username")]
    pub no_username: bool,
    /// A group that they are in from now on, instead of all until now; may be given several times.
    #[arg(long)]
    pub group: Vec<String>,
    /// They are in no group from now on.
    #[arg(long, conflicts_with = "group")]
    pub no_groups: bool,
}

/// Whether a confidential client must use PKCE. A public one always must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PkceChoice {
    /// Each of its authorization requests must have a challenge (RFC 9700 section 2.1.1 recommends it).
    Required,
    /// A challenge is checked if there is one.
    Optional,
}

/// How the ID tokens of a client are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AlgorithmChoice {
    /// With an RSA key, as every client understands that asks for nothing else.
    #[value(name = "RS256")]
    Rs256,
    /// With a key on the curve P-256: shorter tokens, and less work.
    #[value(name = "ES256")]
    Es256,
}

/// A relying party.
#[derive(Debug, Clone, Args)]
pub struct AddClient {
    /// Where.
    #[command(flatten)]
    pub at: At,
    /// `client_id`.
    #[arg(long)]
    pub id: String,
    /// Name shown to people.
    #[arg(long)]
    pub name: String,
    /// Redirect URI, compared exactly; may be given several times.
    #[arg(long, required = true)]
    pub redirect_uri: Vec<String>,
    /// Where people may be sent after the client has signed them out, compared exactly; may be given several times.
    #[arg(long)]
    pub post_logout_redirect_uri: Vec<String>,
    /// Makes it a confidential client and prints its new secret, once.
    #[arg(long)]
    pub confidential: bool,
    /// Whether a confidential client must use PKCE [default: optional].
    #[arg(long, requires = "confidential")]
    pub pkce: Option<PkceChoice>,
    /// How its ID tokens are signed. What clients expect that were told nothing is RS256 (OpenID Connect Dynamic Registration
    /// section 2).
    #[arg(long, value_name = "ALG", ignore_case = true, default_value = "RS256")]
    pub id_token_signed_response_alg: AlgorithmChoice,
}

/// One relying party.
#[derive(Debug, Clone, Args)]
pub struct OneClient {
    /// Where.
    #[command(flatten)]
    pub at: At,
    /// `client_id`.
    #[arg(long)]
    pub id: String,
}

/// A relying party, and what becomes different.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true)
    .args(["name", "redirect_uri", "post_logout_redirect_uri", "no_post_logout_redirect_uris", "confidential", "public",
        "pkce", "id_token_signed_response_alg"]))]
pub struct ChangeClient {
    /// Where.
    #[command(flatten)]
    pub at: At,
    /// `client_id`, which stays.
    #[arg(long)]
    pub id: String,
    /// Name shown to people from now on.
    #[arg(long)]
    pub name: Option<String>,
    /// Redirect URI from now on, instead of all until now; may be given several times.
    #[arg(long)]
    pub redirect_uri: Vec<String>,
    /// Where people may be sent after a sign-out from now on, instead of all until now; may be given several times.
    #[arg(long)]
    pub post_logout_redirect_uri: Vec<String>,
    /// People are sent nowhere after a sign-out from now on.
    #[arg(long, conflicts_with = "post_logout_redirect_uri")]
    pub no_post_logout_redirect_uris: bool,
    /// Whether a confidential client must use PKCE from now on.
    #[arg(long, conflicts_with = "public")]
    pub pkce: Option<PkceChoice>,
    /// How its ID tokens are signed from now on.
    #[arg(long, value_name = "ALG", ignore_case = true)]
    pub id_token_signed_response_alg: Option<AlgorithmChoice>,
    /// Makes a public client a confidential one and prints its new secret, once.
    #[arg(long, conflicts_with = "public")]
    pub confidential: bool,
    /// Makes a confidential client a public one: its secret is forgotten, and PKCE alone protects its codes.
    #[arg(long)]
    pub public: bool,
}

/// A key that signs ID tokens.
#[derive(Debug, Clone, Args)]
pub struct ImportSigningKey {
    /// Where.
    #[command(flatten)]
    pub at: At,
    /// File with an RSA key of 2048 to 4096 bits: PKCS#8 in PEM, without a password.
    #[arg(long, value_name = "FILE")]
    pub pem: PathBuf,
}
