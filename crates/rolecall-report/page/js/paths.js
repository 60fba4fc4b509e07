/** Returns the escalation path of a subject. @param {number} subject */
function pathOf(subject) {
  const { paths } = data;
  if (!paths) {
    return undefined;
  }
  const by = index.get("pathsBySubject", () => new Map(paths.subject.map((written, row) => [text(written), row])));
  const row = by.get(notation(subject));
  return row === undefined ? undefined : { subject: notation(subject), steps: paths.steps[row] ?? [] };
}

/** Returns the section of a subject's view about escalation. @param {number} subject */
function subjectPaths(subject) {
  const { paths } = data;
  if (!paths) {
    return null;
  }
  const path = pathOf(subject);
  const written = notation(subject);
  const isAdmin = paths.admins.some((admin) => text(admin) === written);
  return section("What it can become",
    isAdmin ? element("p", {}, `It has the rights of ${paths.sink} without any further step.`) : null,
    path ? steps(path) : isAdmin ? null : element("p", { class: "muted" }, `No path to ${paths.sink} was found.`));
}

/** @param {{subject: string, steps: number[]}} path */
function steps(path) {
  return [
    element("ol", { class: "steps" }, path.steps.map((number) => {
      const step = data.paths?.stepTable[number];
      return step ? element("li", {},
        element("b", {}, isolated(text(step.technique))), ": ", isolated(text(step.gains)),
        element("ul", {},
          step.requests.map((request, position) => element("li", {}, code(text(request)), evidence(step.evidence[position]))),
          step.assumes.map((assumption) => element("li", { class: "muted" }, "assuming that ", isolated(text(assumption)))))) : null;
    })),
    command(rolecall(["paths", "--from", path.subject])),
  ];
}

/** @param {{binding: [number, number], role: [number, number], rule: number} | {words: number} | undefined} by */
function evidence(by) {
  if (!by) {
    return null;
  }
  if ("words" in by) {
    return element("div", { class: "muted" }, isolated(text(by.words)));
  }
  const binding = byName("bindings").get(by.binding.join("/"));
  const role = byName("roles").get(by.role.join("/"));
  return element("div", { class: "muted" }, "allowed by ",
    binding === undefined ? null : [objectLink("bindings", binding), " ", place(data.bindings, binding)], ", ",
    role === undefined ? null : [objectLink("roles", role), ` rules[${by.rule}] `, place(data.roles, role)]);
}

views.paths = ({ path, query }) => {
  const { paths } = data;
  if (!paths) {
    return unknown({ path, query });
  }
  const results = element("div");
  const list = (/** @type {string} */ words) => {
    const found = matching(words);
    const rows = paths.subject.map((_, row) => row).filter((row) => matches(found, [paths.subject[row] ?? 0]));
    return table("Escalation paths", ["Subject", "Steps", "Gains"], rows, (row) => [
      link(route(["path", text(paths.subject[row] ?? 0)]), isolated(text(paths.subject[row] ?? 0))),
      String(paths.steps[row]?.length ?? 0),
      (paths.steps[row] ?? []).map((step, position) => [position ? " → " : "", isolated(text(paths.stepTable[step]?.gains ?? 0))]),
    ]);
  };
  const words = query.get("q") ?? "";
  results.append(list(words));
  return [
    title(`Paths to ${paths.sink}`),
    element("p", {}, `${counted(paths.subject.length, "subject")} of ${paths.starts.toLocaleString("en")} can become ${paths.sink} step by step.`),
    paths.cuts.length ? section("The smallest set of grants that ends all paths", chokeTable("Cuts", paths.cuts)) : null,
    paths.chokes.length ? section("Grants that most paths use", chokeTable("Choke points", paths.chokes)) : null,
    section("Subjects with a path",
      element("form", { class: "filters", submit: (event) => event.preventDefault() },
        field("Name", words, (value) => { replace(route(["paths"], { q: value })); results.replaceChildren(list(value)); })),
      results),
    paths.admins.length ? section("Subjects that need no step", element("ul", {}, paths.admins.slice(0, 200).map((admin) => element("li", {}, subjectNamed(text(admin)))))) : null,
    section("Command", command(rolecall(["paths"]))),
  ];
};

/** @param {string} caption @param {Choke[]} chokes */
function chokeTable(caption, chokes) {
  return table(caption, ["Grant", "Subject", "Binding", "Paths that it ends"], chokes, (choke) => {
    const binding = byName("bindings").get(choke.binding.join("/"));
    return [
      isolated(text(choke.grant)), subjectNamed(text(choke.subject)),
      binding === undefined ? null : [objectLink("bindings", binding), " ", place(data.bindings, binding)],
      choke.ends.toLocaleString("en"),
    ];
  });
}

views.path = ({ path, query }) => {
  const written = path[1] ?? "";
  const subject = subjectsByNotation().get(written);
  const row = data.paths?.subject.findIndex((number) => text(number) === written) ?? -1;
  return !data.paths || row < 0
    ? unknown({ path, query })
    : [
      title("Path of ", subjectNamed(written), ` to ${data.paths.sink}`),
      steps({ subject: written, steps: data.paths.steps[row] ?? [] }),
      subject === undefined ? null : element("p", {}, link(subjectRoute(subject, "graph"), "Show as a graph")),
    ];
};
