/** The resources of the matrix: those with which access spreads, then the most common ones. */
const COLUMNS = [
  "secrets", "pods", "pods/exec", "serviceaccounts/token", "rolebindings.rbac.authorization.k8s.io",
  "roles.rbac.authorization.k8s.io", "serviceaccounts", "configmaps", "deployments.apps", "daemonsets.apps",
  "jobs.batch", "services", "persistentvolumeclaims", "namespaces", "nodes", "nodes/proxy",
  "clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io",
  "customresourcedefinitions.apiextensions.k8s.io", "mutatingwebhookconfigurations.admissionregistration.k8s.io",
];

/** The letters of a cell, with the verbs of each. @type {[string, string[]][]} */
const LETTERS = [["r", ["get", "list", "watch"]], ["w", ["create", "update", "patch"]], ["d", ["delete", "deletecollection"]]];

views.matrix = ({ query }) => {
  let namespace = query.get("namespace") ?? "";
  let kind = query.get("kind") ?? "";
  const results = element("div");
  const update = () => {
    replace(route(["matrix"], { namespace, kind }));
    results.replaceChildren(matrix(namespace, kind));
  };
  results.append(matrix(namespace, kind));
  return [
    title("Matrix"),
    element("p", {}, "Each cell shows the verbs that a subject can use: ", element("b", {}, "r"), " get, list or watch; ",
      element("b", {}, "w"), " create, update or patch; ", element("b", {}, "d"), " delete. A letter in brackets holds only for named objects."),
    element("form", { class: "filters", submit: (event) => event.preventDefault() },
      field("Namespace (empty for the whole cluster)", namespace, (value) => { namespace = value; update(); }, namespaceNames()),
      select("Kind", [["", "all"], ["sa", "ServiceAccounts"], ["user", "users"], ["group", "groups"]], kind, (value) => { kind = value; update(); })),
    results,
  ];
};

/** @param {string} namespace @param {string} kind */
function matrix(namespace, kind) {
  const at = namespace === "" ? 0 : numbers().get(namespace) ?? -1;
  const row = data.namespaces.name.indexOf(at);
  if (namespace !== "" && row < 0) {
    return element("p", {}, "The input has no object in this namespace.");
  }
  const { bindings, subjects } = data;
  const by = bindingsBySubject();
  const here = (/** @type {number} */ binding) => bindings.namespace[binding] === 0 || bindings.namespace[binding] === at;
  const rows = subjects.name.map((_, subject) => subject).filter((subject) =>
    subjects.kind[subject] !== NEVER
    && (kind === "" || KINDS[subjects.kind[subject] ?? NEVER] === kind)
    && ((by.get(subject) ?? []).some((binding) => here(binding)) || (at !== 0 && subjects.namespace[subject] === at)));
  const columns = COLUMNS.filter((column) => {
    const target = resolve(column);
    return target && cellOf("get", target) !== undefined;
  });
  const gaps = namespace === "" ? data.gaps.everywhere : data.namespaces.gaps[row] ?? 0;
  return element("div", {},
    gapNote(gaps, "An empty cell is unknown: parts of the input that could not be read can grant more."),
    matrixTable(rows, columns, at));
}

/** @param {number[]} rows @param {string[]} columns @param {number} at */
function matrixTable(rows, columns, at) {
  const headings = columns.map((column) => column.replace(/\..*?(?=\/|$)/, ""));
  const shown = table("Access by subject and resource", ["Subject", ...headings], rows, (subject) => {
    const sets = setsOf(subject, at);
    return [subjectLink(subject), ...columns.map((column) => matrixCell(subject, column, sets))];
  });
  const grid = shown.querySelector("table");
  grid?.classList.add("matrix");
  return shown;
}

/** The sets of rules that apply to a subject. @typedef {{everywhere: Set<number>, here: Set<number>}} Applying */

/** Returns the sets of rules that apply to a subject in a namespace. @param {number} subject @param {number} at @returns {Applying} */
function setsOf(subject, at) {
  const { bindings, roles } = data;
  const applying = { everywhere: new Set(), here: new Set() };
  for (const { binding } of bindingsOf(subject)) {
    const role = bindings.role[binding] ?? -1;
    const namespace = bindings.namespace[binding];
    if (role >= 0 && (namespace === 0 || namespace === at)) {
      (namespace === 0 ? applying.everywhere : applying.here).add(roles.rule_set[role]);
    }
  }
  return applying;
}

/** @param {number} subject @param {string} column @param {Applying} applying */
function matrixCell(subject, column, applying) {
  const target = /** @type {{group: string, resource: string, subresource: string}} */ (resolve(column));
  const allowed = LETTERS.map(([letter, verbs]) => {
    const found = verbs.map((verb) => allows(subject, cellOf(verb, target), applying));
    return found.includes("all") ? letter : found.includes("named") ? `(${letter})` : "";
  }).join("");
  const heat = /[wd]/.test(allowed) ? (allowed.includes("w") && allowed.includes("d") ? 3 : 2) : allowed === "" ? 0 : 1;
  return element("span", { class: `heat-${heat}`, "data-cell": `${notation(subject)} ${column}` }, allowed === "" ? "·" : allowed);
}

/**
 * Returns whether the decision table allows a cell for a subject.
 * @param {number} subject @param {number | undefined} cell @param {Applying} applying
 * @returns {"all" | "named" | "none"}
 */
function allows(subject, cell, applying) {
  if ((data.subjects.flags[subject] ?? 0) & PRIVILEGED) {
    return "all";
  }
  if (cell === undefined) {
    return "none";
  }
  const onlyCluster = data.cells.scope[cell] === 1 || data.cells.scope[cell] === 2;
  const allowing = setsAllowing(cell);
  let named = false;
  for (const sets of onlyCluster ? [applying.everywhere] : [applying.everywhere, applying.here]) {
    for (const set of sets) {
      const grant = allowing.get(set);
      if (grant && grant.all !== null) {
        return "all";
      }
      named ||= grant !== undefined;
    }
  }
  return named ? "named" : "none";
}
