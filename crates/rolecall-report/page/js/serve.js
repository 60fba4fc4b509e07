/**
 * The state of the server: the number of the data, and why the input could not be read since.
 * @typedef {{change: number, version: number, read: string, isReading: boolean, problem: string | null}} Status
 */
/** @typedef {{command: string, exit: number, stdout: string, stderr: string}} Answer */

/** The questions, with the fields of each. @type {Record<string, string[]>} */
const QUESTIONS = {
  why: ["subject", "verb", "resource", "name", "namespace"],
  "can-i": ["subject", "verb", "resource", "name", "namespace"],
  "who-can": ["verb", "resource", "name", "namespace"],
  fix: ["subject", "verb", "resource", "name", "namespace"],
  rules: ["subject", "namespace"],
  paths: ["subject"],
};

/** What each question asks. @type {Record<string, string>} */
const MEANINGS = {
  why: "why: the reason for an answer", "can-i": "can-i: yes or no", "who-can": "who-can: all subjects that can",
  fix: "fix: the objects that allow it", rules: "rules: everything a subject can do", paths: "paths: what a subject can become",
};

/** The labels of fields. @type {Record<string, string>} */
const FIELDS = {
  verb: "Verb", resource: "Resource or URL", name: "Object name (optional)",
  subject: "Subject, such as sa/shop:web", namespace: "Namespace (empty for all)",
};

/** The pause after a request that failed, in milliseconds. */
const PAUSE = 2000;

served = {
  start: () => {
    document.getElementById("views")?.append(element("li", {}, link("#/ask", "Ask")));
    void follow();
  },
  link: (question, label) => link(route(["ask"], question), label),
};

views.ask = ({ query }) => {
  const given = query.get("command") ?? "";
  /** @type {Record<string, string>} */
  const question = { command: Object.hasOwn(QUESTIONS, given) ? given : "why" };
  for (const key of Object.keys(FIELDS)) {
    question[key] = query.get(key) ?? "";
  }
  const output = element("div", { "aria-live": "polite" });
  const fields = element("div", { class: "filters" });
  const keys = () => QUESTIONS[question.command ?? ""] ?? [];
  const asked = () => Object.fromEntries(["command", ...keys()].map((key) => [key, question[key] ?? ""]));
  const showFields = () => fields.replaceChildren(...keys().map((key) =>
    field(FIELDS[key] ?? key, question[key] ?? "", (value) => { question[key] = value; }, suggestions(key))));
  const send = async () => {
    replace(route(["ask"], asked()));
    output.replaceChildren(element("p", { class: "muted" }, "Waiting for the answer…"));
    output.replaceChildren(...await answered(asked()));
  };
  showFields();
  if (keys().every((key) => key === "name" || key === "namespace" || question[key] !== "")) {
    void send();
  }
  return [
    title("Ask"),
    element("p", {}, "rolecall answers like the command, from the data of this page."),
    element("form", { submit: (event) => { event.preventDefault(); void send(); } },
      element("div", { class: "filters" }, select("Question", Object.entries(MEANINGS), question.command ?? "", (value) => { question.command = value; showFields(); })),
      fields,
      element("button", { type: "submit" }, "Ask")),
    output,
  ];
};

/** @param {string} key @returns {string[]} */
function suggestions(key) {
  switch (key) {
    case "verb": return [...new Set(data.cells.verb)].map(text).sort();
    case "resource": return resourceNames();
    case "subject": return [...subjectsByNotation().keys()];
    case "namespace": return namespaceNames();
    default: return [];
  }
}

/** Returns the answer of the server. @param {Record<string, string>} question @returns {Promise<HTMLElement[]>} */
async function answered(question) {
  try {
    const response = await fetch("answer", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question) });
    if (!response.ok) {
      return [warning(isolated(await response.text()))];
    }
    /** @type {Answer} */
    const answer = await response.json();
    const shown = (/** @type {string} */ output) => element("pre", { class: "answer", tabindex: "0" }, element("code", {}, lines(output)));
    return [
      ...(answer.stdout === "" ? [] : [shown(answer.stdout)]),
      ...(answer.stderr === "" ? [] : [shown(answer.stderr)]),
      section("Command", command(answer.command)),
    ];
  } catch {
    return [warning("rolecall has stopped. Run `rolecall serve` again.")];
  }
}

/** Returns output as text, with its lines. @param {string} output */
function lines(output) {
  return output.split("\n").map(visible).join("\n");
}

/** Follows the data: loads the page again when they change, and shows why they do not. */
async function follow() {
  const version = Number(document.documentElement.dataset.served);
  const state = element("span");
  const again = element("button", { type: "button" }, "Read again");
  const problem = element("div", { role: "alert" });
  const bar = element("div", { class: "served" }, state, again, problem);
  document.getElementById("notice")?.before(bar);
  again.addEventListener("click", () => { void fetch("refresh", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }); });
  let change = 0;
  for (;;) {
    try {
      const response = await fetch(`changes?since=${change}`);
      if (!response.ok) {
        throw new Error(response.statusText);
      }
      /** @type {Status} */
      const status = await response.json();
      if (status.version !== version) {
        location.reload();
        return;
      }
      change = status.change;
      state.textContent = status.isReading ? "Reading the input…" : `Data read at ${status.read}.`;
      again.toggleAttribute("disabled", status.isReading);
      problem.replaceChildren(...(status.problem === null ? [] : [warning("The input could not be read. The page shows the earlier data.\n", lines(status.problem))]));
    } catch {
      problem.replaceChildren(warning("rolecall has stopped. The page shows the last data. Run `rolecall serve` again."));
      again.toggleAttribute("disabled", true);
      await new Promise((done) => { setTimeout(done, PAUSE); });
    }
  }
}
