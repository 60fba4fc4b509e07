/** Returns rows by the namespace of a table. @param {"roles" | "bindings" | "subjects" | "workloads" | "findings"} table */
function byNamespace(table) {
  return index.get(`byNamespace ${table}`, () => inverted(data[table].namespace.length, (row) => [data[table].namespace[row] ?? 0]));
}

/** Returns the ServiceAccounts of a namespace. @param {number} namespace */
function accountsIn(namespace) {
  return (byNamespace("subjects").get(namespace) ?? []).filter((subject) => data.subjects.kind[subject] === SERVICE_ACCOUNT);
}

views.namespaces = ({ query }) => {
  const results = element("div");
  const list = (/** @type {string} */ words) => {
    const found = matching(words);
    const rows = data.namespaces.name.map((named, row) => ({ named, row })).filter(({ named }) => matches(found, [named]));
    return table("Namespaces", ["Namespace", "ServiceAccounts", "Roles", "RoleBindings", "Workloads", "Findings"], rows, ({ named, row }) => [
      [namespaceLink(text(named)), " ", data.namespaces.exists[row] ? null : tag("no Namespace object")],
      String(accountsIn(named).length),
      String(byNamespace("roles").get(named)?.length ?? 0),
      String(byNamespace("bindings").get(named)?.length ?? 0),
      String(byNamespace("workloads").get(named)?.length ?? 0),
      String(byNamespace("findings").get(named)?.length ?? 0),
    ]);
  };
  const words = query.get("q") ?? "";
  results.append(list(words));
  return [
    title("Namespaces"),
    element("form", { class: "filters", submit: (event) => event.preventDefault() },
      field("Name", words, (value) => { replace(route(["namespaces"], { q: value })); results.replaceChildren(list(value)); })),
    results,
  ];
};

views.namespace = ({ path, query }) => {
  const named = path[1] ?? "";
  const number = numbers().get(named) ?? -1;
  const row = data.namespaces.name.indexOf(number);
  if (row < 0) {
    return unknown({ path, query });
  }
  const { roles } = data;
  return [
    title("Namespace ", isolated(named)),
    element("p", {},
      link(route(["matrix"], { namespace: named }), "Show as a matrix"), " ",
      link(secretsRoute(named, ""), "Who can read its Secrets, as a graph")),
    gapNote(data.namespaces.gaps[row] ?? 0, "Parts of the input that could not be read can grant access in this namespace."),
    section("ServiceAccounts", subjectTable(accountsIn(number))),
    section("RoleBindings", bindingTable(byNamespace("bindings").get(number) ?? [])),
    section("Roles", table("Roles", ["Role", "Rules", "Defined in"], byNamespace("roles").get(number) ?? [], (role) => [
      objectLink("roles", role), String(rulesOf(role).length), place(roles, role),
    ])),
    section("Workloads", workloadTable(byNamespace("workloads").get(number) ?? [])),
    section("Findings", findingTable(byNamespace("findings").get(number) ?? [])),
    isNamespace(named) ? section("Commands", command(rolecall(["who-can", "get", "secrets", "-n", named])), command(`kubectl get rolebindings,roles,serviceaccounts -n ${quote(named)}`)) : null,
  ];
};

views.workloads = ({ query }) => {
  let words = query.get("q") ?? "";
  let kind = query.get("kind") ?? "";
  const kinds = [...new Set(data.workloads.kind)].map(text).sort();
  const results = element("div");
  const list = () => {
    const found = matching(words);
    const { workloads } = data;
    const wanted = kind === "" ? null : numbers().get(kind);
    const rows = workloads.name.map((_, row) => row).filter((row) =>
      (wanted === null || workloads.kind[row] === wanted) && matches(found, [workloads.name[row] ?? 0, workloads.namespace[row] ?? 0]));
    return workloadTable(rows);
  };
  const update = () => {
    replace(route(["workloads"], { q: words, kind }));
    results.replaceChildren(list());
  };
  results.append(list());
  return [
    title("Workloads"),
    element("form", { class: "filters", submit: (event) => event.preventDefault() },
      field("Name", words, (value) => { words = value; update(); }),
      select("Kind", [["", "all"], ...kinds.map((kind) => /** @type {[string, string]} */ ([kind, kind]))], kind, (value) => { kind = value; update(); })),
    results,
  ];
};
