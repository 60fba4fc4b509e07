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
  if (what === "secrets" && isKnownNamespace(rest[0] ?? "")) {
    return secretsGraph(rest[0] ?? "", rest[1] ?? "");
  }
  const start = graphRoot(what, rest);
  if (start === null) {
    return unknown({ path, query });
  }
  const subject = start.id.startsWith("subject/") ? Number(start.id.slice(8)) : -1;
  return [
    title("Graph of ", start.route ? link(start.route, isolated(`${start.kind} ${start.label}`)) : isolated(`${start.kind} ${start.label}`)),
    element("p", { class: "no-print" }, "Select a box to show or hide its neighbors. The outline lists the same objects."),
    gapNote(subject < 0 ? data.gaps.everywhere : data.subjects.gaps[subject] ?? 0, "The graph is incomplete: parts of the input that could not be read can grant more."),
    drawing(start),
  ];
};

/** The verbs that return the contents of a Secret. */
const READING = ["get", "list", "watch"];

/** Returns the subjects that can read Secrets of a namespace. @param {string} namespace @returns {Holder[]} */
function secretReaders(namespace) {
  return READING.flatMap((verb) => {
    const cell = cellOf(verb, { group: "", resource: "secrets", subresource: "" });
    return cell === undefined ? [] : whoCan(cell, namespace);
  });
}

/** Returns the names in the rule of a holder; none for all objects. @param {Holder} holder */
function namesOf({ binding, rule, names }) {
  const of = rulesOf(data.bindings.role[binding] ?? -1)[rule] ?? -1;
  return names ? texts(data.rules.names[of] ?? 0) : [];
}

/** Returns the graph of the Secrets of a namespace, or of one of them. @param {string} namespace @param {string} name @returns {Content} */
function secretsGraph(namespace, name) {
  const row = data.namespaces.name.findIndex((known) => text(known) === namespace);
  const known = [...new Set(secretReaders(namespace).flatMap(namesOf))].sort();
  const start = (/** @type {string} */ named) => graphSecrets(namespace, named);
  const results = element("div");
  const list = (/** @type {string} */ named) => results.replaceChildren(drawing(start(named)));
  list(name);
  return [
    title("Graph of ", isolated(`${start(name).kind} ${start(name).label}`)),
    element("p", {}, "Bindings that allow get, list or watch. Members of system:masters can read every Secret."),
    element("form", { class: "filters", submit: (event) => event.preventDefault() },
      field("Name of one Secret (empty for all)", name, (named) => { replace(secretsRoute(namespace, named)); list(named); }, known)),
    element("p", { class: "no-print" }, "Select a box to show or hide its neighbors. The outline lists the same objects."),
    gapNote(data.namespaces.gaps[row] ?? 0, "The graph is incomplete: parts of the input that could not be read can grant more."),
    results,
  ];
}

/** Returns the route of a graph of Secrets. @param {string} namespace @param {string} name */
function secretsRoute(namespace, name) {
  return route(["graph", "secrets", namespace, ...(name === "" ? [] : [name])]);
}

/** Returns the Secrets of a namespace, or one of them. @param {string} namespace @param {string} name @returns {GraphNode} */
function graphSecrets(namespace, name) {
  return {
    id: `secrets/${JSON.stringify([namespace, name])}`, column: 5, type: "danger",
    kind: name === "" ? "Secrets" : "Secret",
    label: name === "" ? `of namespace ${namespace}` : `${namespace}/${name}`,
    route: route(["who-can"], { verb: "get", resource: "secrets", namespace }),
  };
}

/** @returns {Content} */
function graphStart() {
  let words = "";
  const results = element("div");
  const update = () => {
    const found = matching(words);
    const namespaces = data.namespaces.name.filter((named) => matches(found, [named]));
    results.replaceChildren(
      section("Subjects", table("Subjects", ["Subject"], findSubjects(words, "", ""), (subject) => [link(subjectRoute(subject, "graph"), isolated(notation(subject)))], FOUND)),
      section("Roles", table("Roles", ["Role"], findObjects("roles", words, "", true), (role) => [link(objectRoute("roles", role, "graph"), isolated(objectName("roles", role)))], FOUND)),
      section("Secrets of a namespace", table("Secrets", ["Namespace"], namespaces, (named) => [link(secretsRoute(text(named), ""), isolated(text(named)))], FOUND)));
  };
  update();
  return [
    title("Graph"),
    element("p", {}, "A graph starts from one subject, one role, one Secret or the Secrets of a namespace, and shows their neighborhood."),
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
  return null;
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
      const [namespace, name] = /** @type {[string, string]} */ (JSON.parse(number));
      const holders = secretReaders(namespace).filter((holder) => name === "" || !holder.names || namesOf(holder).includes(name));
      return [{ what: "bindings", nodes: ofBindings([...new Set(holders.map(({ binding }) => binding))]) }];
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

/** The characters for which a box has room. */
const MOST_CHARACTERS = 27;

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
  const used = [...new Set(shown.nodes.map((node) => node.column))].sort((left, right) => left - right);
  const columns = new Map(shown.nodes.map((node) => [node.id, used.indexOf(node.column)]));
  const rows = used.map((column) => shown.nodes.filter((node) => node.column === column).map((node) => node.id));
  /** @type {Map<string, number>} */
  const degrees = new Map();
  shown.edges.flat().forEach((id) => degrees.set(id, (degrees.get(id) ?? 0) + 1));
  const routes = shown.edges.map((edge) => lanesOf(edge, degrees, columns, rows));
  /** @type {Map<string, {x: number, y: number}>} */
  const at = new Map();
  const height = Math.max(...rows.map((row) => row.length)) * BOX.down + 16;
  rows.forEach((row, column) => {
    const top = (height - row.length * BOX.down) / 2;
    row.forEach((id, position) => at.set(id, { x: 8 + column * BOX.across, y: top + position * BOX.down + 6 }));
  });
  const width = used.length * BOX.across - (BOX.across - BOX.width) + 16;
  const lines = routes.map((stops) => shape("path", { d: curve(stops.map((id) => at.get(id) ?? { x: 0, y: 0 })) }));
  const boxes = shown.nodes.map((node) => {
    const { x, y } = at.get(node.id) ?? { x: 0, y: 0 };
    const full = visible(`${node.kind} ${node.label}`);
    const isStart = node.id === start.id;
    const canOpen = !node.id.startsWith("step/") && !node.id.startsWith("workload/");
    const box = shape("g", { class: `${node.type} ${isStart ? "start" : ""}`, transform: `translate(${x} ${y})`, "data-node": node.id,
      ...(canOpen ? { role: "button", tabindex: "0", "aria-expanded": String(expanded.has(node.id)) } : {}) },
      // The name for screen readers, and the whole of a shortened one.
      shape("title", {}, full),
      shape("rect", { width: BOX.width, height: BOX.height, rx: 6 }),
      // An inner image cuts off wide characters.
      shape("svg", { width: BOX.width - 8, height: BOX.height },
        shape("text", { class: "kind", x: 8, y: 15 }, `${shortened(visible(node.kind))} `),
        shape("text", { x: 8, y: 33, "unicode-bidi": "isolate" }, shortened(visible(node.label)))));
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

/**
 * Returns the boxes of an edge from left to right. Between them are the lanes in which it passes the boxes of other
 * columns, so that it does not seem to lead to one of them. The edges of one box share a lane.
 * @param {[string, string]} edge @param {Map<string, number>} degrees @param {Map<string, number>} columns @param {string[][]} rows
 */
function lanesOf([from, to], degrees, columns, rows) {
  const column = (/** @type {string} */ id) => columns.get(id) ?? 0;
  const [left, right] = column(from) <= column(to) ? [from, to] : [to, from];
  const shared = (degrees.get(left) ?? 0) >= (degrees.get(right) ?? 0) ? left : right;
  const stops = [left];
  for (let passed = column(left) + 1; passed < column(right); passed++) {
    const lane = `lane/${passed}/${shared}`;
    const row = rows[passed] ?? [];
    if (!row.includes(lane)) {
      row.push(lane);
    }
    stops.push(lane);
  }
  return [...stops, right];
}

/** Returns the curve through boxes from left to right. @param {{x: number, y: number}[]} stops */
function curve(stops) {
  const middle = BOX.height / 2;
  return stops.slice(1).map((right, passed) => {
    const left = stops[passed] ?? right;
    const isSame = left.x === right.x;
    const [x1, y1, x2, y2] = [left.x + BOX.width, left.y + middle, isSame ? right.x + BOX.width : right.x, right.y + middle];
    const bend = isSame ? 30 : (x2 - x1) / 2;
    return `${passed ? "L" : "M"}${x1} ${y1}C${x1 + bend} ${y1} ${isSame ? x2 + bend : x2 - bend} ${y2} ${x2} ${y2}`;
  }).join("");
}

/** Returns the start and the end of a name that is too long for a box. @param {string} name */
function shortened(name) {
  const characters = [...name];
  return characters.length > MOST_CHARACTERS
    ? `${characters.slice(0, MOST_CHARACTERS - 19).join("")}…${characters.slice(-18).join("")}`
    : name;
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
