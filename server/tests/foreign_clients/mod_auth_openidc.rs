//! mod_auth_openidc (Debian: libapache2-mod-auth-openidc), in front of a page of Apache.

use super::{World, left_out};
use crate::support::{Answer, Server};
use std::{fs, path::Path, process::Command};

const MODULES: &str = "/usr/lib/apache2/modules";

/// Only what makes it run without the configuration of the machine, and what its documentation says that it needs.
fn configuration(world: &World) -> String {
    let [issuer, client_id, client_secret, port] = world.arguments();
    let folder = world.folder.path().display();
    let modules = [
        "mpm_event",
        "authz_core",
        "authn_core",
        "authz_user",
        "dir",
        "headers",
        "auth_openidc",
    ];
    let load = modules.map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"));
    format!(
        "{}
ServerRoot {folder}
ServerName localhost
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog /dev/stderr
User www-data
Group www-data
Listen 127.0.0.1:{port}
DocumentRoot {folder}/pages
DirectoryIndex index.html
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI http://localhost:{port}/redirect_uri
OIDCCryptoPassphrase of-this-test-alone
OIDCScope \"openid email\"
<Location />
    AuthType openid-connect
    Require valid-user
    Header set X-Sub \"%{{OIDC_CLAIM_sub}}e\"
    Header set X-Email \"%{{OIDC_CLAIM_email}}e\"
</Location>
",
        load.concat()
    )
}

fn who(shown: &Answer) -> [String; 2] {
    assert_eq!(shown.body, "private");
    ["x-sub", "x-email"].map(|name| shown.header(name).unwrap_or_default().to_owned())
}

#[test]
fn mod_auth_openidc_logs_in_twice() {
    if !Path::new(MODULES).join("mod_auth_openidc.so").exists() {
        return left_out("mod_auth_openidc for Apache");
    }
    let mut world = World::new("mod-auth-openidc", "/redirect_uri");
    let pages = world.folder.path().join("pages");
    fs::create_dir(&pages).expect("a folder");
    fs::write(pages.join("index.html"), "private").expect("a page");
    let file = world.folder.file("apache.conf");
    fs::write(&file, configuration(&world)).expect("a file");
    let mut apache = Command::new("apache2");
    apache.args(["-X", "-f", &file]); // one process, which ends with this test
    world.ann_logs_in_twice(Server::start(apache), "/", who);
}
