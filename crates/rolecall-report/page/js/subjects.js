views.subjects = ({ query }) => {
  const kind = query.get("kind") ?? "";
  const namespace = query.get("namespace") ?? "";
  const results = element("div");
  let words = query.get("q") ?? "";
  let [chosenKind, chosenNamespace] = [kind, namespace];
  const update = () => {
    replace(route(["subjects"], { q: words, kind: chosenKind, namespace: chosenNamespace }));
    results.replaceChildren(subjectTable(findSubjects(words, chosenKind, chosenNamespace)));
  };
  const filters = element("form", { class: "filters", submit: (event) => event.preventDefault() },
    field("Name", words, (value) => { words = value; update(); }),
    select("Kind", [["", "all"], ["sa", "ServiceAccounts"], ["user", "users"], ["group", "groups"]], kind, (value) => { chosenKind = value; update(); }),
    field("Namespace", namespace, (value) => { chosenNamespace = value; update(); }, namespaceNames()));
  results.append(subjectTable(findSubjects(words, kind, namespace)));
  return [title("Subjects"), filters, results];
};

/** Returns the names of all namespaces. */
function namespaceNames() {
  return data.namespaces.name.map(text);
}

/** @param {string} words @param {string} kind @param {string} namespace */
function findSubjects(words, kind, namespace) {
  const found = matching(words);
  const { subjects } = data;
  const wanted = namespace === "" ? null : numbers().get(namespace) ?? -1;
  /** @type {number[]} */
  const rows = [];
  subjects.name.forEach((named, subject) => {
    const at = subjects.namespace[subject] ?? 0;
    if ((kind === "" || KINDS[subjects.kind[subject] ?? NEVER] === kind) && (wanted === null || wanted === at) && matches(found, [named, at])) {
      rows.push(subject);
    }
  });
  return rows;
}

/** @param {number[]} subjects @param {number} [page] */
function subjectTable(subjects, page) {
  const direct = bindingsBySubject();
  const workloads = workloadsBySubject();
  return table("Subjects", ["Subject", "Bindings", "Workloads", "Defined in"], subjects, (subject) => [
    subjectLink(subject),
    String(direct.get(subject)?.length ?? 0),
    String(workloads.get(subject)?.length ?? 0),
    subjectPlace(subject),
  ], page);
}

/** Returns the place of a ServiceAccount, or a note that it is missing. @param {number} subject */
function subjectPlace(subject) {
  const { subjects } = data;
  const isMissing = subjects.kind[subject] === SERVICE_ACCOUNT && !((subjects.flags[subject] ?? 0) & EXISTS);
  return isMissing ? tag(data.isComplete ? "does not exist" : "not in the input") : place(subjects, subject);
}

views.subject = ({ path, query }) => {
  const subject = subjectAt(path.slice(1));
  if (subject === undefined) {
    return unknown({ path, query });
  }
  const { subjects } = data;
  const bound = bindingsOf(subject);
  const direct = bound.filter(({ group }) => group === null);
  const inherited = bound.filter(({ group }) => group !== null);
  const privileged = (subjects.flags[subject] ?? 0) & PRIVILEGED;
  const never = subjects.kind[subject] === NEVER;
  return [
    title(isolated(notation(subject))),
    element("p", {}, subjectPlace(subject), " ", link(subjectRoute(subject, "graph"), "Show as a graph"),
      served ? [" ", served.link({ command: "why", subject: notation(subject), namespace: subjects.kind[subject] === SERVICE_ACCOUNT ? text(subjects.namespace[subject] ?? 0) : "" }, "Ask about it")] : null),
    privileged ? warning("Members of this group can do anything: servers allow their requests before they evaluate any rule.") : null,
    never ? warning("No identity matches this subject, so its bindings grant nothing.") : null,
    gapNote(subjects.gaps[subject] ?? 0, "This list is incomplete: parts of the input that could not be read can grant more."),
    subjectPaths(subject),
    section("Direct rights", boundTable("Direct rights", direct)),
    section("Inherited rights", element("p", {}, groupsText(subject)), boundTable("Inherited rights", inherited)),
    subjects.kind[subject] === SERVICE_ACCOUNT
      ? section("Workloads that run as it", workloadTable(workloadsBySubject().get(subject) ?? []))
      : null,
    subjectUse(subject, bound.map(({ binding }) => binding)),
    section("Findings", findingTable(findingsOfSubject(subject, direct))),
    section("Commands", commandsOf(subject)),
  ];
};

/** @param {number} subject */
function groupsText(subject) {
  const groups = groupsOf(subject);
  return groups.length
    ? ["Through its membership in ", groups.map((group, position) => [position ? ", " : "", subjectLink(group)]), "."]
    : "No binding names a group that it is known to be in. The report does not know the groups that an identity provider adds.";
}

/** @param {string} caption @param {{binding: number, group: number | null}[]} bound */
function boundTable(caption, bound) {
  const { bindings } = data;
  return table(caption, ["Role", "In", "Rules", "Binding"], bound, ({ binding, group }) => {
    const role = bindings.role[binding] ?? -1;
    return [
      [roleOf(binding), " ", role >= 0 ? place(data.roles, role) : null],
      namespaceLink(text(bindings.namespace[binding] ?? 0)),
      role >= 0 ? ruleList(role, 5) : null,
      [objectLink("bindings", binding), " ", tags(bindings.flags[binding] ?? 0), " ", place(bindings, binding),
        group === null ? null : element("div", { class: "muted" }, "through ", subjectLink(group))],
    ];
  });
}

/** Returns the findings about a subject, its own bindings and their roles. @param {number} subject @param {{binding: number}[]} direct */
function findingsOfSubject(subject, direct) {
  const { subjects, bindings, roles } = data;
  const own = subjects.kind[subject] === SERVICE_ACCOUNT ? findingsOf("ServiceAccount", subjects.namespace[subject] ?? 0, subjects.name[subject] ?? 0) : [];
  const named = index.get("findingsBySubject", () => inverted(data.findings.code.length, (finding) => data.textLists[data.findings.subjects[finding] ?? 0] ?? []));
  const of = named.get(numbers().get(notation(subject)) ?? -1) ?? [];
  const bound = direct.flatMap(({ binding }) => {
    const role = bindings.role[binding] ?? -1;
    return [
      ...findingsOf(kindOf("bindings", binding), bindings.namespace[binding] ?? 0, bindings.name[binding] ?? 0),
      ...(role >= 0 ? findingsOf(kindOf("roles", role), roles.namespace[role] ?? 0, roles.name[role] ?? 0) : []),
    ];
  });
  return [...own, ...of, ...bound];
}

/** @param {number} subject */
function commandsOf(subject) {
  const written = notation(subject);
  const { subjects } = data;
  const namespace = text(subjects.namespace[subject] ?? 0);
  const isAccount = subjects.kind[subject] === SERVICE_ACCOUNT;
  const named = text(subjects.name[subject] ?? 0);
  const identity = isAccount ? `system:serviceaccount:${namespace}:${named}` : named;
  const as = subjects.kind[subject] === GROUP ? `--as=anyone --as-group=${quote(identity)}` : `--as=${quote(identity)}`;
  const scope = isAccount && isNamespace(namespace) ? ["-n", namespace] : ["-A"];
  return [
    command(rolecall(["rules", "--for", written, ...scope])),
    command(rolecall(["why", "get", "secrets", "--for", written, ...scope])),
    command(`kubectl auth can-i --list ${as}${isAccount && isNamespace(namespace) ? ` -n ${quote(namespace)}` : ""}`),
  ];
}

/** @param {number[]} rows @param {number} [page] */
function workloadTable(rows, page) {
  const { workloads } = data;
  const sorted = [...rows].sort((left, right) => Number((workloads.owner[left] ?? -1) >= 0) - Number((workloads.owner[right] ?? -1) >= 0) || left - right);
  return table("Workloads", ["Workload", "Namespace", "Created by", "ServiceAccount", "Defined in"], sorted, (row) => [
    isolated(`${text(workloads.kind[row] ?? 0)} ${text(workloads.name[row] ?? 0)}`),
    namespaceLink(text(workloads.namespace[row] ?? 0)),
    ownerOf(row),
    (data.subjectLists[workloads.accounts[row] ?? 0] ?? []).map((account) => [subjectLink(account), " "]),
    place(workloads, row),
  ], page);
}

/** @param {number} row */
function ownerOf(row) {
  const { workloads } = data;
  const owner = workloads.owner[row] ?? -1;
  if (owner >= 0) {
    return isolated(`${text(workloads.kind[owner] ?? 0)} ${text(workloads.name[owner] ?? 0)}`);
  }
  const absent = index.get("absentOwners", () => new Map(workloads.absent_owner.map(([row, kind, named]) => [row, `${text(kind)} ${text(named)}`])));
  const known = absent.get(row);
  return known === undefined ? null : isolated(known);
}
