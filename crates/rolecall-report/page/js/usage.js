const NOT_SEEN = 0;
const NOT_ASSESSED = 1;
const OTHER_AUTHORIZER = 2;
const USED = 3;

/** The states of rights, with their names in filters. @type {[string, string][]} */
const STATES = [
  ["", "all"], [String(NOT_SEEN), "not seen in use"], [String(NOT_ASSESSED), "not assessed"],
  [String(OTHER_AUTHORIZER), "allowed by another authorizer"], [String(USED), "used"],
];

/** Returns the rights of each binding, by its namespace and name. */
function rightsByBinding() {
  return index.get("rightsByBinding", () => {
    /** @type {Map<string, number[]>} */
    const found = new Map();
    data.usage?.binding.forEach((key, row) => {
      const name = key.join("/");
      const known = found.get(name);
      if (known) {
        known.push(row);
      } else {
        found.set(name, [row]);
      }
    });
    return found;
  });
}

/** Returns the rights of bindings. @param {number[]} bindings */
function rightsOf(bindings) {
  const { namespace, name } = data.bindings;
  return bindings.flatMap((binding) => rightsByBinding().get(`${namespace[binding]}/${name[binding]}`) ?? []);
}

/**
 * Returns the use of rights; for one subject, its own.
 * @param {number} row
 * @param {string | null} subject
 * @returns {Content}
 */
function useOf(row, subject) {
  const { usage } = data;
  if (!usage) {
    return null;
  }
  switch (usage.state[row]) {
    case NOT_SEEN: return element("b", {}, "not seen");
    case NOT_ASSESSED: return ["not assessed: ", isolated(text(usage.reason[row] ?? 0))];
    case OTHER_AUTHORIZER: return isolated(text(usage.reason[row] ?? 0));
    default: break;
  }
  const all = usage.subjects[row] ?? [];
  const own = all.filter(([of]) => subject === null || text(of) === subject);
  if (!own.length) {
    return "used, but not by this subject";
  }
  return element("ul", { class: "rules" }, own.map(([of, requests, first, last, pods]) => {
    const names = texts(pods);
    const period = last === 0 ? "" : first === last ? `, at ${text(last)}` : `, from ${text(first)} to ${text(last)}`;
    return element("li", {},
      subject === null ? [subjectNamed(text(of)), ": "] : null,
      counted(requests, "request"), period,
      names.length ? [" by ", names.slice(0, 10).map((pod, position) => [position ? ", " : "", isolated(pod)]), names.length > 10 ? ` and ${names.length - 10} more Pods` : ""] : "");
  }));
}

/** @param {string} caption @param {number[]} rows @param {string | null} subject */
function rightsTable(caption, rows, subject) {
  const { usage } = data;
  return table(caption, ["Rights", "Binding", "Use"], rows, (row) => {
    const binding = byName("bindings").get((usage?.binding[row] ?? []).join("/"));
    return [
      code(text(usage?.rights[row] ?? 0)),
      binding === undefined ? null : [objectLink("bindings", binding), ` rules[${usage?.rule[row]}] `, place(data.bindings, binding)],
      useOf(row, subject),
    ];
  });
}

/** Returns the section about the use of a subject's rights. @param {number} subject @param {number[]} bindings */
function subjectUse(subject, bindings) {
  if (!data.usage) {
    return null;
  }
  const isAccount = data.subjects.kind[subject] !== GROUP;
  return section("Use in audit logs",
    rightsTable("Use of the subject's rights", rightsOf(bindings), isAccount ? notation(subject) : null),
    data.subjects.kind[subject] === NEVER ? null : command(tightenCommand(["--for", notation(subject)])));
}

/** Returns the section about the use of an object's rights, and the object that is left. @param {"roles" | "bindings"} kind @param {number} object @param {number[]} bindings */
function objectUse(kind, object, bindings) {
  const { usage } = data;
  if (!usage) {
    return null;
  }
  const { left } = usage;
  const row = left.name.findIndex((name, row) => name === data[kind].name[object]
    && left.namespace[row] === data[kind].namespace[object] && text(left.kind[row] ?? 0) === kindOf(kind, object));
  return section("Use in audit logs",
    rightsTable("Use of the rights", rightsOf(bindings), null),
    row < 0 ? element("p", {}, "rolecall tighten leaves this object as it is.") : leftObject(row));
}

/** Returns the name of a changed object, with a link unless it is new. @param {number} row */
function leftName(row) {
  const { left } = /** @type {NonNullable<Data["usage"]>} */ (data.usage);
  const kind = text(left.kind[row] ?? 0);
  const [namespace, name] = [text(left.namespace[row] ?? 0), text(left.name[row] ?? 0)];
  const table = kind.endsWith("Binding") ? "bindings" : "roles";
  const object = find(table, namespace, name);
  return object === undefined
    ? [isolated(`${kind} ${namespace === "" ? name : `${namespace}/${name}`}`), " ", tag("new")]
    : objectLink(table, object);
}

/** @param {number} row */
function leftObject(row) {
  const yaml = text(data.usage?.left.yaml[row] ?? 0);
  return yaml === ""
    ? element("p", {}, "rolecall tighten deletes this object, because none of its rights was seen in use.")
    : [element("p", {}, "rolecall tighten leaves:"), element("pre", { tabindex: "0" }, element("code", {}, yaml.split("\n").map(visible).join("\n")))];
}

/** @param {string[]} words */
function tightenCommand(words) {
  return rolecall(["tighten", ...(data.usage?.logs ?? []).flatMap((log) => ["--usage", log]), ...words]);
}

views.usage = ({ path, query }) => {
  const { usage } = data;
  if (!usage) {
    return unknown({ path, query });
  }
  let words = query.get("q") ?? "";
  let state = query.get("state") ?? String(NOT_SEEN);
  const results = element("div");
  const list = () => {
    const found = matching(words);
    const rows = usage.rule.map((_, row) => row).filter((row) =>
      (state === "" || state === String(usage.state[row])) && matches(found, [usage.rights[row] ?? 0, ...(usage.binding[row] ?? [])]));
    return rightsTable("Use of rights", rows, null);
  };
  const update = () => {
    replace(route(["usage"], { q: words, state }));
    results.replaceChildren(list());
  };
  results.append(list());
  const changed = usage.left.name.map((_, row) => row);
  return [
    title("Use of rights"),
    element("ul", {}, usage.coverage.map((line) => element("li", {}, visible(line)))),
    element("form", { class: "filters", submit: (event) => event.preventDefault() },
      field("Right or binding", words, (value) => { words = value; update(); }),
      select("Use", STATES, state, (value) => { state = value; update(); })),
    results,
    section("What rolecall tighten would remove",
      element("p", {}, "Every request in the logs stays allowed, and nothing new is allowed."),
      table("Removed rights", ["Removed"], usage.removed, (line) => [isolated(text(line))])),
    section("What rolecall tighten would keep",
      table("Changed objects", ["Object", "Change"], changed, (row) => [
        leftName(row),
        leftObject(row),
      ], 20)),
    usage.deletions.length ? section("Objects to delete", table("Objects to delete", ["Command"], usage.deletions, (line) => [command(text(line))], 20)) : null,
    section("Command", command(tightenCommand([]))),
  ];
};
