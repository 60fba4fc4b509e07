//! The HTML file.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::encode::{gzip_base64, policy_hash};
use crate::summary::{Count, Cut, PathSummary, SensitiveAccess, Summary, UsageSummary};
use crate::text::{html, html_message, segment};
use crate::{Document, Scope};

const TEMPLATE: &str = include_str!("../page/report.html");
const STYLE: &str = include_str!("../page/report.css");

/// The views of the page.
macro_rules! views {
    () => {
        concat!(
            include_str!("../page/js/data.js"),
            include_str!("../page/js/dom.js"),
            include_str!("../page/js/router.js"),
            include_str!("../page/js/parts.js"),
            include_str!("../page/js/subjects.js"),
            include_str!("../page/js/roles.js"),
            include_str!("../page/js/namespaces.js"),
            include_str!("../page/js/findings.js"),
            include_str!("../page/js/access.js"),
            include_str!("../page/js/matrix.js"),
            include_str!("../page/js/graph.js"),
            include_str!("../page/js/paths.js"),
            include_str!("../page/js/usage.js"),
        )
    };
}

const SCRIPT: &str = concat!(views!(), include_str!("../page/js/main.js"));
const SERVED_SCRIPT: &str =
    concat!(views!(), include_str!("../page/js/serve.js"), include_str!("../page/js/main.js"));

/// The sources of the page in a file: the template, the style and the script.
pub const PAGE_PARTS: [(&str, &str); 3] =
    [("report.html", TEMPLATE), ("report.css", STYLE), ("report.js", SCRIPT)];

/// The place from which a browser gets the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageMode {
    /// A file, which makes no requests.
    File,
    /// A server, which the page asks further questions. The number grows with each change of the data.
    Served(u64),
}

/// The number of names in a cell of the summary.
const MOST_NAMES: usize = 6;

/// The number of unread parts that the summary shows without a click.
const MOST_UNREAD: usize = 4;

/// Writes the page: the summary as HTML, and the document for the script.
pub fn write_page(
    out: &mut impl Write,
    mode: PageMode,
    scope: &Scope,
    summary: &Summary,
    document: &Document,
) -> io::Result<()> {
    let data = gzip_base64(&document.to_json()?)?;
    let (script, connect, version) = match mode {
        PageMode::File => (SCRIPT, "", String::new()),
        PageMode::Served(version) => {
            (SERVED_SCRIPT, " connect-src 'self';", format!(" data-served=\"{version}\""))
        }
    };
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:;{connect} base-uri 'none'; form-action 'none'",
        policy_hash(script),
        policy_hash(STYLE)
    );
    let title = html(&scope.title);
    let summary = summary_html(scope, summary);
    // Each placeholder is replaced once, so inserted text cannot contain another one.
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        out.write_all(before.as_bytes())?;
        let (name, after) = after.split_once("}}").unwrap_or(("", after));
        let text = match name {
            "served" => &version,
            "policy" => &policy,
            "title" => &title,
            "style" => STYLE,
            "summary" => &summary,
            "data" => &data,
            "script" => script,
            _ => "",
        };
        out.write_all(text.as_bytes())?;
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

fn summary_html(scope: &Scope, summary: &Summary) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "<h1 tabindex=\"-1\"><bdi>{}</bdi></h1>", html(&scope.title));
    page.push_str("<section aria-labelledby=\"h-scope\"><h2 id=\"h-scope\">Examined input</h2>\n");
    list(&mut page, "", &scope.examined);
    counts(&mut page, &summary.counts);
    unread(&mut page, &scope.unread);
    page.push_str("</section>\n");
    risks(&mut page, summary);
    access(&mut page, scope, &summary.access);
    if let Some(paths) = &summary.paths {
        escalation(&mut page, scope, paths);
    }
    if let Some(usage) = &summary.usage {
        unused(&mut page, usage);
    }
    if !scope.assumptions.is_empty() {
        page.push_str(
            "<section aria-labelledby=\"h-limits\"><h2 id=\"h-limits\">Assumptions</h2>\n",
        );
        list(&mut page, "", &scope.assumptions);
        page.push_str("</section>\n");
    }
    let _ = writeln!(page, "<p class=\"program\">Written by {}.</p>", html(&scope.program));
    page
}

fn list(page: &mut String, attributes: &str, items: &[String]) {
    let _ = write!(page, "<ul{attributes}>");
    for item in items {
        let _ = write!(page, "<li>{}</li>", html_message(item));
    }
    page.push_str("</ul>\n");
}

/// Lists the parts that could not be read; a long list is folded, because the first screen shows the worst risks, too.
fn unread(page: &mut String, unread: &[String]) {
    if unread.is_empty() {
        return;
    }
    page.push_str("<h3>Not examined</h3>\n<p>Access that depends on these parts is unknown. An empty list in this report does not mean that there is no access.</p>\n");
    let (shown, folded) = match unread.len() > MOST_UNREAD + 1 {
        true => unread.split_at(MOST_UNREAD),
        false => (unread, &[][..]),
    };
    list(page, " class=\"unread\"", shown);
    if !folded.is_empty() {
        let more = number(folded.len());
        let _ = writeln!(page, "<details><summary>{more} more parts were not examined</summary>");
        list(page, " class=\"unread\"", folded);
        page.push_str("</details>\n");
    }
}

fn counts(page: &mut String, counts: &[Count]) {
    page.push_str("<dl class=\"counts\">");
    for count in counts {
        let built_in = match count.built_in {
            0 => String::new(),
            built_in => format!(" <small>{} built-in</small>", number(built_in)),
        };
        let _ = write!(
            page,
            "<div><dt><a href=\"{}\">{}</a></dt><dd>{}{built_in}</dd></div>",
            html(count.route),
            count.label,
            number(count.number)
        );
    }
    page.push_str("</dl>\n");
}

fn risks(page: &mut String, summary: &Summary) {
    page.push_str("<section aria-labelledby=\"h-risks\"><h2 id=\"h-risks\">Findings</h2>\n");
    if summary.severities.is_empty() {
        page.push_str("<p>There are no findings.</p></section>\n");
        return;
    }
    page.push_str("<ul class=\"severities\">");
    for (severity, count) in &summary.severities {
        let severity = html(severity);
        let _ = write!(
            page,
            "<li class=\"severity {severity}\"><a href=\"#/findings?severity={severity}\"><b>{}</b> {severity}</a></li>",
            number(*count)
        );
    }
    page.push_str("</ul>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Findings by rule\"><table><thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">Rule</th><th scope=\"col\" class=\"number\">Findings</th><th scope=\"col\">First object</th></tr></thead><tbody>\n");
    for rule in &summary.worst {
        let place = match rule.place.is_empty() {
            true => String::new(),
            false => format!(" <span class=\"place\"><bdi>{}</bdi></span>", html(&rule.place)),
        };
        let _ = writeln!(
            page,
            "<tr><td><span class=\"severity {severity}\">{severity}</span></td><td><a href=\"#/findings?code={code}\">{code}</a> {title}</td><td class=\"number\">{number}</td><td><bdi>{example}</bdi>{place}</td></tr>",
            severity = html(&rule.severity),
            code = html(&rule.code),
            title = html(&rule.title),
            number = number(rule.number),
            example = html(&rule.example),
        );
    }
    page.push_str("</tbody></table></div>\n");
    if summary.more_rules > 0 {
        let _ = writeln!(
            page,
            "<p><a href=\"#/findings\">{} more rules have findings.</a></p>",
            summary.more_rules
        );
    }
    page.push_str("</section>\n");
}

fn access(page: &mut String, scope: &Scope, rows: &[SensitiveAccess]) {
    page.push_str("<section aria-labelledby=\"h-access\"><h2 id=\"h-access\">Dangerous access</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Dangerous access\"><table><thead><tr><th scope=\"col\">Access</th><th scope=\"col\">In the whole cluster</th><th scope=\"col\" class=\"number\">Others, in single namespaces</th></tr></thead><tbody>\n");
    for row in rows {
        let mut names = row
            .everywhere
            .iter()
            .take(MOST_NAMES)
            .map(|name| format!("<code><bdi>{}</bdi></code>", html(name)))
            .collect::<Vec<_>>()
            .join(", ");
        if row.everywhere.len() > MOST_NAMES {
            let _ = write!(names, " and {} more", number(row.everywhere.len() - MOST_NAMES));
        }
        if row.everywhere.is_empty() {
            // Without the unread parts, "none" would be a guess.
            names.push_str(if scope.unread.is_empty() { "none" } else { "none known" });
        }
        if row.built_in > 0 {
            let _ = write!(names, " <small>and {} built-in</small>", number(row.built_in));
        }
        let in_namespaces = row.in_namespaces.map_or_else(|| "–".to_owned(), number);
        let _ = writeln!(
            page,
            "<tr><td><a href=\"#/who-can?verb={}&amp;resource={}\">{}</a></td><td>{names}</td><td class=\"number\">{in_namespaces}</td></tr>",
            segment(row.verb),
            segment(row.resource),
            row.title,
        );
    }
    page.push_str("</tbody></table></div></section>\n");
}

fn escalation(page: &mut String, scope: &Scope, paths: &PathSummary) {
    page.push_str(
        "<section aria-labelledby=\"h-paths\"><h2 id=\"h-paths\">Escalation paths</h2>\n",
    );
    let _ = writeln!(
        page,
        "<p>{}{} of {} subjects can become <b>{}</b> step by step; {} more hold it directly. <a href=\"#/paths\">All paths</a></p>",
        if scope.unread.is_empty() { "" } else { "At least " },
        number(paths.with_path),
        number(paths.starts),
        html(&paths.sink),
        number(paths.admins)
    );
    if !scope.unread.is_empty() {
        page.push_str("<p>Parts that were not examined can lead to more paths, and objects that a build can change are not counted.</p>\n");
    }
    if !paths.cuts.is_empty() {
        let command = html(&format!("{} paths --cut {}", scope.command, scope.sources));
        let _ = writeln!(
            page,
            "<h3>Grants to remove first</h3>\n<p>{} <code>{}</code></p><ol>",
            plan(paths),
            command.trim_end()
        );
        for cut in &paths.cuts {
            let place = match cut.place.is_empty() {
                true => String::new(),
                false => format!(" <span class=\"place\"><bdi>{}</bdi></span>", html(&cut.place)),
            };
            let _ = write!(
                page,
                "<li><bdi>{}</bdi>{place} <small>{}</small></li>",
                html(&cut.grant),
                effect(paths, cut)
            );
        }
        page.push_str("</ol>\n");
    }
    page.push_str("</section>\n");
}

/// Says what remains without the grants of a plan, and what the command does about it.
pub(crate) fn plan(paths: &PathSummary) -> String {
    match paths.plan {
        Some(1) => "Without this grant, no path is left. This command prints the objects to change:".to_owned(),
        Some(grants) if grants > paths.cuts.len() => format!(
            "Without {} grants, no path is left; these are the first. This command prints the objects to change:",
            number(grants)
        ),
        Some(grants) => format!(
            "Without these {} grants, no path is left. This command prints the objects to change:",
            number(grants)
        ),
        None => "Each of these grants ends paths on its own. This command looks for grants without which no path is left:".to_owned(),
    }
}

/// Says how many subjects a grant concerns.
pub(crate) fn effect(paths: &PathSummary, cut: &Cut) -> String {
    let plural = if cut.subjects == 1 { "" } else { "s" };
    let subjects = number(cut.subjects);
    match paths.plan {
        Some(_) => format!("on the path{plural} of {subjects} subject{plural}"),
        None => format!("ends the path{plural} of {subjects} subject{plural}"),
    }
}

fn unused(page: &mut String, usage: &UsageSummary) {
    page.push_str("<section aria-labelledby=\"h-usage\"><h2 id=\"h-usage\">Use of rights</h2>\n");
    list(page, "", &usage.coverage);
    let _ = writeln!(
        page,
        "<p><a href=\"#/usage\">{} of {} bindings have rights that were not seen in use.</a> <code>rolecall tighten</code> would change or delete {} objects.</p></section>",
        number(usage.with_unused),
        number(usage.bindings),
        number(usage.changed)
    );
}

/// Returns a number with separators.
fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + 2);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
