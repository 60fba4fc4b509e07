views.findings = ({ query }) => {
  let words = query.get("q") ?? "";
  let level = query.get("severity") ?? "";
  let rule = query.get("code") ?? "";
  const results = element("div");
  const { findings, documents } = data;
  const list = () => {
    const found = matching(words);
    const rows = findings.code.map((_, row) => row).filter((row) =>
      (level === "" || SEVERITIES[findings.severity[row] ?? 0] === level)
      && (rule === "" || ruleCode(findings.code[row] ?? 0) === rule)
      && matches(found, [findings.name[row] ?? 0, findings.namespace[row] ?? 0, findings.kind[row] ?? 0, findings.message[row] ?? 0, findings.file[row] ?? 0,
        ...(data.textLists[findings.subjects[row] ?? 0] ?? [])]));
    return [ruleNote(rule), findingTable(rows)];
  };
  const update = () => {
    replace(route(["findings"], { q: words, severity: level, code: rule }));
    results.replaceChildren();
    append(results, list());
  };
  append(results, list());
  const used = new Set(findings.code);
  const codes = documents.code.map((code, row) => /** @type {[string, string]} */ ([ruleCode(code), `${ruleCode(code)} ${text(documents.title[row] ?? 0)}`]))
    .filter((_, row) => used.has(documents.code[row] ?? 0));
  return [
    title("Findings"),
    element("form", { class: "filters", submit: (event) => event.preventDefault() },
      field("Words", words, (value) => { words = value; update(); }),
      select("Severity", [["", "all"], ...[...SEVERITIES].reverse().map((word) => /** @type {[string, string]} */ ([word, word]))], level, (value) => { level = value; update(); }),
      select("Rule", [["", "all"], ...codes], rule, (value) => { rule = value; update(); })),
    results,
  ];
};

/** Returns the documentation of a rule, folded. @param {string} rule */
function ruleNote(rule) {
  const row = data.documents.code.findIndex((code) => ruleCode(code) === rule);
  return row < 0 ? null : element("details", {}, element("summary", {}, `About ${rule}`), documentation(text(data.documents.text[row] ?? 0)));
}

views.finding = ({ path, query }) => {
  const { findings, documents } = data;
  const print = numbers().get(path[1] ?? "") ?? -1;
  const finding = findings.fingerprint.indexOf(print);
  if (finding < 0) {
    return unknown({ path, query });
  }
  const code = findings.code[finding] ?? 0;
  const row = documents.code.indexOf(code);
  const subjects = texts(findings.subjects[finding] ?? 0);
  const field = text(findings.field[finding] ?? 0);
  const fix = text(findings.fix[finding] ?? 0);
  return [
    title(`${ruleCode(code)} ${text(documents.title[row] ?? 0)}`),
    element("p", {}, severity(findings.severity[finding] ?? 0), " ",
      findingObject(findings.kind[finding] ?? 0, findings.namespace[finding] ?? 0, findings.name[finding] ?? 0), " ",
      field === "" ? null : [" ", element("code", {}, isolated(field)), " "], place(findings, finding)),
    section("Problem", element("p", {}, prose(text(findings.message[finding] ?? 0)))),
    fix === "" ? null : section("Fix", fixText(fix)),
    subjects.length ? section("Subjects", element("ul", {}, subjects.map((subject) => element("li", {}, subjectNamed(subject))))) : null,
    relatedSection(findings.related[finding] ?? []),
    alsoSection(findings.also[finding] ?? []),
    row < 0 ? null : section("About this rule", documentation(text(documents.text[row] ?? 0))),
    section("Commands", command(`${data.command} explain ${ruleCode(code)}`)),
  ];
};

/** Returns advice, with its commands as lines to copy. @param {string} fix */
function fixText(fix) {
  const commands = fix.match(/`(?:kubectl|rolecall) [^`]+`/g) ?? [];
  return [element("p", {}, prose(fix)), commands.map((quoted) => command(quoted.slice(1, -1)))];
}

/** @param {[number, number, number, number, number, number][]} related */
function relatedSection(related) {
  return related.length
    ? section("Related objects", element("ul", {}, related.map(([kind, namespace, named, file, line, note]) => element("li", {},
      findingObject(kind, namespace, named), " ", file ? element("span", { class: "place" }, isolated(`${text(file)}:${line}`)) : null, " ", prose(text(note))))))
    : null;
}

/** @param {[number, number, number, number, number, number][]} also */
function alsoSection(also) {
  return also.length
    ? section("Less severe findings with the same cause", element("ul", {}, also.map(([code, rank, kind, namespace, named, message]) => element("li", {},
      `${ruleCode(code)} `, severity(rank), " ", findingObject(kind, namespace, named), ": ", prose(text(message))))))
    : null;
}

/** Shows the Markdown of a rule: headings, lists, paragraphs and code. @param {string} markdown */
function documentation(markdown) {
  const shown = element("div");
  /** @type {string[]} */
  let paragraph = [];
  /** @type {string[] | null} */
  let block = null;
  const flush = () => {
    if (paragraph.length) {
      const words = paragraph.join(" ");
      shown.append(words.startsWith("- ") ? element("ul", {}, element("li", {}, inline(words.slice(2)))) : element("p", {}, inline(words)));
      paragraph = [];
    }
  };
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) {
      flush();
      if (block) {
        shown.append(element("pre", { tabindex: "0" }, element("code", {}, block.join("\n"))));
        block = null;
      } else {
        block = [];
      }
    } else if (block) {
      block.push(line);
    } else if (line.startsWith("#")) {
      flush();
      shown.append(element("h3", {}, line.replace(/^#+\s*/, "")));
    } else if (line.trim() === "") {
      flush();
    } else {
      if (line.startsWith("- ")) {
        flush();
      }
      paragraph.push(line.trim());
    }
  }
  flush();
  return shown;
}

/** Shows the code within a line of Markdown. @param {string} words */
function inline(words) {
  const plain = words.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").replaceAll("**", "");
  return plain.split("`").map((part, position) => (position % 2 ? element("code", {}, part) : part));
}
