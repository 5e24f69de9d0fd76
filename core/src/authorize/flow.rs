//! Finding the login in progress that a request belongs to.

use super::{Authorization, FLOW, FlowRecord, FlowRefused, Way, flow_cookie};
use crate::{
    hash::{is_token, sha256_hex},
    http::Caller,
    store::{Key, decode, encode},
    unavailable::{During, Unavailable},
};
use std::time::Duration;

/// A login in progress, found and belonging to the browser that asks.
#[derive(Debug, Clone)]
pub struct OpenFlow {
    /// Its identifier, a secret.
    pub id: String,
    /// The value of its cookie, which this browser has: a secret.
    pub cookie: String,
    /// What stands for it wherever it is kept or logged.
    pub hash: String,
    /// What is known of it.
    pub record: FlowRecord,
    /// How much longer it lives.
    pub remaining: Duration,
}

impl OpenFlow {
    fn key(&self) -> Key {
        Key::new(FLOW, self.hash.clone())
    }
}

/// What the pages of a login in progress show.
#[derive(Debug, Clone)]
pub struct LoginView {
    /// The flow's identifier.
    pub flow: String,
    /// Where the code was sent, or is to be.
    pub address: String,
    /// The client's name.
    pub client_name: String,
    /// The ways to log in that are offered.
    pub ways: &'static [Way],
}

impl Authorization {
    /// Finds a login in progress.
    ///
    /// # Errors
    /// See [`FlowRefused`].
    pub async fn open_flow(&self, caller: &Caller, id: &str) -> Result<OpenFlow, FlowRefused> {
        if !is_token(id) {
            return Err(FlowRefused::Expired); // no flow has such an identifier: the store need not be asked
        }
        let hash = sha256_hex(id);
        let found = self.service.store.get(&Key::new(FLOW, hash.clone())).await;
        let now = self.service.now();
        let (record, cookie) = match found.during("reading the login in progress")? {
            Some(bytes) => {
                let record: FlowRecord = decode(&bytes).during("reading the login in progress")?;
                // The time first: a browser drops the cookie when it is over, and must not be told that it is another one.
                record.remaining(now).ok_or(FlowRefused::Expired)?;
                let cookie = flow_cookie::presented(caller, &hash, &record).ok_or(FlowRefused::OtherBrowser)?;
                (record, cookie.to_owned())
            }
            // Nothing has been kept of it, or not for so long. Whether another browser carries it nobody can know.
            None => flow_cookie::carried(caller, &hash, &self.service.pepper).ok_or(FlowRefused::Expired)?,
        };
        let remaining = record.remaining(now).ok_or(FlowRefused::Expired)?;
        // Whoever dated what its cookie carries may have had another clock, far away from this one.
        let ttl = &self.service.config.ttl;
        if remaining > ttl.flow + ttl.clock_slack {
            return Err(FlowRefused::Expired);
        }
        Ok(OpenFlow {
            id: id.to_owned(),
            cookie,
            hash,
            record,
            remaining,
        })
    }

    /// Writes what changed of a login in progress.
    ///
    /// # Errors
    /// The store did not write it, or may not have.
    pub(crate) async fn write_flow(&self, flow: &OpenFlow) -> Result<(), Unavailable> {
        let record = encode(&flow.record);
        // Whoever began it may have had another clock, far away from this one.
        let left = flow.remaining.min(self.service.config.ttl.flow);
        let written = self.service.store.put(&flow.key(), &record, left).await;
        written.during("writing the login in progress")
    }

    /// What the pages of a login in progress show.
    pub(crate) fn view(&self, flow: &OpenFlow) -> LoginView {
        LoginView {
            flow: flow.id.clone(),
            address: flow.record.address.clone().unwrap_or_default(),
            client_name: flow.record.client_name.clone(),
            ways: self.ways,
        }
    }
}
