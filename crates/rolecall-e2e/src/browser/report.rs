//! The views of a report, and their answers.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use super::pages::{FIXTURE, Pages, VIEWS};
use super::{PageScenario, holds, look, same, tools};
use rolecall_task::failure::Result;
use rolecall_task::{files, process};

pub(super) const SCENARIOS: &[PageScenario] = &[
    PageScenario {
        name: "report-views",
        claim: "each view opens from a link, from disk, with a heading and a title",
        run: views,
    },
    PageScenario {
        name: "report-search",
        claim: "search finds subjects, roles and workloads by parts of their names",
        run: search,
    },
    PageScenario {
        name: "report-history",
        claim: "the back button returns to the previous view and its filters",
        run: history,
    },
    PageScenario {
        name: "report-who-can",
        claim: "500 who-can answers of the page are those of the command",
        run: who_can,
    },
    PageScenario {
        name: "report-beyond",
        claim: "the page prints a command for each question that its table cannot answer",
        run: beyond,
    },
    PageScenario {
        name: "report-graph",
        claim: "a graph expands by click and by key, and its outline lists the same objects",
        run: graph,
    },
    PageScenario {
        name: "report-usage",
        claim: "views show which rights were used, by which Pods and when, and the objects that are left",
        run: usage,
    },
    PageScenario {
        name: "report-keyboard",
        claim: "a keyboard is enough to search, open a subject and reach its commands",
        run: keyboard,
    },
    PageScenario {
        name: "report-hostile",
        claim: "names with markup, scripts and direction marks are shown as text",
        run: hostile,
    },
];

/// The example of logs and roles in the documentation.
const EXAMPLE: &str = "docs/examples/least-privilege";

const HEADING: &str =
    "[...document.querySelectorAll('main h1')].find(it => it.checkVisibility()).textContent";

fn views(pages: &Pages) -> Result<()> {
    let url = pages.report(FIXTURE, "views.html")?;
    let browser = &pages.browser;
    for (route, heading) in VIEWS {
        browser.load("about:blank")?;
        browser.open(&format!("{url}{route}"))?;
        same(route, browser.text(HEADING)?, heading.to_owned())?;
        let title = browser.text("document.title")?;
        holds(
            format!("the title of {route} contains its heading: {title}"),
            title.contains(heading),
        )?;
        let broken = "[...document.querySelectorAll('main a[href^=\"#/\"]')].filter(it => it.checkVisibility()).map(it => it.getAttribute('href'))";
        let links = browser.value(broken)?;
        // Links from one view of each kind lead to views that exist.
        for link in links.as_array().into_iter().flatten().filter_map(Value::as_str).take(15) {
            browser.go(link)?;
            let found = browser.text(HEADING)?;
            holds(format!("{link} in {route} leads somewhere"), found != "Not found")?;
        }
    }
    browser.open(&format!("{url}#/findings"))?;
    let finding = browser.text("document.querySelector('main tbody th a').getAttribute('href')")?;
    browser.go(&finding)?;
    let text = browser.text("document.querySelector('#view').textContent")?;
    for part in
        ["rolecall fix list pods", "fixtures/ns-1/manifests.yaml:57", "rolecall explain RC301"]
    {
        holds(format!("the view of a finding contains {part}"), text.contains(part))?;
    }
    Ok(())
}

fn usage(pages: &Pages) -> Result<()> {
    let path = pages.path("usage.html").display().to_string();
    let (objects, log) = (format!("{EXAMPLE}/rbac.yaml"), format!("{EXAMPLE}/audit.log"));
    pages.rolecall(&["report", "-f", &objects, "--usage", &log, "--out", &path], &[0])?;
    let browser = &pages.browser;
    browser.open(&format!("file://{path}#/usage"))?;
    let rows = "document.querySelectorAll('[aria-label=\"Table: Use of rights\"] tbody tr').length";
    same("rights that were not seen", browser.value(rows)?, json!(3))?;
    browser.value("(() => { const it = document.querySelector('#view select'); it.value = '3'; it.dispatchEvent(new Event('change')); })()")?;
    same("rights that were used", browser.value(rows)?, json!(3))?;
    let view = "document.querySelector('#view').textContent";
    for (route, parts) in [
        (
            "#/usage",
            &[
                "kubectl delete clusterrolebinding shop-web",
                "RoleBinding shop/shop-web new",
                "sa/shop:web: get pods in namespace shop",
            ][..],
        ),
        (
            "#/subject/sa/shop/web",
            &[
                "2 requests, from 2026-01-05T08:00:00Z to 2026-01-05T09:45:00Z by web-6d5f7c9b8-x2x4q",
                "create,get jobs.batch",
                "not seen",
            ],
        ),
        (
            "#/role/ClusterRole/shop-web",
            &["rolecall tighten leaves:", "verbs: [\"list\", \"watch\"]"],
        ),
        ("#/binding/RoleBinding/shop/web-migration", &["rolecall tighten deletes this object"]),
    ] {
        browser.go(route)?;
        let text = browser.text(view)?;
        for part in parts {
            holds(format!("{route} contains {part}: {text}"), text.contains(part))?;
        }
    }
    let Some(folder) = tools::install()? else { return Ok(()) };
    let axe = files::read(&folder.join("node_modules/axe-core/axe.min.js"))?;
    browser.resize(320, 640)?;
    for route in ["#/usage", "#/subject/sa/shop/web", "#/role/ClusterRole/shop-web"] {
        browser.go(route)?;
        same(route, look::violations(pages, &axe)?, json!([]))?;
        let beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        same(&format!("{route} at 320 pixels"), browser.value(beyond)?, json!(0))?;
    }
    Ok(())
}

fn search(pages: &Pages) -> Result<()> {
    let url = pages.report(FIXTURE, "search.html")?;
    let browser = &pages.browser;
    browser.open(&url)?;
    browser.value("document.getElementById('search-text').focus()")?;
    browser.keys("NS-1 liST")?;
    let shown = "[...document.querySelectorAll('#view tbody th')].map(it => it.textContent.trim())";
    let found = browser.value(shown)?;
    let expected = [
        "Role ns-1/pod-lister",
        "RoleBinding ns-1/pod-lister",
        "Deployment lister",
        "Pod lister-6c9d7f8b54-4xkqp",
        "Pod lister-6c9d7f8b54-zn2vd",
        "ReplicaSet lister-6c9d7f8b54",
    ];
    same("search results", found, json!(expected))?;
    same("address", browser.text("location.hash")?, "#/search?q=NS-1+liST".to_owned())?;
    browser.go("#/search?q=no-such-name")?;
    let text = browser.text("document.querySelector('#view').textContent")?;
    holds("an empty result says so", text.contains("No name contains these words"))
}

fn history(pages: &Pages) -> Result<()> {
    let url = pages.report(FIXTURE, "history.html")?;
    let browser = &pages.browser;
    browser.open(&format!("{url}#/subjects?kind=group&q=masters"))?;
    let rows = "document.querySelectorAll('#view tbody tr').length";
    same("filtered rows", browser.value(rows)?, json!(1))?;
    browser.value("document.querySelector('#view tbody a').click()")?;
    browser.wait("the subject", &format!("{HEADING} === 'group/system:masters'"))?;
    browser.back()?;
    browser.wait("the list", &format!("{HEADING} === 'Subjects'"))?;
    same("filtered rows after going back", browser.value(rows)?, json!(1))?;
    let kept =
        "[...document.querySelectorAll('#view form input, #view form select')].map(it => it.value)";
    same("filters", browser.value(kept)?, json!(["masters", "group", ""]))
}

/// The number of compared answers.
const QUESTIONS: usize = 500;

fn who_can(pages: &Pages) -> Result<()> {
    let universe = pages.universe()?;
    let url = pages.report(&universe, "universe.html")?;
    let browser = &pages.browser;
    browser.open(&url)?;
    // Spreads the questions over all cells and namespaces.
    let asked = browser.run(
        "const names = ['', ...namespaceNames()];
         const { verb, group, resource, subresource } = data.cells;
         const step = Math.max(1, Math.floor(verb.length / arguments[0]));
         const found = [];
         for (let cell = 0; found.length < arguments[0]; cell = (cell + step) % verb.length) {
           const at = text(group[cell]);
           const head = at === '' || at === '*' ? text(resource[cell]) : `${text(resource[cell])}.${at}`;
           const tail = text(subresource[cell]);
           found.push([text(verb[cell]), tail === '' ? head : `${head}/${tail}`, names[found.length % names.length]]);
         }
         return found;",
        json!([QUESTIONS]),
    )?;
    let mut compared = 0;
    for question in asked.as_array().into_iter().flatten() {
        let [verb, resource, namespace] =
            [0, 1, 2].map(|at| question.get(at).and_then(Value::as_str).unwrap_or_default());
        let shown = browser.run(
            "const to = route(['who-can'], { verb: arguments[0], resource: arguments[1], namespace: arguments[2] });
             const changed = new Promise((done) => {
               addEventListener('hashchange', () => setTimeout(done), { once: true });
               // There is no event if the page already shows the answer.
               setTimeout(done, 500);
             });
             location.hash = to;
             await changed;
             const all = [];
             const sections = [...document.querySelectorAll('#view section')];
             for (const section of sections.filter(it => ['Holders', 'Built-in holders'].includes(it.querySelector('h2').textContent))) {
               for (let next = true; next; next?.click()) {
                 for (const row of section.querySelectorAll('tbody tr')) {
                   const [subject, place, binding] = row.children;
                   all.push([subject.querySelector('a').textContent, binding.querySelector('a').textContent].join(' by '));
                 }
                 next = [...section.querySelectorAll('.pager button')].find((button) => button.textContent === 'Next' && !button.disabled);
               }
             }
             return all;",
            json!([verb, resource, namespace]),
        )?;
        let shown: BTreeSet<String> = shown
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let place = if namespace.is_empty() { vec!["-A"] } else { vec!["-n", namespace] };
        let command = [
            &["who-can", verb, resource, "--force", "-o", "json", "-q", "-f", &universe][..],
            &place,
        ];
        let answer = pages.rolecall(&command.concat(), &[0, 1, 3])?;
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let holders = answer.get("holders").and_then(Value::as_array).into_iter().flatten();
        let expected: BTreeSet<String> = holders.map(grant).collect();
        same(&format!("who-can {verb} {resource} {}", place.join(" ")), shown, expected)?;
        compared += 1;
    }
    same("compared answers", compared, QUESTIONS)
}

/// Returns a holder in the output of the command as the page shows it.
fn grant(holder: &Value) -> String {
    let text = |pointer: &str| holder.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let name = text("/subject/name");
    let subject = match text("/subject/kind") {
        "ServiceAccount" => format!("sa/{}:{name}", text("/subject/namespace")),
        "User" => match name.strip_prefix("system:serviceaccount:") {
            Some(account) => format!("sa/{account}"),
            None => format!("user/{name}"),
        },
        _ => format!("group/{name}"),
    };
    let namespace = text("/binding/namespace");
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("{subject} by {} {namespace}{slash}{}", text("/binding/kind"), text("/binding/name"))
}

fn beyond(pages: &Pages) -> Result<()> {
    let url = pages.report(FIXTURE, "beyond.html")?;
    let browser = &pages.browser;
    browser.open(&url)?;
    for (asked, command) in [
        ("verb=get&resource=/metrics", "rolecall who-can get /metrics -A -f fixtures/ns-1"),
        ("verb=get&resource=widgets", "rolecall who-can get widgets -A -f fixtures/ns-1"),
        ("verb=frob&resource=pods", "rolecall who-can frob pods -A -f fixtures/ns-1"),
        (
            "verb=get&resource=pods&namespace=elsewhere",
            "rolecall who-can get pods -n elsewhere -f fixtures/ns-1",
        ),
    ] {
        browser.go(&format!("#/who-can?{asked}"))?;
        let text = browser.text("document.querySelector('#view .warning').textContent")?;
        holds(format!("{asked} is not answered: {text}"), text.contains("cannot answer"))?;
        holds(format!("{text} contains {command}"), text.contains(command))?;
        let tables = browser.value("document.querySelectorAll('#view table').length")?;
        same(asked, tables, json!(0))?;
    }
    // A gap leaves answers open.
    let url = pages.report("fixtures/unread-document", "gaps.html")?;
    browser.open(&format!("{url}#/who-can?verb=get&resource=secrets"))?;
    let text = browser.text("document.querySelector('#view .warning').textContent")?;
    holds(
        format!("an incomplete answer says so: {text}"),
        text.contains("This answer is incomplete"),
    )?;
    browser.go("#/")?;
    let text = browser.text("document.querySelector('#summary').textContent")?;
    holds("the summary lists the unread parts", text.contains("Not examined"))?;
    holds("without them, nobody is only a guess", text.contains("none known"))
}

fn graph(pages: &Pages) -> Result<()> {
    let url = pages.report(&pages.universe()?, "graph.html")?;
    let browser = &pages.browser;
    browser.open(&url)?;
    // The role with the most bindings.
    let start = browser.text(
        "objectRoute('roles', [...bindingsByRole()].filter(([role]) => role >= 0).sort(([, one], [, other]) => other.length - one.length)[0][0], 'graph')",
    )?;
    browser.go(&start)?;
    let boxes = "[...document.querySelectorAll('.graph [data-node]')].map(it => it.querySelector('title').textContent)";
    let outline = "[...new Set([...document.querySelectorAll('.outline li')].map(it => it.firstChild.textContent))]";
    let sorted = |expression: &str| -> Result<Vec<String>> {
        let found = browser.value(expression)?;
        let texts = found.as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut texts: Vec<String> = texts.map(str::to_owned).collect();
        texts.sort();
        texts.dedup();
        Ok(texts)
    };
    let first = sorted(boxes)?;
    holds(format!("the graph is not empty: {first:?}"), first.len() > 1)?;
    same("outline", sorted(outline)?, first.clone())?;
    let closed = "[...document.querySelectorAll('.graph [aria-expanded=false]')].at(-1)";
    browser
        .value(&format!("{closed}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))"))?;
    let second = sorted(boxes)?;
    same("outline after a click", sorted(outline)?, second.clone())?;
    let mut grown = second.len() > first.len();
    for _ in 0..4 {
        browser.value(&format!("{closed}.focus()"))?;
        let before = sorted(boxes)?.len();
        browser.keys("\u{e007}")?;
        let focused = browser.text("document.activeElement.getAttribute('aria-expanded')")?;
        same("the focused box is expanded", focused, "true".to_owned())?;
        grown |= sorted(boxes)?.len() > before;
    }
    holds("boxes add their neighbors", grown)?;
    same("outline after keys", sorted(outline)?, sorted(boxes)?)?;
    let count = browser.value("document.querySelectorAll('.graph [data-node]').length")?;
    holds("the graph stays small", count.as_u64().is_some_and(|count| count <= 170))
}

fn keyboard(pages: &Pages) -> Result<()> {
    let url = pages.report(FIXTURE, "keyboard.html")?;
    let browser = &pages.browser;
    browser.open(&url)?;
    let focused = "document.activeElement.textContent || document.activeElement.id";
    browser.keys("\u{e004}")?;
    same("first stop", browser.text(focused)?, "Skip to the content".to_owned())?;
    browser.keys("\u{e007}")?;
    same("after skipping", browser.text("document.activeElement.localName")?, "h1".to_owned())?;
    browser.keys("/k-sa-1")?;
    same("search", browser.text("document.activeElement.id")?, "search-text".to_owned())?;
    same("words", browser.text("document.activeElement.value")?, "k-sa-1".to_owned())?;
    browser.keys("\u{e007}")?;
    let is_result = "document.activeElement.localName === 'a' && document.activeElement.textContent === 'sa/ns-1:k-sa-1'";
    let mut presses = 0;
    while browser.value(is_result)? != json!(true) && presses < 10 {
        browser.keys("\u{e004}")?;
        presses += 1;
    }
    browser.keys("\u{e007}")?;
    browser.wait("the subject", &format!("{HEADING} === 'sa/ns-1:k-sa-1'"))?;
    let is_copy = "document.activeElement.localName === 'button' && document.activeElement.textContent === 'Copy'";
    presses = 0;
    while browser.value(is_copy)? != json!(true) && presses < 80 {
        browser.keys("\u{e004}")?;
        presses += 1;
    }
    let label = browser.text("document.activeElement.getAttribute('aria-label')")?;
    let expected = "Copy rolecall rules --for sa/ns-1:k-sa-1 -n ns-1 -f fixtures/ns-1";
    same("name of the button", label, expected.to_owned())?;
    browser.keys("\u{e007}")?;
    browser.wait("a result", "document.getElementById('notice').textContent !== ''")
}

/// Fails unless the page quotes arguments so that a shell passes them on unchanged, and a terminal obeys none of them.
fn commands_are_safe(pages: &Pages) -> Result<()> {
    for word in [
        "web",
        "",
        "a b",
        "it's",
        "$(id) `id` \\",
        "-x",
        "\u{1b}[201~\n\r\t",
        "x\u{202e}é😀",
        "##[a]",
        "::b",
    ] {
        let quoted = pages.browser.run("return quote(arguments[0]);", json!([word]))?;
        let quoted = quoted.as_str().unwrap_or_default();
        holds(format!("{quoted:?} has no control characters"), !quoted.contains(char::is_control))?;
        holds(format!("{quoted:?} has no direction mark"), !quoted.contains('\u{202e}'))?;
        let mut shell = Command::new("bash");
        let passed = process::output(shell.args(["-c", &format!("printf %s. {quoted}")]))?;
        same("the argument that a shell passes", passed, format!("{word}."))?;
    }
    Ok(())
}

fn hostile(pages: &Pages) -> Result<()> {
    let name =
        "<img src=x onerror=window.hostile=1>\\u202e</script><script>window.hostile=1</script>";
    let manifest = format!(
        r#"{{"apiVersion": "v1", "kind": "List", "items": [
            {{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {{"name": "{name}"}},
              "rules": [{{"apiGroups": [""], "resources": ["secrets", "{name}"], "verbs": ["get", "{name}"], "resourceNames": ["{name}"]}}]}},
            {{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {{"name": "{name}"}},
              "roleRef": {{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "{name}"}},
              "subjects": [{{"kind": "User", "name": "{name}"}}, {{"kind": "Group", "name": "{name}"}}, {{"kind": "ServiceAccount", "namespace": "{name}", "name": "{name}"}}]}}
        ]}}"#
    );
    let input = pages.write("hostile.json", &manifest)?;
    let path = pages.path("hostile.html").display().to_string();
    let title = "<b>\u{202e}title";
    pages.rolecall(&["report", "-f", &input, "--title", title, "-o", &path], &[0, 3])?;
    let browser = &pages.browser;
    browser.open(&format!("file://{path}"))?;
    same("the title", browser.text("document.title")?, "<b>\\u{202e}title".to_owned())?;
    commands_are_safe(pages)?;
    let encoded = "encodeURIComponent(data.texts.find((text) => text.startsWith('<img')))";
    let name = browser.text(encoded)?;
    for route in [
        "#/subjects".to_owned(),
        format!("#/subject/user/{name}"),
        format!("#/subject/sa/{name}/{name}"),
        format!("#/role/ClusterRole/{name}"),
        format!("#/binding/ClusterRoleBinding/{name}"),
        format!("#/graph/role/ClusterRole/{name}"),
        format!("#/search?q={name}"),
        format!("#/who-can?verb=get&resource=secrets&namespace={name}"),
        "#/who-can?verb=get&resource=secrets".to_owned(),
        "#/findings".to_owned(),
        "#/matrix".to_owned(),
    ] {
        browser.go(&route)?;
        let text = browser.text("document.querySelector('#view').textContent")?;
        let is_list = route.starts_with("#/findings");
        holds(format!("{route} shows the name"), is_list || text.contains("<img src=x onerror="))?;
        holds(format!("{route} has no direction mark"), !text.contains('\u{202e}'))?;
        same(
            &route,
            browser.value("document.querySelectorAll('img, #view script').length")?,
            json!(0),
        )?;
        same(&route, browser.value("window.hostile ?? 0")?, json!(0))?;
    }
    Ok(())
}
