//! Chromium, driven by the WebDriver protocol.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use rolecall_task::failure::{Failure, Result};
use rolecall_task::interrupt::{self, Stop};
use rolecall_task::process;

/// The programs, which Debian has in packages of these names.
const PROGRAMS: [(&str, &str); 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// The time limit for a page to show something.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running browser with one window.
pub(super) struct Browser {
    address: String,
    session: String,
    driver: Arc<dyn Stop>,
}

/// The process that drives the browser.
struct Driver(Mutex<Child>);

impl Stop for Driver {
    fn stop(&self) {
        let mut child = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closes the browser; ending the driver alone would leave it running.
        let _ = self.request("DELETE", "", None);
        self.driver.stop();
    }
}

impl Browser {
    /// Returns the Debian package of a program that is not installed.
    pub(super) fn missing_package() -> Option<&'static str> {
        let missing = PROGRAMS.iter().find(|(program, _)| process::find(program).is_none());
        missing.map(|(_, package)| *package)
    }

    /// Starts a browser.
    pub(super) fn start() -> Result<Self> {
        let mut command = Command::new("chromedriver");
        command.args(["--port=0"]).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| process::failure(&command, &error))?;
        let port = child.stdout.take().and_then(|out| {
            let mut lines = BufReader::new(out).lines().map_while(|line| line.ok());
            lines.find_map(|line| {
                let (_, port) = line.split_once("successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
        });
        let driver: Arc<dyn Stop> = Arc::new(Driver(Mutex::new(child)));
        interrupt::watch(&driver);
        let Some(port) = port else {
            driver.stop();
            return Err(Failure::new("chromedriver does not print its port"));
        };
        let mut browser =
            Self { address: format!("127.0.0.1:{port}"), session: String::new(), driver };
        let options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--window-size=1280,900", "--force-device-scale-factor=1", "--hide-scrollbars",
                // The comparison of answers changes the location hundreds of times.
                "--disable-ipc-flooding-protection",
            ],
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "timeouts": {"script": 120_000, "pageLoad": 120_000},
        }}});
        let answer = browser.http("POST", "/session", Some(&wanted))?;
        let session = answer.get("sessionId").and_then(Value::as_str);
        let session = session.ok_or_else(|| Failure::new("chromedriver starts no session"))?;
        browser.session = session.to_owned();
        Ok(browser)
    }

    /// Opens a URL and waits until the page can answer.
    pub(super) fn open(&self, url: &str) -> Result<()> {
        self.request("POST", "/url", Some(&json!({"url": url})))?;
        self.wait("the page to be ready", "document.documentElement.dataset.ready === 'true'")
    }

    /// Opens a URL without waiting for scripts.
    pub(super) fn load(&self, url: &str) -> Result<()> {
        self.request("POST", "/url", Some(&json!({"url": url}))).map(drop)
    }

    /// Changes the route of the open page.
    pub(super) fn go(&self, route: &str) -> Result<()> {
        self.run(
            "location.hash = arguments[0]; await new Promise(requestAnimationFrame);",
            json!([route]),
        )
        .map(drop)
    }

    /// Goes back in the history.
    pub(super) fn back(&self) -> Result<()> {
        self.request("POST", "/back", Some(&json!({}))).map(drop)
    }

    /// Runs the body of an asynchronous function in the page, and returns its result.
    pub(super) fn run(&self, body: &str, arguments: Value) -> Result<Value> {
        let script = format!("return (async function () {{ {body} }}).apply(null, arguments);");
        let asked = json!({"script": script, "args": arguments});
        self.request("POST", "/execute/sync", Some(&asked))
    }

    /// Returns the value of an expression in the page.
    pub(super) fn value(&self, expression: &str) -> Result<Value> {
        self.run(&format!("return ({expression});"), json!([]))
    }

    /// Returns the text of an expression in the page.
    pub(super) fn text(&self, expression: &str) -> Result<String> {
        Ok(self.value(expression)?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until an expression is true.
    pub(super) fn wait(&self, what: &str, expression: &str) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < TIMEOUT {
            if self.value(expression)? == json!(true) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Failure::new(format!("waited too long for {what}")))
    }

    /// Types keys into the focused element; `\u{e004}` is Tab, `\u{e007}` Enter.
    pub(super) fn keys(&self, keys: &str) -> Result<()> {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                let key = key.to_string();
                [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
            })
            .collect();
        let asked = json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]});
        self.request("POST", "/actions", Some(&asked)).map(drop)
    }

    /// Runs a command of Chromium's developer tools.
    pub(super) fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        let asked = json!({"cmd": command, "params": parameters});
        self.request("POST", "/goog/cdp/execute", Some(&asked))
    }

    /// Emulates a preference of the user, such as `prefers-color-scheme`, or a medium.
    pub(super) fn emulate(&self, medium: &str, scheme: &str) -> Result<()> {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let asked = json!({"media": medium, "features": features});
        self.devtools("Emulation.setEmulatedMedia", asked).map(drop)
    }

    /// Changes the size of the window's contents.
    pub(super) fn resize(&self, width: u32, height: u32) -> Result<()> {
        let asked = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", asked).map(drop)
    }

    /// Returns a picture of the window as PNG.
    pub(super) fn picture(&self) -> Result<Vec<u8>> {
        let encoded = self.request("GET", "/screenshot", None)?;
        let encoded = encoded.as_str().unwrap_or_default();
        STANDARD.decode(encoded).map_err(|error| Failure::new(format!("invalid picture: {error}")))
    }

    /// Returns the messages of the console, and forgets them.
    pub(super) fn console(&self) -> Result<Vec<String>> {
        self.log("browser")
    }

    /// Returns the URLs that the page requested since the last call.
    pub(super) fn requests(&self) -> Result<Vec<String>> {
        let events = self.log("performance")?;
        let urls = events.iter().filter_map(|event| {
            let event: Value = serde_json::from_str(event).ok()?;
            let is_request = event.pointer("/message/method")? == "Network.requestWillBeSent";
            let url = event.pointer("/message/params/request/url")?.as_str()?;
            is_request.then(|| url.to_owned())
        });
        Ok(urls.collect())
    }

    fn log(&self, kind: &str) -> Result<Vec<String>> {
        let entries = self.request("POST", "/se/log", Some(&json!({"type": kind})))?;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let message = |entry: &Value| Some(entry.get("message")?.as_str()?.to_owned());
        Ok(entries.iter().filter_map(message).collect())
    }

    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        self.http(method, &format!("/session/{}{path}", self.session), body)
    }

    /// Sends a request to the driver and returns the value of the response.
    fn http(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let failed = |error: std::io::Error| Failure::new(format!("chromedriver: {error}"));
        let mut stream = TcpStream::connect(&self.address).map_err(failed)?;
        let body = body.map(ToString::to_string).unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .map_err(failed)?;
        let text = body_of(BufReader::new(stream)).map_err(failed)?;
        let answer: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("chromedriver: {error} in {text:?}")))?;
        let value = answer.get("value").cloned().unwrap_or(Value::Null);
        match value.get("error").and_then(Value::as_str) {
            Some(error) if path != "/session" || value.get("sessionId").is_none() => {
                let message = value.get("message").and_then(Value::as_str).unwrap_or_default();
                let message = message.lines().next().unwrap_or_default();
                Err(Failure::new(format!("{method} {path}: {error}: {message}")))
            }
            _ => Ok(value),
        }
    }
}

/// Reads the body of a response; the driver keeps the connection open after it.
fn body_of(mut response: impl BufRead) -> std::io::Result<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        response.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().map_err(std::io::Error::other)?;
            }
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    response.read_exact(&mut body)?;
    String::from_utf8(body).map_err(std::io::Error::other)
}

/// Writes a picture.
pub(super) fn write_picture(path: &std::path::Path, picture: &[u8]) -> Result<()> {
    fs::write(path, picture).map_err(|error| rolecall_task::files::failure("write", path, &error))
}
