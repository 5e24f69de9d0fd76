//! Around every request: its correlation ID, who calls, the rendering of refusals, and the headers that every answer
//! has.

use super::{
    Caller, Rejected, RequestError, TrustedProxies, cors,
    error::{self, Logged},
    respond::head_bytes,
    rest::Rest,
    unattended::{Unattended, to_its_end},
};
use crate::{config::Config, hash::hex, stop::Stop};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use http::{HeaderValue, header};
use seams::Env;
use std::sync::Arc;

#[derive(Clone)]
struct Surroundings {
    env: Env,
    issuer: Arc<str>,
    proxies: Arc<TrustedProxies>,
    head_bytes_max: usize,
    for_scripts: &'static [&'static str],
}

/// The routes of the service, at each of its ports, with what all of them share around them. Scripts of other sites may read what
/// is `for_scripts`, and nothing else.
pub(crate) fn surround<const PORTS: usize>(
    routes: [Router; PORTS],
    env: Env,
    config: &Config,
    for_scripts: &'static [&'static str],
    stop: Stop,
) -> [Router; PORTS] {
    let unattended = Unattended::new(env.clone(), config, stop);
    let surroundings = Surroundings {
        env,
        issuer: config.issuer.as_str().into(),
        proxies: Arc::new(config.proxies.clone()),
        head_bytes_max: config.limits.answer_head,
        for_scripts,
    };
    routes.map(|routes| {
        routes
            .fallback(|| async { Rejected::from(RequestError::NotFound) })
            .method_not_allowed_fallback(|| async { Rejected::from(RequestError::MethodNotAllowed) })
            .layer(middleware::from_fn_with_state(surroundings.clone(), around))
            .layer(middleware::from_fn_with_state(unattended.clone(), to_its_end))
    })
}

async fn around(State(service): State<Surroundings>, mut request: Request, next: Next) -> Response {
    let mut id = [0; 8];
    service.env.entropy.fill(&mut id);
    let correlation = hex(&id);
    let caller = Caller::read(correlation.clone(), &service.issuer, request.headers());
    let caller = caller.at(request.extensions().get(), &service.proxies, request.headers());
    request.extensions_mut().insert(caller);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());

    let logged = Logged {
        correlation: &correlation,
        method: &method,
        path: &path,
    };
    let (request, rest) = Rest::of(request);
    let is_for_scripts = service.for_scripts.contains(&path.as_str());
    let mut response = next.run(request).await;
    rest.forget().await;
    if let Some(rejected) = response.extensions_mut().remove::<Rejected>() {
        response = error::answer(&service.issuer, rejected, &logged);
    }
    frame(&mut response, &correlation, is_for_scripts);
    // Routes refuse early what would make an answer too large. This is for what they do not foresee, such as a redirect URI
    // that an operator has registered.
    if head_bytes(&response) > service.head_bytes_max {
        response = error::answer(&service.issuer, RequestError::TooLarge.into(), &logged);
        frame(&mut response, &correlation, is_for_scripts);
    }
    response
}

/// Adds the headers that every answer has.
fn frame(response: &mut Response, correlation: &str, is_for_scripts: bool) {
    let headers = response.headers_mut();
    if is_for_scripts {
        cors::expose(headers);
    }
    headers.insert(
        "x-correlation-id",
        HeaderValue::from_str(correlation).expect("hexadecimal"),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
}
