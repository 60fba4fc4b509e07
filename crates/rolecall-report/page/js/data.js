"use strict";

/**
 * The decoded document. Its form is described in the README of the crate.
 * @typedef {{
 *   format: number, program: string, title: string, command: string, sources: string, isComplete: boolean,
 *   examined: string[], unread: string[], assumptions: string[],
 *   texts: string[], textLists: number[][],
 *   rules: {verbs: number[], groups: number[], resources: number[], names: number[], urls: number[]},
 *   ruleSets: number[][],
 *   subjects: {kind: number[], namespace: number[], name: number[], groups: number[], flags: number[],
 *     gaps: number[], file: number[], line: number[]},
 *   subjectLists: number[][],
 *   roles: {namespace: number[], name: number[], rule_set: number[], flags: number[], file: number[], line: number[]},
 *   bindings: {namespace: number[], name: number[], role: number[], subjects: number[], flags: number[],
 *     dangling: [number, number, number][], file: number[], line: number[]},
 *   namespaces: {name: number[], gaps: number[], exists: number[]},
 *   workloads: {kind: number[], namespace: number[], name: number[], owner: number[],
 *     absent_owner: [number, number, number][], accounts: number[], file: number[], line: number[]},
 *   resources: {group: number[], name: number[], kind: number[], namespaced: number[], words: [number, number][]},
 *   cells: {verb: number[], group: number[], resource: number[], subresource: number[], scope: number[],
 *     rules: number[], named: number[], rule_lists: number[][]},
 *   gaps: {text: number[], file: number[], line: number[], everywhere: number, at_cluster_scope: number},
 *   gapLists: number[][],
 *   findings: {code: number[], severity: number[], kind: number[], namespace: number[], name: number[],
 *     file: number[], line: number[], field: number[], message: number[], fix: number[], fingerprint: number[],
 *     subjects: number[], related: [number, number, number, number, number, number][][],
 *     also: [number, number, number, number, number, number][][]},
 *   documents: {code: number[], name: number[], title: number[], category: number[], text: number[]},
 *   paths?: {sink: string, starts: number, admins: number[], subject: number[], steps: number[][],
 *     stepTable: {technique: number, requests: number[], gains: number, assumes: number[],
 *       evidence: ({binding: [number, number], role: [number, number], rule: number} | {words: number})[]}[],
 *     chokes: Choke[], cuts: Choke[]},
 *   usage?: {logs: string[], coverage: string[], binding: [number, number][], rule: number[], rights: number[], state: number[],
 *     reason: number[], subjects: [number, number, number, number, number][][], removed: number[], deletions: number[],
 *     left: {kind: number[], namespace: number[], name: number[], yaml: number[]}},
 * }} Data
 */
/** @typedef {{binding: [number, number], subject: number, grant: number, ends: number}} Choke */
/** @typedef {{subject: number, binding: number, rule: number, names: boolean}} Holder */

const SERVICE_ACCOUNT = 0;
const USER = 1;
const GROUP = 2;
const NEVER = 3;
const BUILT_IN = 1;
const UNBUILT = 2;
const AGGREGATED = 4;
const ASSUMED = 8;
const EXISTS = 1;
const PRIVILEGED = 2;
const SEVERITIES = ["info", "low", "medium", "high", "critical"];

/** @type {Data} */
let data;

/**
 * What the page can do if rolecall serves it: start to follow the data, and link to a question.
 * @type {{start: () => void, link: (question: Record<string, string>, label: string) => HTMLElement} | undefined}
 */
let served;

/** Returns a text by its number. @param {number} number */
function text(number) {
  return data.texts[number] ?? "";
}

/** Returns the texts of a list. @param {number} list */
function texts(list) {
  return (data.textLists[list] ?? []).map(text);
}

/** The indexes that joins need, each built when it is first used. */
const index = {
  /** @type {Map<string, unknown>} */
  built: new Map(),
  /**
   * @template T
   * @param {string} name
   * @param {() => T} build
   * @returns {T}
   */
  get(name, build) {
    if (!this.built.has(name)) {
      this.built.set(name, build());
    }
    return /** @type {T} */ (this.built.get(name));
  },
};

/**
 * Returns the positions of a column's rows by the value in another column.
 * @param {number} rows
 * @param {(row: number) => Iterable<number>} values
 * @returns {Map<number, number[]>}
 */
function inverted(rows, values) {
  /** @type {Map<number, number[]>} */
  const found = new Map();
  for (let row = 0; row < rows; row++) {
    for (const value of values(row)) {
      const known = found.get(value);
      if (known) {
        known.push(row);
      } else {
        found.set(value, [row]);
      }
    }
  }
  return found;
}

/** Returns the bindings that list each subject. */
function bindingsBySubject() {
  return index.get("bindingsBySubject", () =>
    inverted(data.bindings.name.length, (row) => subjectsOf(row)));
}

/** Returns the bindings of each role. */
function bindingsByRole() {
  return index.get("bindingsByRole", () =>
    inverted(data.bindings.name.length, (row) => [data.bindings.role[row] ?? -1]));
}

/** Returns the workloads of each subject. */
function workloadsBySubject() {
  return index.get("workloadsBySubject", () =>
    inverted(data.workloads.name.length, (row) => data.subjectLists[data.workloads.accounts[row] ?? 0] ?? []));
}

/** Returns the roleRef of each binding whose role does not exist. */
function dangling() {
  return index.get("dangling", () =>
    new Map(data.bindings.dangling.map(([row, kind, name]) => [row, { kind: text(kind), name: text(name) }])));
}

/** Returns the subjects of a binding. @param {number} binding */
function subjectsOf(binding) {
  return data.subjectLists[data.bindings.subjects[binding] ?? 0] ?? [];
}

/** Returns the groups whose bindings also apply to a subject. @param {number} subject */
function groupsOf(subject) {
  return data.subjectLists[data.subjects.groups[subject] ?? 0] ?? [];
}

/** Returns the rules of a role. @param {number} role */
function rulesOf(role) {
  return data.ruleSets[data.roles.rule_set[role] ?? -1] ?? [];
}

/**
 * Returns the bindings that apply to a subject, and the group by which each applies.
 * @param {number} subject
 * @returns {{binding: number, group: number | null}[]}
 */
function bindingsOf(subject) {
  const by = bindingsBySubject();
  /** @type {{binding: number, group: number | null}[]} */
  const found = (by.get(subject) ?? []).map((binding) => ({ binding, group: null }));
  const seen = new Set(found.map((bound) => bound.binding));
  for (const group of groupsOf(subject)) {
    for (const binding of by.get(group) ?? []) {
      if (!seen.has(binding)) {
        seen.add(binding);
        found.push({ binding, group });
      }
    }
  }
  return found;
}

/** Returns a subject in the notation of commands. @param {number} subject */
function notation(subject) {
  const name = text(data.subjects.name[subject] ?? 0);
  const namespace = text(data.subjects.namespace[subject] ?? 0);
  switch (data.subjects.kind[subject]) {
    case SERVICE_ACCOUNT: return `sa/${namespace}:${name}`;
    case USER: return `user/${name}`;
    case GROUP: return `group/${name}`;
    default: return `${namespace}/${name}`;
  }
}

/** Returns the subjects by their notation. */
function subjectsByNotation() {
  return index.get("subjectsByNotation", () =>
    new Map(data.subjects.name.map((_, subject) => [notation(subject), subject])));
}

/** Returns rows by namespace and name. @param {"roles" | "bindings"} table */
function byName(table) {
  return index.get(`byName ${table}`, () => {
    const { namespace, name } = data[table];
    return new Map(name.map((text, row) => [`${namespace[row]}/${text}`, row]));
  });
}

/** Returns the numbers of all texts. */
function numbers() {
  return index.get("numbers", () => new Map(data.texts.map((text, number) => [text, number])));
}

/**
 * Returns the role or binding of a namespace and name.
 * @param {"roles" | "bindings"} table
 * @param {string} namespace
 * @param {string} name
 */
function find(table, namespace, name) {
  const keys = numbers();
  return byName(table).get(`${keys.get(namespace)}/${keys.get(name)}`);
}

/** Returns the Kind of a role or binding. @param {"roles" | "bindings"} table @param {number} row */
function kindOf(table, row) {
  const kind = table === "roles" ? "Role" : "RoleBinding";
  return data[table].namespace[row] === 0 ? `Cluster${kind}` : kind;
}

/** Returns the cells of the decision table by verb, group, resource and subresource. */
function cells() {
  return index.get("cells", () => {
    const { verb, group, resource, subresource } = data.cells;
    return new Map(verb.map((text, cell) => [`${text}/${group[cell]}/${resource[cell]}/${subresource[cell]}`, cell]));
  });
}

/**
 * Resolves a resource as commands do: `deploy`, `deployments.apps`, `pods/log`. Returns null for an unknown one.
 * @param {string} argument
 * @returns {{group: string, resource: string, subresource: string} | null}
 */
function resolve(argument) {
  const slash = argument.indexOf("/");
  const head = slash < 0 ? argument : argument.slice(0, slash);
  const subresource = slash < 0 ? "" : argument.slice(slash + 1);
  if (head === "*") {
    return { group: "*", resource: "*", subresource };
  }
  const dot = head.indexOf(".");
  const word = (dot < 0 ? head : head.slice(0, dot)).toLowerCase();
  const group = dot < 0 ? null : head.slice(dot + 1);
  const { resources } = data;
  if (group === null) {
    const words = index.get("words", () => new Map(resources.words.map(([word, row]) => [text(word), row])));
    const row = words.get(word);
    return row === undefined
      ? null
      : { group: text(resources.group[row] ?? 0), resource: text(resources.name[row] ?? 0), subresource };
  }
  const row = resources.name.findIndex((name, row) => text(name) === word && text(resources.group[row] ?? 0) === group);
  return row < 0 ? null : { group, resource: word, subresource };
}

/**
 * Returns the cell for a verb and a resource, or undefined if the table does not contain it.
 * @param {string} verb
 * @param {{group: string, resource: string, subresource: string}} target
 */
function cellOf(verb, target) {
  const keys = numbers();
  const parts = [verb, target.group, target.resource, target.subresource].map((part) => keys.get(part));
  return cells().get(parts.join("/"));
}

/**
 * Returns, for each set of rules, the position of the first rule that allows a cell without the name of an object, or
 * else of each rule that allows it for the objects that it names.
 * @param {number} cell
 * @returns {Map<number, {all: number | null, named: number[]}>}
 */
function setsAllowing(cell) {
  return index.get(`setsAllowing ${cell}`, () => {
    const allowing = new Set(data.cells.rule_lists[data.cells.rules[cell] ?? -1] ?? []);
    const naming = new Set(data.cells.rule_lists[data.cells.named[cell] ?? -1] ?? []);
    /** @type {Map<number, {all: number | null, named: number[]}>} */
    const found = new Map();
    data.ruleSets.forEach((rules, set) => {
      const all = rules.findIndex((rule) => allowing.has(rule));
      const named = all >= 0 ? [] : rules.map((_, position) => position).filter((position) => naming.has(rules[position] ?? -1));
      if (all >= 0 || named.length) {
        found.set(set, { all: all >= 0 ? all : null, named });
      }
    });
    return found;
  });
}

/**
 * Returns the subjects that the table's cell allows: in a namespace, or in any namespace for null.
 * @param {number} cell
 * @param {string | null} namespace
 * @returns {Holder[]}
 */
function whoCan(cell, namespace) {
  const sets = setsAllowing(cell);
  const scope = data.cells.scope[cell];
  const onlyCluster = scope === 1 || scope === 2;
  const wanted = namespace === null ? null : numbers().get(namespace) ?? -1;
  const { bindings, subjects } = data;
  /** @type {Holder[]} */
  const holders = [];
  bindings.role.forEach((role, binding) => {
    const grant = role < 0 ? undefined : sets.get(data.roles.rule_set[role] ?? -1);
    if (!grant) {
      return;
    }
    const at = bindings.namespace[binding];
    const counts = at === 0 || (!onlyCluster && (wanted === null || wanted === at));
    if (counts) {
      const rules = grant.all === null ? grant.named : [grant.all];
      for (const subject of subjectsOf(binding)) {
        if (subjects.kind[subject] !== NEVER) {
          holders.push(...rules.map((rule) => ({ subject, binding, rule, names: grant.all === null })));
        }
      }
    }
  });
  return holders;
}

/** Returns the findings about each object. */
function findingsByObject() {
  return index.get("findingsByObject", () => {
    const { kind, namespace, name, related } = data.findings;
    /** @type {Map<string, number[]>} */
    const found = new Map();
    const add = (/** @type {string} */ key, /** @type {number} */ finding) => {
      const known = found.get(key);
      if (!known) {
        found.set(key, [finding]);
      } else if (known[known.length - 1] !== finding) {
        known.push(finding);
      }
    };
    name.forEach((_, finding) => {
      add(`${kind[finding]}/${namespace[finding]}/${name[finding]}`, finding);
      for (const [kind, namespace, name] of related[finding] ?? []) {
        add(`${kind}/${namespace}/${name}`, finding);
      }
    });
    return found;
  });
}

/** Returns the findings about an object. @param {string} kind @param {number} namespace @param {number} name */
function findingsOf(kind, namespace, name) {
  return findingsByObject().get(`${numbers().get(kind)}/${namespace}/${name}`) ?? [];
}

/** Decodes the document of the page. @returns {Promise<Data>} */
async function decode() {
  const element = document.getElementById("data");
  const encoded = (element?.textContent ?? "").trim();
  element?.remove();
  const binary = atob(encoded);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) {
    bytes[at] = binary.charCodeAt(at);
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}
