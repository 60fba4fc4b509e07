views["who-can"] = ({ query }) => {
  const asked = { verb: query.get("verb") ?? "", resource: query.get("resource") ?? "", namespace: query.get("namespace") ?? "" };
  const results = element("div", { "aria-live": "polite" });
  const update = () => {
    replace(route(["who-can"], asked));
    results.replaceChildren();
    append(results, answer(asked));
  };
  append(results, answer(asked));
  const verbs = [...new Set(data.cells.verb)].map(text).sort();
  return [
    title("Who can…"),
    element("form", { class: "filters", submit: (event) => event.preventDefault() },
      field("Verb", asked.verb, (value) => { asked.verb = value; update(); }, verbs),
      field("Resource", asked.resource, (value) => { asked.resource = value; update(); }, resourceNames()),
      field("Namespace (empty for any)", asked.namespace, (value) => { asked.namespace = value; update(); }, namespaceNames())),
    results,
  ];
};

/** Returns the resources and subresources of the decision table as commands take them. */
function resourceNames() {
  return index.get("resourceNames", () => {
    const { group, resource, subresource } = data.cells;
    const names = new Set(resource.map((named, cell) => {
      const at = text(group[cell] ?? 0);
      const head = at === "" || at === "*" ? text(named) : `${text(named)}.${at}`;
      const tail = text(subresource[cell] ?? 0);
      return tail === "" ? head : `${head}/${tail}`;
    }));
    return [...names].sort();
  });
}

/** @param {{verb: string, resource: string, namespace: string}} asked @returns {Content} */
function answer({ verb, resource, namespace }) {
  if (verb === "" || resource === "") {
    return element("p", { class: "muted" }, "Enter a verb such as get and a resource such as secrets, deploy or pods/exec.");
  }
  const line = rolecall(["who-can", verb, resource, ...(namespace === "" ? ["-A"] : ["-n", namespace])]);
  const beyond = (/** @type {string} */ reason) => [
    warning(
      element("p", {}, reason, " This page cannot answer the question. Run the command:"), command(line),
      served ? element("p", {}, served.link({ command: "who-can", verb, resource, namespace }, "Ask rolecall")) : null),
  ];
  if (resource.startsWith("/")) {
    return beyond("The decision table of this report does not contain URLs.");
  }
  const target = resolve(resource);
  const cell = target ? cellOf(verb, target) : undefined;
  if (!target || cell === undefined) {
    return beyond(`The decision table of this report does not contain the verb ${visible(verb)} on ${visible(resource)}.`);
  }
  const scope = data.cells.scope[cell];
  const atCluster = scope === 1 || scope === 2;
  const row = data.namespaces.name.findIndex((name) => text(name) === namespace);
  if (namespace !== "" && row < 0 && !atCluster) {
    return beyond(`The input has no object in namespace ${visible(namespace)}.`);
  }
  const holders = whoCan(cell, namespace === "" ? null : namespace);
  const all = holders.filter(({ names }) => !names);
  const isBuiltIn = (/** @type {Holder} */ { binding }) => ((data.bindings.flags[binding] ?? 0) & BUILT_IN) !== 0;
  const own = all.filter((holder) => !isBuiltIn(holder));
  const builtIn = all.filter(isBuiltIn);
  const named = holders.filter(({ names }) => names);
  const gaps = atCluster ? data.gaps.at_cluster_scope : namespace === "" ? data.gaps.everywhere : data.namespaces.gaps[row] ?? 0;
  const full = target.group === "" || target.group === "*" ? target.resource : `${target.resource}.${target.group}`;
  const shown = target.subresource === "" ? full : `${full}/${target.subresource}`;
  return [
    element("p", {}, `${verb} `, isolated(shown), namespace === "" || atCluster ? "" : [" in namespace ", isolated(namespace)], `: ${counted(all.length, "grant")}. Members of system:masters can do anything.`),
    scope === 1 ? element("p", { class: "muted" }, "The resource is cluster-scoped, so RoleBindings cannot grant it.") : null,
    scope === 2 ? element("p", { class: "muted" }, "A RoleBinding can grant this for the Namespace that it is in. The command answers that with --name.") : null,
    gapNote(gaps, "This answer is incomplete: parts of the input that could not be read can hide more subjects."),
    section("Holders", own.length || !(data.gapLists[gaps] ?? []).length ? holderTable("Subjects that can do this", own) : element("p", { class: "muted" }, "None known.")),
    named.length ? section("Only for named objects", holderTable("Subjects that can do this for named objects", named)) : null,
    builtIn.length ? section("Built-in holders", element("p", { class: "muted" }, "Every cluster of this Kubernetes version has these bindings."), holderTable("Built-in subjects that can do this", builtIn)) : null,
    section("Command", command(line)),
  ];
}

/** @param {string} caption @param {Holder[]} holders */
function holderTable(caption, holders) {
  const { bindings, roles } = data;
  return table(caption, ["Subject", "In", "Binding", "Role", "Rule"], holders, ({ subject, binding, rule }) => {
    const role = bindings.role[binding] ?? -1;
    const of = rulesOf(role)[rule] ?? -1;
    return [
      [subjectLink(subject), " ", subjectPlace(subject)],
      namespaceLink(text(bindings.namespace[binding] ?? 0)),
      [objectLink("bindings", binding), " ", tags(bindings.flags[binding] ?? 0), " ", place(bindings, binding)],
      [objectLink("roles", role), " ", place(roles, role)],
      [element("span", { class: "muted" }, `rules[${rule}] `), code(ruleText(of))],
    ];
  });
}
