"""A web application that logs people in with Authlib, as its documentation shows for Flask."""

import os
import sys

from authlib.integrations.flask_client import OAuth
from flask import Flask

issuer, client_id, client_secret, port = sys.argv[1:]
app = Flask(__name__)
app.secret_key = os.urandom(32)
oauth = OAuth(app)
oauth.register(
    "idp",
    client_id=client_id,
    client_secret=client_secret,
    server_metadata_url=f"{issuer}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid email profile"},
)


@app.get("/login")
def login():
    return oauth.idp.authorize_redirect(f"http://localhost:{port}/callback")


@app.get("/callback")
def callback():
    token = oauth.idp.authorize_access_token()
    who = oauth.idp.userinfo(token=token)
    return {"sub": token["userinfo"]["sub"], "email": who["email"]}


app.run("127.0.0.1", int(port))
