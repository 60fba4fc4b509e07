/** @param {"roles" | "bindings"} table @param {string} words @param {string} namespace @param {boolean} builtIn */
function findObjects(table, words, namespace, builtIn) {
  const found = matching(words);
  const { namespace: at, name: named, flags } = data[table];
  const wanted = namespace === "" ? null : numbers().get(namespace) ?? -1;
  /** @type {number[]} */
  const rows = [];
  named.forEach((of, row) => {
    const isBuiltIn = ((flags[row] ?? 0) & BUILT_IN) !== 0;
    if ((builtIn || !isBuiltIn) && (wanted === null || wanted === at[row]) && matches(found, [of, at[row] ?? 0])) {
      rows.push(row);
    }
  });
  return rows;
}

/** @param {"roles" | "bindings"} table @param {string} heading @param {(rows: number[]) => HTMLElement} list @returns {View} */
function objectList(table, heading, list) {
  return ({ query }) => {
    let words = query.get("q") ?? "";
    let namespace = query.get("namespace") ?? "";
    let builtIn = query.get("built-in") !== "no";
    const results = element("div");
    const update = () => {
      replace(route([table], { q: words, namespace, "built-in": builtIn ? "" : "no" }));
      results.replaceChildren(list(findObjects(table, words, namespace, builtIn)));
    };
    results.append(list(findObjects(table, words, namespace, builtIn)));
    const other = table === "roles" ? link("#/bindings", "Bindings") : link("#/roles", "Roles");
    return [
      title(heading),
      element("form", { class: "filters", submit: (event) => event.preventDefault() },
        field("Name", words, (value) => { words = value; update(); }),
        field("Namespace", namespace, (value) => { namespace = value; update(); }, namespaceNames()),
        select("Built-in objects", [["", "shown"], ["no", "hidden"]], builtIn ? "" : "no", (value) => { builtIn = value === ""; update(); })),
      element("p", {}, other),
      results,
    ];
  };
}

views.roles = objectList("roles", "Roles", (rows) =>
  table("Roles", ["Role", "Rules", "Bindings", "Defined in"], rows, (role) => [
    [objectLink("roles", role), " ", tags(data.roles.flags[role] ?? 0)],
    String(rulesOf(role).length),
    String(bindingsByRole().get(role)?.length ?? 0),
    place(data.roles, role),
  ]));

views.bindings = objectList("bindings", "Bindings", (rows) => bindingTable(rows));

/** @param {number[]} rows @param {number} [page] */
function bindingTable(rows, page) {
  return table("Bindings", ["Binding", "Role", "In", "Subjects", "Defined in"], rows, (binding) => [
    [objectLink("bindings", binding), " ", tags(data.bindings.flags[binding] ?? 0)],
    roleOf(binding),
    namespaceLink(text(data.bindings.namespace[binding] ?? 0)),
    subjectList(subjectsOf(binding), 5),
    place(data.bindings, binding),
  ], page);
}

/** @param {number[]} subjects @param {number} most */
function subjectList(subjects, most) {
  return [
    element("ul", { class: "rules" }, subjects.slice(0, most).map((subject) => element("li", {}, subjectLink(subject)))),
    subjects.length > most ? element("span", { class: "muted" }, `and ${(subjects.length - most).toLocaleString("en")} more`) : null,
  ];
}

views.role = ({ path, query }) => {
  const role = objectAt("roles", path.slice(1));
  if (role === undefined) {
    return unknown({ path, query });
  }
  const { roles } = data;
  const bindings = bindingsByRole().get(role) ?? [];
  const namespace = text(roles.namespace[role] ?? 0);
  return [
    title(isolated(objectName("roles", role))),
    element("p", {}, tags(roles.flags[role] ?? 0), " ", place(roles, role), " ", link(objectRoute("roles", role, "graph"), "Show as a graph")),
    section("Rules", ruleTable(role)),
    section("Holders", bindingTable(bindings)),
    objectUse("roles", role, bindings),
    section("Findings", findingTable(findingsOf(kindOf("roles", role), roles.namespace[role] ?? 0, roles.name[role] ?? 0))),
    section("Commands", command(kubectlGet("roles", role, namespace))),
  ];
};

/** @param {"roles" | "bindings"} table @param {number} row @param {string} namespace */
function kubectlGet(table, row, namespace) {
  const kind = kindOf(table, row).toLowerCase();
  const named = quote(text(data[table].name[row] ?? 0));
  const scope = namespace ? ` -n ${quote(namespace)}` : "";
  return named.startsWith("-") ? `kubectl get ${kind} -o yaml${scope} -- ${named}` : `kubectl get ${kind} ${named} -o yaml${scope}`;
}

/** @param {number} role */
function ruleTable(role) {
  const { rules } = data;
  return table("Rules", ["Rule", "Verbs", "Resources", "API groups", "Object names", "URLs"], rulesOf(role).map((rule, position) => ({ rule, position })), ({ rule, position }) => [
    `rules[${position}]`,
    code(joined(texts(rules.verbs[rule] ?? 0))),
    listCell(rules.resources[rule]),
    listCell(rules.groups[rule]),
    listCell(rules.names[rule]),
    listCell(rules.urls[rule]),
  ]);
}

/** @param {number | undefined} list */
function listCell(list) {
  const words = texts(list ?? 0);
  return words.length ? code(joined(words)) : null;
}

views.binding = ({ path, query }) => {
  const binding = objectAt("bindings", path.slice(1));
  if (binding === undefined) {
    return unknown({ path, query });
  }
  const { bindings } = data;
  const namespace = text(bindings.namespace[binding] ?? 0);
  const role = bindings.role[binding] ?? -1;
  return [
    title(isolated(objectName("bindings", binding))),
    element("p", {}, tags(bindings.flags[binding] ?? 0), " ", place(bindings, binding)),
    section("Role", element("p", {}, roleOf(binding), " in ", namespaceLink(namespace)), role >= 0 ? ruleTable(role) : null),
    section("Subjects", table("Subjects", ["Subject", "Defined in"], subjectsOf(binding), (subject) => [subjectLink(subject), subjectPlace(subject)])),
    objectUse("bindings", binding, [binding]),
    section("Findings", findingTable(findingsOf(kindOf("bindings", binding), bindings.namespace[binding] ?? 0, bindings.name[binding] ?? 0))),
    section("Commands", command(kubectlGet("bindings", binding, namespace))),
  ];
};
