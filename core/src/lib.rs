//! A highly available OpenID Connect login service, written against seams: [`seams`] is what it needs from outside
//! itself, and the same code runs in the simulation and for real.
//!
//! # Map
//!
//! One module for each way to log in:
//!
//! - [`mailed_code`]: a one-time code, sent by mail.
//!
//! One for each matter that all of them share:
//!
//! - [`authorize`]: the authorization request, the login in progress that it begins, the login page, the way back to the
//!   client.
//! - [`end_session`]: clients that sign people out.
//! - [`session`]: browsers that are logged in; the session cookie, the account page, logging out.
//! - [`redemption`]: authorization codes, the token endpoint, access tokens, ID tokens, userinfo; PKCE and scopes.
//! - `ledger`: the spent codes of all kinds.
//! - [`limits`]: how often somebody may try, over all replicas and ways.
//! - [`users`], [`clients`]: people and relying parties.
//! - [`keys`]: signing keys, the pepper, the JWKS.
//! - [`leader`]: the lease, the fencing epoch, and the jobs of the leader: reminders, deleting what has expired.
//! - [`mail`], [`analytics`]: what leaves the service without being waited for.
//!
//! And what holds them together:
//!
//! - [`store`]: short-lived state in Redis (found through Sentinels) or in memory, and the machinery of the directory in
//!   SQLite: connections, transactions, migrations, classification of errors.
//! - [`http`]: the accept loop, the layer around every request, reading requests, the one place that maps errors to
//!   status and codes, the frame of the pages, a small client.
//! - [`config`], [`clocks`], [`hash`], [`unavailable`], [`service`]: what the operator decides, what time it is for all replicas,
//!   hashes, the failure of a dependency, and what the use cases of all modules are given.
//! - [`directory`]: the repositories of all modules. [`registry`]: the other lists that a module adds a line to.
//! - [`replica`]: all of it put together and served; readiness, the operators' port, stopping. [`stop`]: how its parts learn
//!   of that.
//!
//! A module has up to seven kinds of files: its pure model, without `async` and seams, to which time comes as a value
//! (`model`, `code`, `request`, …); its use cases; `repository` (what is kept, as a trait) and `sqlite` (its tables and
//! queries); `page` or `pages`; `error` (its small enums, and how they become a [`http::Rejected`]); `routes`; `tests`.
//!
//! # Invariants
//!
//! - Modules depend on each other in one direction: `replica` → `registry`, `directory` → ways to log in → `authorize`,
//!   `limits` → `redemption` → `session` → `users`, `clients`, `keys`, `ledger` → `service`, `http`, `store`. There is no
//!   cycle between them, and no way to log in knows another.
//! - Nothing here reads a clock, opens a socket, starts a task or draws a random number but through [`seams::Env`].
//! - What must happen at most once is decided in the directory, in the transaction that records its effect; Redis alone
//!   decides nothing, for a failover takes acknowledged writes back.
//! - A call of unknown outcome is never repeated on something that consumes: the ledger decides.
//! - Namespaces of keys are disjoint: nothing of one kind is accepted as another.
//! - A code is validated before it is consumed, hashed at rest, compared in constant time.
//! - A request waits for neither mail nor analytics, and the directory's lock is never held across an await.
//! - A failure is not an absence: a directory that cannot be read logs nobody out.
//! - What has begun runs to its end, although its client leaves: the layer around every request goes on with it.
//! - Whatever a client sends, the head of the answer fits into a balancer's buffer.
//! - Whoever merely follows a link leaves nothing in the store: a login is kept when an address is typed in it, or somebody wants to
//!   go on; or from the beginning, if it is too long for its cookie, and within a limit.
//! - Without the store nobody logs in, and all else goes on: what needs it is asked at a port of its own, which is closed then.
//!
//! Deliberately absent: a fallback for an unreachable Redis, a retry of anything that consumes, a wait for a lock inside
//! SQLite.
//!
//! # How to add a way to log in
//!
//! A folder `core/src/NAME/` with, as far as they are needed:
//!
//! 1. the model: what is drawn, typed, hashed and compared, as functions of values, with their tests;
//! 2. `mod.rs`: a struct with what its use cases need (`Service`, `Authorization`, `Sessions`, `Limits`, repositories), its
//!    `Namespace`s, and its `Way`, which is its part of the login page;
//! 3. the use cases, as methods of that struct. They find the login with `Authorization::open_flow`, ask
//!    `Limits::charge` and `Limits::count_attempt` before they look at what was presented, and end in `Sessions::open`, which
//!    spends the proof in the ledger and opens the session in one transaction, and in `Limits::succeed`;
//! 4. `repository.rs` and `sqlite.rs`: a trait of a few methods, and its `SCHEMA`, whose statements have the next version
//!    of the directory, with the rows that expire;
//! 5. `error.rs`: an enum, and `From` it for `Rejected`: texts and names here, status and code by `Kind` or `ErrorCode`;
//! 6. `pages.rs` and `routes.rs`; after a success the browser goes to `/login/continue`;
//! 7. `tests/`, with the test bed of `testing/`: two replicas, browsers, calls that fail on demand.
//!
//! And a line in each of these lists:
//!
//! | file | line |
//! |---|---|
//! | `lib.rs` | the module |
//! | `registry.rs` | `WAYS`, `SCHEMAS`, `NAMESPACES`; `LOGINS`, its paths |
//! | `directory.rs` | the repository: a field, and where it comes from |
//! | `replica/app.rs` | the field, its construction, its routes |
//! | `replica/discovery.rs` | if clients must learn of it |
//! | `config.rs` | its lifetimes and limits |
//! | `mail/mod.rs`, `mail/relay.rs` | if it sends a mail of its own: a `Subject`, and its text |

pub mod analytics;
pub mod authorize;
pub mod clients;
pub mod clocks;
pub mod config;
pub mod directory;
pub mod end_session;
pub mod hash;
pub mod http;
pub mod keys;
pub mod leader;
mod ledger;
pub mod limits;
pub mod mail;
pub mod mailed_code;
pub mod redemption;
pub mod registry;
pub mod replica;
pub mod service;
pub mod session;
pub mod stop;
pub mod store;
mod trouble;
pub mod unavailable;
pub mod users;

#[cfg(test)]
mod testing;
