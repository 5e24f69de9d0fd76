//! The modules of the service, put together: their use cases, and the routes to them.

use super::{Health, Wiring, discovery, not_now};
use crate::{
    authorize::{self, Authorization},
    clocks::Clocks,
    config::Config,
    end_session::{self, EndSession},
    hash::Pepper,
    http::surround,
    keys::{self, Keys},
    limits::Limits,
    mailed_code::{self, MailedCode},
    redemption::{self, Redemption},
    registry,
    service::Service,
    session::{self, Sessions},
    stop::Stop,
};
use axum::Router;
use seams::{Env, Outcome};
use std::sync::Arc;
use tokio::sync::watch;

/// The login service of one replica. Each way to log in is a field here, and a line in [`routers`].
pub struct App {
    service: Service,
    keys: Arc<Keys>,
    sessions: Arc<Sessions>,
    redemption: Arc<Redemption>,
    authorization: Arc<Authorization>,
    end_session: Arc<EndSession>,
    mailed_code: Arc<MailedCode>,
}

impl App {
    /// Loads what the replicas share from the directory, and makes it if they are the first.
    ///
    /// # Errors
    /// The directory does not answer, or a key in it cannot be read: worth another try, for nothing
    /// was changed but what the next try finds.
    pub async fn load(env: Env, config: Arc<Config>, wiring: Wiring, clocks: Arc<Clocks>) -> Outcome<Arc<App>> {
        let Wiring {
            store,
            directory,
            mailer,
            analytics,
            rsa_keys,
        } = wiring;
        let mut candidate = [0; 32];
        env.entropy.fill(&mut candidate);
        let pepper = Pepper::new(directory.keys.ensure_pepper(candidate).await?);
        let keys = Arc::new(Keys::load(&env, &*directory.keys, &*rsa_keys).await?);
        let service = Service {
            env,
            clocks,
            config,
            store,
            analytics,
            pepper,
        };
        let limits = Arc::new(Limits::new(service.clone(), directory.failures));
        let sessions = Arc::new(Sessions::new(
            service.clone(),
            directory.sessions,
            directory.users.clone(),
        ));
        let redemption = Arc::new(Redemption::new(
            service.clone(),
            directory.clients.clone(),
            directory.users.clone(),
            directory.tokens,
            keys.clone(),
        ));
        let end_session = Arc::new(EndSession::new(
            service.clone(),
            directory.clients.clone(),
            sessions.clone(),
            keys.clone(),
        ));
        let authorization = Arc::new(Authorization::new(
            service.clone(),
            directory.clients,
            sessions.clone(),
            keys.clone(),
            registry::WAYS,
        ));
        let mailed_code = Arc::new(MailedCode::new(
            service.clone(),
            authorization.clone(),
            sessions.clone(),
            limits,
            directory.users,
            mailer,
        ));
        Ok(Arc::new(App {
            service,
            keys,
            sessions,
            redemption,
            authorization,
            end_session,
            mailed_code,
        }))
    }
}

/// The routes at each port.
pub struct Routers {
    /// All of them.
    pub people: Router,
    /// What needs no store; what does says that it is not possible now.
    pub accounts: Router,
}

/// All routes of the service. Whoever has told the replica to stop waits for these routers, their clones and their requests.
pub fn routers(app: &App, health: watch::Receiver<Health>, stop: Stop) -> Routers {
    let Service { env, config, .. } = &app.service;
    let accounts = discovery::routes(config)
        .merge(keys::routes(app.keys.clone()))
        .merge(session::routes(app.sessions.clone()))
        .merge(redemption::userinfo_routes(app.redemption.clone()))
        .merge(end_session::routes(app.end_session.clone()));
    let logins = redemption::token_routes(app.redemption.clone())
        .merge(authorize::routes(app.authorization.clone()))
        .merge(mailed_code::routes(app.mailed_code.clone()));
    let routes = [accounts.clone().merge(logins), accounts.merge(not_now::routes(health))];
    let [people, accounts] = surround(routes, env.clone(), config, registry::FOR_SCRIPTS, stop);
    Routers { people, accounts }
}
