//! The page of `rolecall serve`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::pages::{FIXTURE, Pages};
use super::{PageScenario, holds, look, same, tools};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::interrupt::{self, Stop};
use rolecall_task::{files, process};

pub(super) const SCENARIOS: &[PageScenario] = &[
    PageScenario {
        name: "report-served-answers",
        claim: "the answers of a served page are those of the commands",
        run: answers,
    },
    PageScenario {
        name: "report-served-changes",
        claim: "a served page loads changed data, and keeps them while a file is broken",
        run: changes,
    },
    PageScenario {
        name: "report-served-look",
        claim: "axe-core finds no serious problem in questions, and they fit 320 pixels",
        run: questions_look,
    },
];

/// A running server, which ends with its scenario.
struct Server {
    url: String,
    program: Arc<dyn Stop>,
}

struct Program(Mutex<Child>);

impl Stop for Program {
    fn stop(&self) {
        let mut child = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.program.stop();
    }
}

impl Server {
    fn start(pages: &Pages, input: &str) -> Result<Self> {
        let mut command = pages.command(&["serve", "-f", input]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| process::failure(&command, &error))?;
        let out = child.stdout.take();
        let program: Arc<dyn Stop> = Arc::new(Program(Mutex::new(child)));
        interrupt::watch(&program);
        let mut server = Self { url: String::new(), program };
        let line = out.and_then(|out| BufReader::new(out).lines().next()?.ok());
        server.url = line.ok_or_else(|| Failure::new("rolecall serve prints no URL"))?;
        Ok(server)
    }

    /// Leaves the page, and fails if it requested anything except the server.
    fn leave(self, pages: &Pages) -> Result<()> {
        pages.browser.load("about:blank")?;
        let requests = pages.browser.requests()?;
        let is_own = |url: &&String| url.starts_with(&self.url);
        let is_silent = |url: &&String| url.starts_with("data:") || url.starts_with("about:");
        holds("the page sends requests", requests.iter().any(|url| is_own(&url)))?;
        match requests.iter().find(|url| !is_own(url) && !is_silent(url)) {
            Some(url) => Err(Failure::new(format!("the page requests {url}"))),
            None => Ok(()),
        }
    }
}

fn answers(pages: &Pages) -> Result<()> {
    let server = Server::start(pages, FIXTURE)?;
    let browser = &pages.browser;
    browser.open(&server.url)?;
    browser.go("#/graph/subject/sa/ns-1/k-sa-1")?;
    let nodes = browser.value("document.querySelectorAll('.graph [role=button]').length")?;
    holds("the graph has nodes", nodes.as_u64().is_some_and(|nodes| nodes > 1))?;
    browser.go("#/subject/sa/ns-1/k-sa-1")?;
    let ask =
        "[...document.querySelectorAll('main a')].find(it => it.textContent === 'Ask about it')";
    browser.value(&format!("{ask}.click()"))?;
    browser.wait("the question", "location.hash.startsWith('#/ask')")?;
    same(
        "the question about a subject",
        browser.text("location.hash")?,
        "#/ask?command=why&subject=sa%2Fns-1%3Ak-sa-1&namespace=ns-1".to_owned(),
    )?;
    let request = ["list", "pods", "--for=sa/ns-1:k-sa-1", "--namespace=default"];
    for (asked, words) in [
        ("why", &request[..]),
        ("can-i", &request),
        ("fix", &request),
        ("who-can", &["list", "pods", "--namespace=default"]),
        ("rules", &["--for=sa/ns-1:k-sa-1", "--namespace=default"]),
        ("paths", &["--from=sa/ns-1:k-sa-1"]),
    ] {
        browser.go(&format!(
            "#/ask?command={asked}&verb=list&resource=pods&subject=sa%2Fns-1%3Ak-sa-1&namespace=default"
        ))?;
        let shown = "document.querySelector('#view pre.answer')?.textContent";
        browser.wait("an answer", &format!("({shown} ?? '') !== ''"))?;
        let mut line = vec![asked];
        line.extend(words);
        line.extend(["-f", FIXTURE]);
        let expected = pages.rolecall(&line, &[0, 1, 3])?;
        same(asked, browser.text(shown)?, expected)?;
        let command = browser.text("document.querySelector('#view .command code').textContent")?;
        same("the command", command, format!("rolecall {}", line.join(" ")))?;
    }
    // By keyboard, from an empty form.
    browser.go("#/ask")?;
    browser.value("document.querySelector('#view input').focus()")?;
    browser.keys("sa/ns-1:k-sa-1\u{e004}list\u{e004}pods\u{e004}\u{e004}ns-1\u{e007}")?;
    let shown = "document.querySelector('#view pre.answer')?.textContent ?? ''";
    browser.wait("an answer", &format!("({shown}).startsWith('yes')"))?;
    server.leave(pages)
}

fn changes(pages: &Pages) -> Result<()> {
    let account = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: shop}}\n"
        )
    };
    let file = pages.write("served.yaml", &account("first"))?;
    let server = Server::start(pages, &file)?;
    let browser = &pages.browser;
    browser.open(&format!("{}#/subjects", server.url))?;
    let subjects = "[...document.querySelectorAll('#view tbody th')].map(it => it.textContent)";
    let own = "document.querySelector('.served .warning')?.textContent ?? ''";
    let text = format!("{}---\n{}", account("first"), account("second"));
    pages.write("served.yaml", &text)?;
    let ready = "document.documentElement.dataset.ready === 'true'";
    let is_second = "document.documentElement.dataset.served === '2'";
    browser.wait("the changed data", &format!("{is_second} && {ready}"))?;
    same("the view", browser.text("location.hash")?, "#/subjects".to_owned())?;
    let found = browser.value(subjects)?;
    let has = |found: &Value, name: &str| {
        found.as_array().is_some_and(|all| all.iter().any(|it| *it == json!(name)))
    };
    holds("the page shows the new account", has(&found, "sa/shop:second"))?;
    pages.write("served.yaml", "kind: [")?;
    browser.wait("the problem", &format!("({own}).includes('served.yaml')"))?;
    holds("the page keeps the data", has(&browser.value(subjects)?, "sa/shop:second"))?;
    pages.write("served.yaml", &account("third"))?;
    let is_third = "document.documentElement.dataset.served === '3'";
    browser.wait("the repaired data", &format!("{is_third} && {ready}"))?;
    same("the problem", browser.text(own)?, String::new())?;
    browser.value("document.querySelector('.served button').click()")?;
    let is_fourth = "document.documentElement.dataset.served === '4'";
    browser.wait("the data of the button", &format!("{is_fourth} && {ready}"))?;
    server.leave(pages)
}

fn questions_look(pages: &Pages) -> Result<()> {
    let server = Server::start(pages, FIXTURE)?;
    let browser = &pages.browser;
    browser.open(&server.url)?;
    let Some(folder) = tools::install()? else {
        println!("    notice: axe-core is not run: npm is not installed");
        return server.leave(pages);
    };
    let axe = files::read(&folder.join("node_modules/axe-core/axe.min.js"))?;
    for scheme in ["light", "dark"] {
        browser.emulate("", scheme)?;
        browser.go("#/ask?command=who-can&verb=list&resource=pods")?;
        browser.wait("an answer", "document.querySelector('#view pre.answer') !== null")?;
        same(&format!("in {scheme} colors"), look::violations(pages, &axe)?, json!([]))?;
    }
    browser.resize(320, 640)?;
    let beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    same("width beyond 320 pixels", browser.value(beyond)?, json!(0))?;
    server.leave(pages)
}
