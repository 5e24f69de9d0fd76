//! A real browser, without a window.

use crate::common;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// A headless Chromium, if there is one; else the test says that it was left out.
pub(crate) fn browser(test: &str) -> Option<String> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            Command::new(name)
                .arg("--version")
                .output()
                .is_ok_and(|output| output.status.success())
        });
    if found.is_none() {
        common::left_out(test, "there is no Chromium; ci/test installs one");
    }
    found.map(str::to_owned)
}

/// The document after its script has run.
pub(crate) fn opened(browser: &str, page: &Path, fragment: &str) -> String {
    opened_beside(browser, page, fragment, || {})
}

/// The same, while somebody does something else now and then.
pub(crate) fn opened_beside(browser: &str, page: &Path, fragment: &str, mut meanwhile: impl FnMut()) -> String {
    let name = page.file_stem().expect("a file has a name").to_string_lossy();
    let fragment_name = fragment.replace(|c: char| !c.is_alphanumeric(), "-");
    let folder = tempfolder(&format!("browser-{name}-{fragment_name}"));
    let document = folder.join("document.html");
    let mut child = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args([
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args(["--window-size=1400,1000", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}#{fragment}", page.display()))
        .stdout(File::create(&document).expect("a file can be made"))
        .stderr(Stdio::null())
        .spawn()
        .expect("the browser starts");
    while child.try_wait().expect("it can be waited for").is_none() {
        meanwhile();
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let text = fs::read_to_string(&document).expect("the document can be read");
    let _ = fs::remove_dir_all(&folder);
    assert!(text.contains("</html>"), "the browser shows {}: {text}", page.display());
    text
}

/// An empty folder of a test's own.
pub(crate) fn tempfolder(name: &str) -> PathBuf {
    let folder = common::scratch(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}
