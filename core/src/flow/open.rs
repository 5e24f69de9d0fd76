//! Finding the login in progress that a request belongs to.

use super::{App, Caller, During, Form, Refusal, Trouble};
use crate::{
    model::{
        flow::FlowRecord,
        hash::{is_token, sha256_hex},
    },
    store::Key,
};
use seams::{Cause, Failure, Outcome};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// A login in progress, found and belonging to the browser that asks.
#[derive(Debug, Clone)]
pub struct OpenFlow {
    /// Its identifier, a secret.
    pub id: String,
    /// What stands for it wherever it is kept or logged.
    pub hash: String,
    /// What is known of it.
    pub record: FlowRecord,
    /// How much longer it lives.
    pub remaining: Duration,
}

impl OpenFlow {
    /// What a page shows of it.
    pub fn form(&self) -> Form {
        Form {
            flow: self.id.clone(),
            address: self.record.address.clone().unwrap_or_default(),
            client_name: self.record.client_name.clone(),
            redirect_uri: self.record.request.redirect_uri.clone(),
        }
    }

    pub(super) fn key(&self) -> Key {
        Key::new(crate::authorize::FLOW, self.hash.clone())
    }
}

/// Finds a login in progress.
///
/// # Errors
/// [`Refusal::Expired`], [`Refusal::OtherBrowser`], [`Refusal::Trouble`].
pub async fn open_flow(app: &App, caller: &Caller, id: &str) -> Result<OpenFlow, Refusal> {
    if !is_token(id) {
        return Err(Refusal::Expired); // no flow has such an identifier: nobody needs to be asked
    }
    let hash = sha256_hex(id);
    let found = app.store().get(&Key::new(crate::authorize::FLOW, hash.clone())).await;
    let record: FlowRecord = match found.during("reading the login in progress")? {
        Some(bytes) => decode(&bytes).during("reading the login in progress")?,
        None => return Err(Refusal::Expired),
    };
    if !record.began_in(caller.browser.as_deref()) {
        return Err(Refusal::OtherBrowser);
    }
    let remaining = record.remaining(app.env.now()).ok_or(Refusal::Expired)?;
    Ok(OpenFlow {
        id: id.to_owned(),
        hash,
        record,
        remaining,
    })
}

pub(super) async fn write_flow(app: &App, flow: &OpenFlow) -> Result<(), Trouble> {
    let written = app
        .store()
        .put(&flow.key(), &encode(&flow.record), flow.remaining)
        .await;
    written.during("writing the login in progress")
}

pub(super) fn encode(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("records have string keys and no floats, so they encode")
}

/// # Errors
/// The store keeps something else there: not written by this version of the service.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Outcome<T> {
    // The cause names no value: values are secrets.
    serde_json::from_slice(bytes)
        .map_err(|_| Failure::Fail(Cause::Protocol("a record in the store cannot be read".into())))
}
