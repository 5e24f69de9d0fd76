use crate::testing::{ISSUER, TestBed};
use axum::body::Body;
use http::Request;

#[tokio::test(start_paused = true)]
async fn the_metadata_names_what_there_is() {
    let bed = TestBed::new().await;
    let metadata = bed.get("/.well-known/openid-configuration", None).await.json();
    assert_eq!(metadata["issuer"], ISSUER);
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ] {
        let path = metadata[endpoint].as_str().unwrap().strip_prefix(ISSUER).unwrap();
        assert_ne!(bed.get(path, None).await.status, 404, "{endpoint}");
    }
    let (a, b) = (
        bed.get("/jwks", None).await,
        bed.call(1, Request::get("/jwks").body(Body::empty()).unwrap()).await,
    );
    assert_eq!(a.json(), b.json(), "both replicas publish the same keys");
    assert_eq!(a.json()["keys"][0]["crv"], "P-256");
    assert_eq!(a.header("cache-control"), "public, max-age=300");
}
