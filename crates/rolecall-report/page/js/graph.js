/** @typedef {{id: string, column: number, kind: string, label: string, route: string | null, type: string}} GraphNode */

/** The neighbors of one kind that a node shows before they are collapsed by namespace. */
const MOST_NEIGHBORS = 8;
/** The neighbors that a namespace shows. */
const MOST_IN_NAMESPACE = 25;
/** The namespaces into which the neighbors of a node are collapsed. */
const MOST_NAMESPACES = 30;
/** The place of built-in bindings, which is not a valid name of a namespace. */
const BUILT_IN_PLACE = "/built-in";
/** The nodes of a graph. */
const MOST_NODES = 160;

views.graph = ({ path, query }) => {
  const [, what, ...rest] = path;
  if (what === undefined) {
    return graphStart();
  }
  const start = graphRoot(what, rest);
  if (start === null) {
    return unknown({ path, query });
  }
  return [
    title("Graph of ", start.route ? link(start.route, isolated(`${start.kind} ${start.label}`)) : isolated(`${start.kind} ${start.label}`)),
    element("p", { class: "no-print" }, "Select a box to show or hide its neighbors. The outline lists the same objects."),
    drawing(start),
  ];
};

/** @returns {Content} */
function graphStart() {
  let words = "";
  const results = element("div");
  const update = () => {
    const subjects = findSubjects(words, "", "").slice(0, 20);
    const roles = findObjects("roles", words, "", true).slice(0, 20);
    const namespaces = namespaceNames().filter((named) => named.includes(words)).slice(0, 20);
    results.replaceChildren(
      section("Subjects", element("ul", {}, subjects.map((subject) => element("li", {}, link(subjectRoute(subject, "graph"), isolated(notation(subject))))))),
      section("Roles", element("ul", {}, roles.map((role) => element("li", {}, link(objectRoute("roles", role, "graph"), isolated(objectName("roles", role))))))),
      section("Secrets of a namespace", element("ul", {}, namespaces.map((named) => element("li", {}, link(route(["graph", "secrets", named]), isolated(named)))))));
  };
  update();
  return [
    title("Graph"),
    element("p", {}, "A graph starts from one subject, one role or the Secrets of a namespace, and shows their neighborhood."),
    element("form", { class: "filters", submit: (event) => event.preventDefault() }, field("Name", "", (value) => { words = value; update(); })),
    results,
  ];
}

/** @param {string} what @param {string[]} rest @returns {GraphNode | null} */
function graphRoot(what, rest) {
  if (what === "subject") {
    const subject = subjectAt(rest);
    return subject === undefined ? null : subjectNode(subject);
  }
  if (what === "role") {
    const role = objectAt("roles", rest);
    return role === undefined ? null : objectNode("roles", role);
  }
  const [namespace = ""] = rest;
  return what === "secrets" && namespaceNames().includes(namespace)
    ? { id: `secrets/${namespace}`, column: 5, kind: "Secrets", label: `of namespace ${namespace}`, route: route(["who-can"], { verb: "get", resource: "secrets", namespace }), type: "danger" }
    : null;
}

/** @param {number} subject @returns {GraphNode} */
function subjectNode(subject) {
  const isGroup = data.subjects.kind[subject] === GROUP;
  const kind = ["ServiceAccount", "User", "Group", "Subject"][data.subjects.kind[subject] ?? NEVER] ?? "Subject";
  const namespace = text(data.subjects.namespace[subject] ?? 0);
  const label = kind === "ServiceAccount" ? `${namespace}/${text(data.subjects.name[subject] ?? 0)}` : text(data.subjects.name[subject] ?? 0);
  return { id: `subject/${subject}`, column: isGroup ? 2 : 1, kind, label, route: subjectRoute(subject), type: "" };
}

/** @param {"roles" | "bindings"} table @param {number} row @returns {GraphNode} */
function objectNode(table, row) {
  const [kind = "", label = ""] = objectName(table, row).split(/ (.*)/s);
  return { id: `${table}/${row}`, column: table === "roles" ? 4 : 3, kind, label, route: objectRoute(table, row), type: "" };
}

/** @param {number} row @returns {GraphNode} */
function workloadNode(row) {
  const { workloads } = data;
  return { id: `workload/${row}`, column: 0, kind: text(workloads.kind[row] ?? 0), label: `${text(workloads.namespace[row] ?? 0)}/${text(workloads.name[row] ?? 0)}`, route: null, type: "" };
}

/**
 * Returns the neighbors of a node by kind, each with its namespace.
 * @param {GraphNode} node
 * @returns {{what: string, nodes: {node: GraphNode, namespace: string}[]}[]}
 */
function neighbors(node) {
  const [table = "", number = ""] = node.id.split(/\/(.*)/s);
  const row = Number(number);
  const { subjects, bindings, workloads } = data;
  const ofSubjects = (/** @type {number[]} */ rows) => rows.map((subject) => ({ node: subjectNode(subject), namespace: data.subjects.kind[subject] === SERVICE_ACCOUNT ? text(subjects.namespace[subject] ?? 0) : "" }));
  const ofBindings = (/** @type {number[]} */ rows) => rows.map((binding) => ({ node: objectNode("bindings", binding), namespace: (bindings.flags[binding] ?? 0) & BUILT_IN ? BUILT_IN_PLACE : text(bindings.namespace[binding] ?? 0) }));
  switch (table) {
    case "subject": {
      const running = (workloadsBySubject().get(row) ?? []).filter((workload) => (workloads.owner[workload] ?? -1) < 0);
      const members = subjects.kind[row] === GROUP ? index.get("membersOf", () => inverted(subjects.name.length, groupsOf)).get(row) ?? [] : [];
      return [
        { what: "workloads", nodes: running.map((workload) => ({ node: workloadNode(workload), namespace: text(workloads.namespace[workload] ?? 0) })) },
        { what: "groups", nodes: ofSubjects(groupsOf(row)) },
        { what: "members", nodes: ofSubjects(members) },
        { what: "bindings", nodes: ofBindings(bindingsBySubject().get(row) ?? []) },
      ];
    }
    case "bindings": {
      const role = bindings.role[row] ?? -1;
      return [
        { what: "subjects", nodes: ofSubjects(subjectsOf(row)) },
        { what: "roles", nodes: role < 0 ? [] : [{ node: objectNode("roles", role), namespace: "" }] },
      ];
    }
    case "roles":
      return [{ what: "bindings", nodes: ofBindings(bindingsByRole().get(row) ?? []) }];
    case "secrets": {
      const cell = cellOf("get", { group: "", resource: "secrets", subresource: "" });
      const holders = cell === undefined ? [] : whoCan(cell, number);
      return [{ what: "bindings", nodes: ofBindings([...new Set(holders.filter(({ names }) => !names).map(({ binding }) => binding))]) }];
    }
    default:
      return [];
  }
}

/**
 * Returns the nodes and edges that are visible when some nodes are expanded.
 * @param {GraphNode} start @param {Set<string>} expanded
 */
function visibleGraph(start, expanded) {
  /** @type {Map<string, GraphNode>} */
  const nodes = new Map([[start.id, start]]);
  /** @type {Map<string, [string, string]>} */
  const edges = new Map();
  let hidden = 0;
  const add = (/** @type {GraphNode} */ node, /** @type {string} */ from) => {
    if (!nodes.has(node.id) && nodes.size >= MOST_NODES) {
      hidden++;
      return;
    }
    const known = nodes.get(node.id) ?? node;
    nodes.set(node.id, known);
    edges.set([from, node.id].sort().join(" "), [from, node.id]);
  };
  const queue = [start.id];
  for (const id of queue) {
    const node = nodes.get(id);
    if (!node || !expanded.has(id)) {
      continue;
    }
    for (const { what, nodes: found } of neighbors(node)) {
      const isFew = found.length <= MOST_NEIGHBORS;
      /** @type {Map<string, {node: GraphNode, namespace: string}[]>} */
      const places = new Map();
      for (const near of found) {
        places.set(near.namespace, [...(places.get(near.namespace) ?? []), near]);
      }
      const shown = [...places].sort(([, left], [, right]) => right.length - left.length).slice(0, isFew ? Infinity : MOST_NAMESPACES);
      hidden += found.length - shown.reduce((sum, [, inside]) => sum + inside.length, 0);
      for (const [namespace, inside] of shown) {
        const group = `more/${id}/${what}/${namespace}`;
        const isCollapsed = !isFew && inside.length > (places.size > MOST_NEIGHBORS ? 1 : 3);
        if (isCollapsed) {
          const kind = namespace === "" ? "Cluster" : namespace === BUILT_IN_PLACE ? "Built-in" : `Namespace ${namespace}`;
          const path = kind.startsWith("Namespace ") ? route(["namespace", namespace]) : null;
          add({ id: group, column: inside[0]?.node.column ?? 0, kind, label: `${inside.length.toLocaleString("en")} ${what}`, route: path, type: "group" }, id);
          if (!expanded.has(group)) {
            continue;
          }
        }
        for (const near of inside.slice(0, MOST_IN_NAMESPACE)) {
          if (!nodes.has(near.node.id)) {
            queue.push(near.node.id);
          }
          add(near.node, isCollapsed ? group : id);
        }
        hidden += Math.max(0, inside.length - MOST_IN_NAMESPACE);
      }
    }
  }
  addPath(start, nodes, edges);
  return { nodes: [...nodes.values()], edges: [...edges.values()], hidden };
}

/**
 * Adds the escalation path of the start.
 * @param {GraphNode} start @param {Map<string, GraphNode>} nodes @param {Map<string, [string, string]>} edges
 */
function addPath(start, nodes, edges) {
  const subject = start.id.startsWith("subject/") ? Number(start.id.slice(8)) : -1;
  const path = subject < 0 ? undefined : pathOf(subject);
  let from = start.id;
  (path?.steps ?? []).forEach((step, position) => {
    const row = data.paths?.stepTable[step];
    const id = `step/${position}`;
    nodes.set(id, { id, column: Math.min(2 + position, 5), kind: `Step ${position + 1}`, label: text(row?.gains ?? 0), route: path ? route(["path", path.subject]) : null, type: "danger" });
    edges.set(`${from} ${id}`, [from, id]);
    from = id;
  });
}

const BOX = { width: 216, height: 42, across: 258, down: 54 };

/** Returns the image and its outline. @param {GraphNode} start */
function drawing(start) {
  const expanded = new Set([start.id]);
  // The bindings of a start are only useful with their roles.
  for (const { nodes } of neighbors(start)) {
    if (nodes.length <= MOST_NEIGHBORS) {
      nodes.filter(({ node }) => node.id.startsWith("bindings/")).forEach(({ node }) => expanded.add(node.id));
    }
  }
  const holder = element("div", { class: "columns" });
  const draw = (/** @type {string | null} */ focus) => {
    const shown = visibleGraph(start, expanded);
    const toggle = (/** @type {string} */ id) => {
      if (!expanded.delete(id)) {
        expanded.add(id);
      }
      draw(id);
    };
    holder.replaceChildren(image(start, shown, expanded, toggle), outline(shown));
    if (focus !== null) {
      const box = [...holder.querySelectorAll("[data-node]")].find((box) => box.getAttribute("data-node") === focus);
      /** @type {SVGElement | undefined} */ (box)?.focus();
    }
  };
  draw(null);
  return holder;
}

/**
 * @param {GraphNode} start
 * @param {{nodes: GraphNode[], edges: [string, string][], hidden: number}} shown
 * @param {Set<string>} expanded
 * @param {(id: string) => void} toggle
 */
function image(start, shown, expanded, toggle) {
  const used = [...new Set(shown.nodes.map((node) => node.column))].sort();
  /** @type {Map<string, {x: number, y: number}>} */
  const at = new Map();
  const rows = used.map((column) => shown.nodes.filter((node) => node.column === column));
  const height = Math.max(...rows.map((row) => row.length)) * BOX.down + 16;
  rows.forEach((row, column) => {
    const top = (height - row.length * BOX.down) / 2;
    row.forEach((node, position) => at.set(node.id, { x: 8 + column * BOX.across, y: top + position * BOX.down + 6 }));
  });
  const width = used.length * BOX.across - (BOX.across - BOX.width) + 16;
  const lines = shown.edges.map(([from, to]) => {
    const [left, right] = [at.get(from), at.get(to)].sort((one, other) => (one?.x ?? 0) - (other?.x ?? 0));
    if (!left || !right) {
      return null;
    }
    const isSame = left.x === right.x;
    const [x1, y1, x2, y2] = [left.x + BOX.width, left.y + BOX.height / 2, isSame ? right.x + BOX.width : right.x, right.y + BOX.height / 2];
    const bend = isSame ? 30 : (x2 - x1) / 2;
    return shape("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${isSame ? x2 + bend : x2 - bend} ${y2} ${x2} ${y2}` });
  });
  const boxes = shown.nodes.map((node) => {
    const { x, y } = at.get(node.id) ?? { x: 0, y: 0 };
    const full = visible(`${node.kind} ${node.label}`);
    const isStart = node.id === start.id;
    const canOpen = !node.id.startsWith("step/") && !node.id.startsWith("workload/");
    const box = shape("g", { class: `${node.type} ${isStart ? "start" : ""}`, transform: `translate(${x} ${y})`, "data-node": node.id,
      ...(canOpen ? { role: "button", tabindex: "0", "aria-expanded": String(expanded.has(node.id)), "aria-label": full } : {}) },
      shape("rect", { width: BOX.width, height: BOX.height, rx: 6 }),
      // An inner image cuts long names off, but keeps their text.
      shape("svg", { width: BOX.width - 8, height: BOX.height },
        shape("text", { class: "kind", x: 8, y: 15 }, `${visible(node.kind)} `),
        shape("text", { x: 8, y: 33, "unicode-bidi": "isolate" }, visible(node.label))));
    if (canOpen) {
      box.addEventListener("click", () => toggle(node.id));
      box.addEventListener("keydown", (event) => {
        const { key } = /** @type {KeyboardEvent} */ (event);
        if (key === "Enter" || key === " ") {
          event.preventDefault();
          toggle(node.id);
        }
      });
    }
    return box;
  });
  return element("div", { class: "graph", tabindex: "0", role: "region", "aria-label": "Graph" },
    shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Graph with ${counted(shown.nodes.length, "box").replace("boxs", "boxes")}` }, lines, boxes));
}

/** Returns the nodes and edges of the image as a list. @param {{nodes: GraphNode[], edges: [string, string][], hidden: number}} shown */
function outline(shown) {
  const known = new Map(shown.nodes.map((node) => [node.id, node]));
  /** @type {Map<string, GraphNode[]>} */
  const near = new Map();
  for (const [from, to] of shown.edges) {
    const node = known.get(to);
    if (node) {
      near.set(from, [...(near.get(from) ?? []), node]);
    }
  }
  const shownName = (/** @type {GraphNode} */ node) => {
    const label = isolated(`${node.kind} ${node.label}`);
    return node.route ? link(node.route, label) : label;
  };
  return element("section", { class: "outline", "aria-label": "Outline of the graph" },
    element("h2", {}, "Outline"),
    element("ul", {}, shown.nodes.filter((node) => near.has(node.id)).map((node) =>
      element("li", {}, shownName(node), element("ul", {}, (near.get(node.id) ?? []).map((to) => element("li", {}, shownName(to))))))),
    shown.nodes.length === 1 ? element("p", { class: "muted" }, "It has no neighbors.") : null,
    shown.hidden ? element("p", { class: "muted" }, `${counted(shown.hidden, "more object")} not shown.`) : null);
}
