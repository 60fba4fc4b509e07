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
    isAdmin ? element("p", {}, `It already has the rights of ${paths.sink}.`) : null,
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
    gapNote(data.gaps.everywhere, "There can be more paths: parts of the input could not be read, and objects that a build can change are not counted."),
    paths.cuts.length ? section("A minimal set of grants to remove", chokeTable("Cuts", "Subjects on whose paths it is", paths.cuts)) : null,
    paths.chokes.length ? section("Grants that most paths use", chokeTable("Choke points", "Paths stopped", paths.chokes)) : null,
    section("Subjects with a path",
      element("form", { class: "filters", submit: (event) => event.preventDefault() },
        field("Name", words, (value) => { replace(route(["paths"], { q: value })); results.replaceChildren(list(value)); })),
      results),
    paths.admins.length ? section("Subjects that already have this access", table("Subjects that already have this access", ["Subject"], paths.admins, (admin) => [subjectNamed(text(admin))])) : null,
    section("Commands", command(rolecall(["paths"])), paths.subject.length ? command(rolecall(["paths", "--cut"])) : null),
  ];
};

/** @param {string} caption @param {string} effect @param {Choke[]} chokes */
function chokeTable(caption, effect, chokes) {
  return table(caption, ["Grant", "Subject", "Binding", effect], chokes, (choke) => {
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
