//! Secrets: from a file or from the environment, never from an argument, which every process of the machine can read.

use idp::config::Secret;
use std::{env::VarError, path::Path};

/// The secret that a file contains, or else that the environment variable has; `None` if neither is given.
///
/// # Errors
/// Both are given, the file cannot be read, or the secret is empty.
pub(crate) fn read(option: &str, file: Option<&Path>, variable: &str) -> Result<Option<Secret>, String> {
    choose(option, file, variable, std::env::var(variable))
}

fn choose(
    option: &str,
    file: Option<&Path>,
    variable: &str,
    value: Result<String, VarError>,
) -> Result<Option<Secret>, String> {
    let (text, place) = match (file, value) {
        (Some(_), Ok(_)) => return Err(format!("{option} and {variable} are both given: leave one out")),
        (Some(file), Err(_)) => {
            let name = format!("{option} {}", file.display());
            let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
            (text, name)
        }
        (None, Ok(text)) => (text, variable.to_owned()),
        (None, Err(VarError::NotPresent)) => return Ok(None),
        (None, Err(VarError::NotUnicode(_))) => return Err(format!("{variable} is not UTF-8")),
    };
    // Editors and `echo` end a file with a line break, which is no part of the secret.
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(format!("{place} is empty"));
    }
    if secret.contains(['\r', '\n', '\0']) {
        return Err(format!("{place} has more than one line"));
    }
    Ok(Some(Secret::new(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: Result<String, VarError> = Err(VarError::NotPresent);

    fn file(name: &str, content: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("idp-secret-{}-{name}", std::process::id()));
        std::fs::write(&path, content).expect("a file");
        path
    }

    fn shown(secret: Result<Option<Secret>, String>) -> Option<String> {
        secret.expect("it is read").map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn a_secret_is_the_content_of_a_file_or_of_a_variable() {
        let path = file("good", "s3cret \r\n");
        assert_eq!(
            shown(choose("--x-file", Some(&path), "X", ABSENT)).as_deref(),
            Some("s3cret ")
        );
        assert_eq!(
            shown(choose("--x-file", None, "X", Ok("t".into()))).as_deref(),
            Some("t")
        );
        assert_eq!(shown(choose("--x-file", None, "X", ABSENT)), None);
        let refused = choose("--x-file", Some(&path), "X", Ok("t".into())).unwrap_err();
        assert_eq!(refused, "--x-file and X are both given: leave one out");
        std::fs::remove_file(path).expect("removed");
    }

    #[test]
    fn what_is_no_secret_is_refused_without_repeating_it() {
        for (name, content, says) in [
            ("empty", "\n", "is empty"),
            ("lines", "first\nsecond\n", "more than one line"),
        ] {
            let path = file(name, content);
            let refused = choose("--x-file", Some(&path), "X", ABSENT).unwrap_err();
            assert!(refused.contains(says) && !refused.contains("first"), "{refused}");
            std::fs::remove_file(path).expect("removed");
        }
        let missing = choose("--x-file", Some(Path::new("/nowhere")), "X", ABSENT).unwrap_err();
        assert!(missing.starts_with("--x-file /nowhere: "), "{missing}");
        assert_eq!(
            choose("--x-file", None, "X", Ok(String::new())).unwrap_err(),
            "X is empty"
        );
    }
}
