/** Returns the file and line of an object, for `file:line`. @param {{file: number[], line: number[]}} table @param {number} row */
function placeText(table, row) {
  const file = text(table.file[row] ?? 0);
  const line = table.line[row] ?? 0;
  return file === "" ? "" : line ? `${file}:${line}` : file;
}

/** Returns the place of an object. @param {{file: number[], line: number[]}} table @param {number} row */
function place(table, row) {
  const shown = placeText(table, row);
  return shown === "" ? null : element("span", { class: "place" }, isolated(shown));
}

/** @param {string} label */
function tag(label) {
  return element("span", { class: "tag" }, label);
}

/** Returns tags for the properties of a role or binding. @param {number} flags */
function tags(flags) {
  return [
    flags & ASSUMED ? tag("assumed default") : flags & BUILT_IN ? tag("built-in") : null,
    flags & UNBUILT ? tag("before building") : null,
    flags & AGGREGATED ? tag("aggregated") : null,
  ];
}

const KINDS = ["sa", "user", "group", "other"];

/** Returns the route of a subject. @param {number} subject @param {string} [view] */
function subjectRoute(subject, view) {
  const kind = KINDS[data.subjects.kind[subject] ?? NEVER] ?? "other";
  const named = text(data.subjects.name[subject] ?? 0);
  const namespace = text(data.subjects.namespace[subject] ?? 0);
  const path = kind === "sa" || kind === "other" ? ["subject", kind, namespace, named] : ["subject", kind, named];
  return route(view ? [view, ...path] : path);
}

/** Returns the subject of a route without its first segment. @param {string[]} path */
function subjectAt(path) {
  const [kind, ...rest] = path;
  const [first = "", second = ""] = rest;
  const written = kind === "sa" ? `sa/${first}:${second}` : kind === "other" ? `${first}/${second}` : `${kind}/${first}`;
  return subjectsByNotation().get(written);
}

/** Returns a link to a subject. @param {number} subject */
function subjectLink(subject) {
  return link(subjectRoute(subject), isolated(notation(subject)));
}

/** Returns a link to a subject by its notation, or the notation. @param {string} written */
function subjectNamed(written) {
  const subject = subjectsByNotation().get(written);
  return subject === undefined ? isolated(written) : subjectLink(subject);
}

/** Returns a message, in which the parts in backticks are code. @param {string} message */
function prose(message) {
  const parts = visible(message).split("`");
  const shown = parts.length % 2 ? parts.map((part, position) => (position % 2 ? element("code", {}, part) : part)) : [visible(message)];
  return element("bdi", {}, shown);
}

/** Returns `Kind namespace/name`. @param {"roles" | "bindings"} table @param {number} row */
function objectName(table, row) {
  const namespace = text(data[table].namespace[row] ?? 0);
  const named = text(data[table].name[row] ?? 0);
  return `${kindOf(table, row)} ${namespace === "" ? named : `${namespace}/${named}`}`;
}

/** Returns the route of a role or binding. @param {"roles" | "bindings"} table @param {number} row @param {string} [view] */
function objectRoute(table, row, view) {
  const namespace = text(data[table].namespace[row] ?? 0);
  const path = [table === "roles" ? "role" : "binding", kindOf(table, row), ...(namespace ? [namespace] : []), text(data[table].name[row] ?? 0)];
  return route(view ? [view, ...path] : path);
}

/** Returns the role or binding of a route without its first segment. @param {"roles" | "bindings"} table @param {string[]} path */
function objectAt(table, path) {
  const [, first = "", second] = path;
  return second === undefined ? find(table, "", first) : find(table, first, second);
}

/** Returns a link to a role or binding. @param {"roles" | "bindings"} table @param {number} row */
function objectLink(table, row) {
  return link(objectRoute(table, row), isolated(objectName(table, row)));
}

/** Returns a link to the role of a binding, or its roleRef if the role does not exist. @param {number} binding */
function roleOf(binding) {
  const role = data.bindings.role[binding] ?? -1;
  if (role >= 0) {
    return objectLink("roles", role);
  }
  const ref = dangling().get(binding);
  return element("span", {}, isolated(`${ref?.kind ?? "role"} ${ref?.name ?? ""}`), " ", tag(data.isComplete ? "does not exist" : "not in the input"));
}

/** Returns whether the report has a view of a namespace. @param {string} namespace */
function isKnownNamespace(namespace) {
  return index.get("namespaces", () => new Set(namespaceNames())).has(namespace);
}

/** Returns whether commands accept a namespace: a placeholder of a template is not one. @param {string} namespace */
function isNamespace(namespace) {
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(namespace);
}

/** Returns a link to a namespace. @param {string} namespace */
function namespaceLink(namespace) {
  if (namespace === "") {
    return element("span", { class: "muted" }, "every namespace");
  }
  // Built-in bindings are in namespaces of which the input may contain nothing else.
  return isKnownNamespace(namespace) ? link(route(["namespace", namespace]), isolated(namespace)) : isolated(namespace);
}

/** Returns a list of texts for reading; `core` for an empty API group. @param {string[]} words */
function joined(words) {
  return words.map((word) => (word === "" ? '""' : word)).join(", ");
}

/** Returns a rule on one line. @param {number} rule */
function ruleText(rule) {
  const { rules } = data;
  const verbs = joined(texts(rules.verbs[rule] ?? 0));
  const urls = texts(rules.urls[rule] ?? 0);
  const groups = texts(rules.groups[rule] ?? 0);
  const resources = texts(rules.resources[rule] ?? 0);
  const names = texts(rules.names[rule] ?? 0);
  const targets = [
    resources.length ? `${joined(resources)}${groups.some((group) => group !== "") ? ` in ${joined(groups)}` : ""}` : "",
    urls.length ? joined(urls) : "",
  ].filter((part) => part !== "");
  return `${verbs} ${targets.join(" and ")}${names.length ? `, only named ${joined(names)}` : ""}`;
}

/** Returns the rules of a role as a list. @param {number} role @param {number} [most] */
function ruleList(role, most = Infinity) {
  const rules = rulesOf(role);
  if (!rules.length) {
    return element("p", { class: "muted" }, "No rules.");
  }
  const shown = rules.slice(0, most).map((rule) => element("li", {}, code(ruleText(rule))));
  return [
    element("ol", { class: "rules", start: "0" }, shown),
    rules.length > most ? link(objectRoute("roles", role), `${counted(rules.length - most, "more rule")}`) : null,
  ];
}

/** The gaps that a warning shows without a click. */
const MOST_GAPS = 2;
/** The gaps that a warning lists; the summary lists all. */
const MOST_LISTED_GAPS = 50;

/** Returns a warning that lists gaps; a long list is folded. @param {number} list @param {string} effect */
function gapNote(list, effect) {
  const gaps = data.gapLists[list] ?? [];
  if (!gaps.length) {
    return null;
  }
  const shown = element("ul", {}, gaps.slice(0, MOST_LISTED_GAPS).map((gap) => {
    const reason = text(data.gaps.text[gap] ?? 0);
    const isNamed = reason.includes(placeText(data.gaps, gap));
    return element("li", {}, prose(reason), isNamed ? null : [" ", place(data.gaps, gap)]);
  }));
  const rest = gaps.length - MOST_LISTED_GAPS;
  const more = rest > 0 ? element("p", {}, link("#/", `and ${counted(rest, "more part")}`)) : null;
  return warning(element("p", {}, effect), gaps.length > MOST_GAPS
    ? element("details", {}, element("summary", {}, `${counted(gaps.length, "part")} could not be read`), shown, more)
    : shown);
}

/** Returns a select with its label. @param {string} label @param {[string, string][]} options @param {string} value @param {(value: string) => void} change */
function select(label, options, value, change) {
  const input = /** @type {HTMLSelectElement} */ (element("select", {}, options.map(([key, shown]) => element("option", { value: key, selected: key === value }, visible(shown)))));
  input.addEventListener("change", () => change(input.value));
  return element("label", {}, label, input);
}

let inputs = 0;

/** Returns a text field with its label and, for a list of choices, suggestions. @param {string} label @param {string} value @param {(value: string) => void} change @param {string[]} [choices] */
function field(label, value, change, choices) {
  const id = `choices-${inputs++}`;
  const input = /** @type {HTMLInputElement} */ (element("input", { type: choices ? "text" : "search", value, autocomplete: "off", spellcheck: "false", ...(choices ? { list: id } : {}) }));
  input.addEventListener("input", () => change(input.value.trim()));
  const list = choices ? element("datalist", { id }, choices.slice(0, 2000).map((choice) => element("option", { value: choice }))) : null;
  return element("label", {}, label, input, list);
}

/** The characters of a text that are searched. */
const MOST_SEARCHED = 1000;

/** Returns, for each word, the texts that contain it, as one byte for each text. @param {string} query */
function matching(query) {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const lower = index.get("lower", () => data.texts.map((text) => text.slice(0, MOST_SEARCHED).toLowerCase()));
  return words.map((word) => {
    const found = new Uint8Array(lower.length);
    lower.forEach((text, number) => {
      if (text.includes(word)) {
        found[number] = 1;
      }
    });
    return found;
  });
}

/** Returns whether each word is in one of an object's texts. @param {Uint8Array[]} found @param {number[]} parts */
function matches(found, parts) {
  return found.every((word) => parts.some((part) => word[part] === 1));
}

/** Returns the findings about objects, most severe first. @param {number[]} findings */
function findingTable(findings) {
  const sorted = [...new Set(findings)].sort((left, right) => (data.findings.severity[right] ?? 0) - (data.findings.severity[left] ?? 0) || left - right);
  return table("Findings", ["Finding", "Severity", "Object", "Problem"], sorted, (finding) => {
    const { findings } = data;
    return [
      link(route(["finding", text(findings.fingerprint[finding] ?? 0)]), ruleCode(findings.code[finding] ?? 0)),
      severity(findings.severity[finding] ?? 0),
      [findingObject(findings.kind[finding] ?? 0, findings.namespace[finding] ?? 0, findings.name[finding] ?? 0), " ", place(findings, finding)],
      prose(text(findings.message[finding] ?? 0)),
    ];
  });
}

/** @param {number} code */
function ruleCode(code) {
  return `RC${String(code).padStart(3, "0")}`;
}

/** @param {number} rank */
function severity(rank) {
  const word = SEVERITIES[rank] ?? "info";
  return element("span", { class: `severity ${word}` }, word);
}

/** Returns a link to an object of a finding, if the report has a view of it. @param {number} kind @param {number} namespace @param {number} named */
function findingObject(kind, namespace, named) {
  const [words, at, of] = [text(kind), text(namespace), text(named)];
  const shown = isolated(`${words} ${at === "" ? of : `${at}/${of}`}`);
  switch (words) {
    case "Role": case "ClusterRole": return find("roles", at, of) === undefined ? shown : link(route(["role", words, ...(at ? [at] : []), of]), shown);
    case "RoleBinding": case "ClusterRoleBinding": return find("bindings", at, of) === undefined ? shown : link(route(["binding", words, ...(at ? [at] : []), of]), shown);
    case "ServiceAccount": return subjectsByNotation().has(`sa/${at}:${of}`) ? link(route(["subject", "sa", at, of]), shown) : shown;
    case "Namespace": return isKnownNamespace(of) ? link(route(["namespace", of]), shown) : shown;
    default: return shown;
  }
}
