//! The look of a report, its speed, and its sources.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::pages::{FIXTURE, Pages, VIEWS};
use super::{PageScenario, driver, holds, same, tools};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

pub(super) const SCENARIOS: &[PageScenario] = &[
    PageScenario {
        name: "report-accessible",
        claim: "axe-core finds no serious problem in any view, light or dark",
        run: accessible,
    },
    PageScenario {
        name: "report-sizes",
        claim: "no view scrolls sideways from 320 pixels to 4K",
        run: sizes,
    },
    PageScenario {
        name: "report-dark-and-print",
        claim: "pages follow the preferred colors, and print without controls",
        run: dark_and_print,
    },
    PageScenario {
        name: "report-without-scripts",
        claim: "the summary is readable without JavaScript",
        run: without_scripts,
    },
    PageScenario {
        name: "report-big",
        claim: "a report about thousands of bindings is small, opens in a second and searches in 100 ms",
        run: big,
    },
    PageScenario {
        name: "report-sources",
        claim: "tsc and eslint find nothing in the page's script",
        run: sources,
    },
];

/// Scenarios that take minutes.
pub(super) const LONG_SCENARIOS: &[PageScenario] = &[PageScenario {
    name: "report-huge",
    claim: "a report about hundreds of thousands of objects is small, and opens in three seconds",
    run: huge,
}];

/// The pictures in the documentation: file, route, colors and width.
const PICTURES: [(&str, &str, &str, u32); 6] = [
    ("summary.png", "#/", "light", 1100),
    ("subject.png", "#/subject/sa/ci/deployer", "light", 1100),
    ("who-can.png", "#/who-can?verb=get&resource=secrets&namespace=shop", "light", 1100),
    ("graph.png", "#/graph/subject/sa/ci/deployer", "light", 1100),
    ("findings.png", "#/findings", "dark", 1100),
    ("narrow.png", "#/namespace/shop", "dark", 360),
];

/// The fixture in the pictures, with findings of several severities.
const PICTURED: &str = "fixtures/refactoring/after";

/// Checks each view with axe-core, and writes the pictures of the documentation if `UPDATE_DOCS` is set.
fn accessible(pages: &Pages) -> Result<()> {
    let url = pages.report(FIXTURE, "accessible.html")?;
    let browser = &pages.browser;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        pictures(pages)?;
    }
    browser.open(&url)?;
    let Some(folder) = tools::install()? else {
        println!("    notice: axe-core is not run: npm is not installed");
        return Ok(());
    };
    let axe = files::read(&folder.join("node_modules/axe-core/axe.min.js"))?;
    for scheme in ["light", "dark"] {
        browser.emulate("", scheme)?;
        for (route, _) in VIEWS {
            browser.go(route)?;
            let found = violations(pages, &axe)?;
            same(&format!("{route} in {scheme} colors"), found, json!([]))?;
        }
    }
    Ok(())
}

/// Returns the serious problems that axe-core, whose source is `axe`, finds in the open view.
pub(super) fn violations(pages: &Pages, axe: &str) -> Result<Value> {
    pages.browser.run(
        &format!(
            "if (!window.axe) {{ {axe} }}
             const result = await axe.run(document, {{ resultTypes: ['violations'] }});
             return result.violations.filter(it => ['serious', 'critical'].includes(it.impact))
               .map(it => `${{it.id}}: ${{it.nodes[0].html}} ${{it.nodes[0].failureSummary}}`);"
        ),
        json!([]),
    )
}

fn pictures(pages: &Pages) -> Result<()> {
    let folder = files::workspace_root().join("docs/images");
    fs::create_dir_all(&folder).map_err(|error| files::failure("create", &folder, &error))?;
    let browser = &pages.browser;
    browser.open(&pages.report(PICTURED, "pictures.html")?)?;
    for (name, route, scheme, width) in PICTURES {
        browser.resize(width, if width < 500 { 640 } else { 720 })?;
        browser.emulate("", scheme)?;
        browser.go(route)?;
        driver::write_picture(&folder.join(name), &browser.picture()?)?;
    }
    pages.reset()
}

fn sizes(pages: &Pages) -> Result<()> {
    let url = pages.report(FIXTURE, "sizes.html")?;
    let browser = &pages.browser;
    browser.open(&url)?;
    for (width, height) in [(320, 640), (768, 1024), (3840, 2160)] {
        browser.resize(width, height)?;
        for (route, _) in VIEWS {
            browser.go(route)?;
            let beyond =
                "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            same(&format!("{route} at {width}"), browser.value(beyond)?, json!(0))?;
        }
    }
    Ok(())
}

fn dark_and_print(pages: &Pages) -> Result<()> {
    let url = pages.report(FIXTURE, "dark.html")?;
    let browser = &pages.browser;
    browser.open(&url)?;
    let background = "getComputedStyle(document.body).backgroundColor";
    same("light", browser.text(background)?, "rgb(255, 255, 255)".to_owned())?;
    browser.emulate("", "dark")?;
    same("dark", browser.text(background)?, "rgb(13, 17, 23)".to_owned())?;
    browser.emulate("print", "dark")?;
    same("printed", browser.text(background)?, "rgb(255, 255, 255)".to_owned())?;
    let hidden = "getComputedStyle(document.querySelector('header')).display";
    same("header in print", browser.text(hidden)?, "none".to_owned())?;
    // Of a long table, only one page is printed, which says so.
    browser.open(&pages.report(&pages.universe()?, "print.html")?)?;
    browser.go("#/bindings")?;
    let status = "document.querySelector('.pager [role=status]')";
    let shown = browser.text(&format!("{status}.checkVisibility() ? {status}.textContent : ''"))?;
    holds(format!("the print says which rows it has: {shown}"), shown.starts_with("1 to 100 of "))?;
    let printed = browser.devtools("Page.printToPDF", json!({"printBackground": false}))?;
    let size = printed.get("data").and_then(Value::as_str).map_or(0, str::len);
    holds("the page prints", size > 10_000)
}

fn without_scripts(pages: &Pages) -> Result<()> {
    let url = pages.report(FIXTURE, "scripts.html")?;
    let browser = &pages.browser;
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({"value": true}))?;
    browser.load(&url)?;
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({"value": false}))?;
    let ready = browser.value("document.documentElement.dataset.ready ?? ''")?;
    same("the script did not run", ready, json!(""))?;
    let text = browser.text("document.body.innerText")?;
    for part in
        ["Access in fixtures/ns-1", "Examined input", "Denied kubectl command", "Get Secrets"]
    {
        holds(format!("the summary contains {part}: {text}"), text.contains(part))?;
    }
    Ok(())
}

/// The limits of a report: bytes of the file, milliseconds until the first screen and for a search, and bytes of the
/// page's objects.
struct Limits {
    file: u64,
    opening: f64,
    searching: f64,
    memory: f64,
}

const BIG: Limits = Limits { file: 5_000_000, opening: 1_000.0, searching: 100.0, memory: 200e6 };
const HUGE: Limits =
    Limits { file: 30_000_000, opening: 3_000.0, searching: 1_000.0, memory: 600e6 };

fn big(pages: &Pages) -> Result<()> {
    measure(pages, "big", &BIG)
}

fn huge(pages: &Pages) -> Result<()> {
    measure(pages, "huge", &HUGE)
}

fn measure(pages: &Pages, preset: &str, most: &Limits) -> Result<()> {
    let name = format!("{preset}.html");
    let url = pages.report(&pages.generated(preset)?, &name)?;
    let path = pages.path(&name);
    let bytes = fs::metadata(&path).map_err(|error| files::failure("read", &path, &error))?.len();
    holds(format!("{bytes} bytes are less than {}", most.file), bytes < most.file)?;
    let browser = &pages.browser;
    let mut opening = f64::MAX;
    for _ in 0..3 {
        browser.load("about:blank")?;
        browser.open(&url)?;
        let milliseconds = browser.value("performance.getEntriesByName('ready')[0].startTime")?;
        opening = opening.min(milliseconds.as_f64().unwrap_or(f64::MAX));
    }
    holds(format!("the page opens in {opening:.0} ms"), opening < most.opening)?;
    // Of each search the best attempt counts, because the machine can be busy, and of all searches the slowest.
    let searching = browser.run(
        "const box = document.getElementById('search-text');
         let slowest = 0;
         for (const words of ['a', 'team', 'deployer', 'ns-1 sa', 'admin']) {
           let best = Infinity;
           for (let attempt = 0; attempt < 10; attempt++) {
             const started = performance.now();
             box.value = words;
             box.dispatchEvent(new Event('input'));
             document.body.offsetHeight;
             best = Math.min(best, performance.now() - started);
           }
           slowest = Math.max(slowest, best);
         }
         return slowest;",
        json!([]),
    )?;
    let searching = searching.as_f64().unwrap_or(f64::MAX);
    holds(format!("a search takes {searching:.0} ms"), searching < most.searching)?;
    let memory = browser.value("performance.memory.totalJSHeapSize")?.as_f64().unwrap_or(f64::MAX);
    holds(format!("the page takes {memory:.0} bytes"), memory < most.memory)?;
    println!(
        "    {bytes} bytes, opens in {opening:.0} ms, searches in {searching:.0} ms, takes {:.0} MB",
        memory / 1e6
    );
    Ok(())
}

fn sources(pages: &Pages) -> Result<()> {
    let Some(folder) = tools::install()? else {
        println!("    notice: the sources are not checked: npm is not installed");
        return Ok(());
    };
    // The tools find their packages next to the sources.
    let copy = folder.join("page");
    if copy.exists() {
        files::remove_dir(&copy)?;
    }
    let mut cp = Command::new("cp");
    cp.arg("-r").arg(files::workspace_root().join(tools::PAGE)).arg(&copy);
    process::output(&mut cp)?;
    for (tool, arguments) in [("tsc", &["--project", "tsconfig.json"][..]), ("eslint", &["js"])] {
        let program = folder.join("node_modules/.bin").join(tool);
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&copy);
        let ran = command.output().map_err(|error| process::failure(&command, &error))?;
        let text = String::from_utf8_lossy(&ran.stdout);
        if !ran.status.success() {
            return Err(Failure::new(format!("{tool}:\n{text}")));
        }
    }
    pages.browser.load("about:blank")
}
