// A web application that logs people in with openid-client, as its documentation shows.

import { createServer } from "node:http";
import * as client from "openid-client";

const [issuer, id, secret, port] = process.argv.slice(2);
const redirect_uri = `http://localhost:${port}/callback`;
// Without TLS only because everything is on this machine; all else is as shipped.
const config = await client.discovery(new URL(issuer), id, secret, undefined, { execute: [client.allowInsecureRequests] });
const begun = new Map();

async function answer(request, response) {
  const url = new URL(request.url, redirect_uri);
  if (url.pathname === "/login") {
    const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
    begun.set(state, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
    const code_challenge = await client.calculatePKCECodeChallenge(verifier);
    const parameters = { redirect_uri, scope: "openid email", state, nonce, code_challenge, code_challenge_method: "S256" };
    response.statusCode = 302;
    response.setHeader("Location", client.buildAuthorizationUrl(config, parameters).href);
    return response.end();
  }
  const tokens = await client.authorizationCodeGrant(config, url, begun.get(url.searchParams.get("state")));
  const { sub } = tokens.claims();
  const { email } = await client.fetchUserInfo(config, tokens.access_token, sub);
  response.end(JSON.stringify({ sub, email }));
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(`${error} ${error.cause ?? ""}`);
  });
}).listen(Number(port), "127.0.0.1");
