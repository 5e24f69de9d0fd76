//! Hosts and ports, as operators write them.

pub(super) fn host_port(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text
        .rsplit_once(':')
        .ok_or_else(|| format!("`{text}` has no port: write HOST:PORT"))?;
    let port = port
        .parse()
        .map_err(|_| format!("`{port}` is not a port: write a number from 1 to 65535"))?;
    match (host, port) {
        ("", _) => Err(format!("`{text}` has no host: write HOST:PORT")),
        (_, 0) => Err("port 0 cannot be connected to".into()),
        _ => Ok((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port)),
    }
}

pub(super) fn hook(text: &str) -> Result<(String, u16, String), String> {
    let text = text.strip_prefix("http://").unwrap_or(text);
    let (authority, path) = text.split_once('/').unwrap_or((text, ""));
    let (host, port) = if authority.contains(':') {
        host_port(authority)?
    } else {
        (authority.to_owned(), 80)
    };
    Ok((host, port, format!("/{path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_explained() {
        assert_eq!(host_port("redis:26379"), Ok(("redis".into(), 26379)));
        assert_eq!(host_port("[::1]:26379"), Ok(("::1".into(), 26379)));
        assert!(host_port("redis").unwrap_err().contains("no port"));
        assert!(host_port("redis:x").unwrap_err().contains("not a port"));
        assert!(host_port(":1").unwrap_err().contains("no host"));
        assert_eq!(hook("http://h:81/a/b"), Ok(("h".into(), 81, "/a/b".into())));
        assert_eq!(hook("h"), Ok(("h".into(), 80, "/".into())));
    }
}
