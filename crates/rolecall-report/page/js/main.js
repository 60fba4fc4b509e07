/** The rows of each table of search results. */
const FOUND = 20;

views.search = ({ query }) => searchResults(query.get("q") ?? "");

/** @param {string} words @returns {Content} */
function searchResults(words) {
  if (words.trim() === "") {
    return [title("Search"), element("p", {}, "Enter part of a name, such as shop web.")];
  }
  const found = matching(words);
  const { namespaces, workloads } = data;
  const subjects = findSubjects(words, "", "");
  const roles = findObjects("roles", words, "", true);
  const bindings = findObjects("bindings", words, "", true);
  const named = namespaces.name.filter((name) => matches(found, [name]));
  const running = workloads.name.map((_, row) => row).filter((row) => matches(found, [workloads.name[row] ?? 0, workloads.namespace[row] ?? 0]));
  return [
    title("Search for ", isolated(words)),
    subjects.length ? section(counted(subjects.length, "subject"), subjectTable(subjects, FOUND)) : null,
    roles.length ? section(counted(roles.length, "role"), table("Roles", ["Role", "Bindings"], roles, (role) => [objectLink("roles", role), String(bindingsByRole().get(role)?.length ?? 0)], FOUND)) : null,
    named.length ? section(counted(named.length, "namespace"), table("Namespaces", ["Namespace"], named, (name) => [namespaceLink(text(name))], FOUND)) : null,
    bindings.length ? section(counted(bindings.length, "binding"), bindingTable(bindings, FOUND)) : null,
    running.length ? section(counted(running.length, "workload"), workloadTable(running, FOUND)) : null,
    subjects.length + roles.length + named.length + bindings.length + running.length ? null : element("p", {}, "No name contains these words."),
  ];
}

/** Starts the page. */
async function start() {
  const view = /** @type {HTMLElement} */ (document.getElementById("view"));
  const box = /** @type {HTMLInputElement} */ (document.getElementById("search-text"));
  if (typeof DecompressionStream === "undefined") {
    announce("This browser cannot read the data of the report. The summary is complete; use a browser from 2023 or later for the other views.");
    return;
  }
  try {
    data = await decode();
  } catch {
    announce("The data of the report is damaged. The summary is complete.");
    return;
  }
  for (const [view, isShown] of /** @type {[string, boolean][]} */ ([["paths", !!data.paths], ["usage", !!data.usage]])) {
    if (!isShown) {
      document.querySelector(`#views a[href="#/${view}"]`)?.closest("li")?.remove();
    }
  }
  served?.start();
  box.addEventListener("input", () => {
    const address = route(["search"], { q: box.value });
    if (current().path[0] === "search") {
      replace(address);
    } else {
      history.pushState(null, "", address);
    }
    show(true, { path: ["search"], query: new URLSearchParams({ q: box.value }) });
  });
  document.getElementById("search")?.addEventListener("submit", (event) => {
    event.preventDefault();
    view.querySelector("h1")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  });
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    /** @type {HTMLElement | null} */ (document.querySelector("main > :not([hidden]) h1"))?.focus();
  });
  addEventListener("popstate", () => show());
  show(current().path.length === 0);
  performance.mark("ready");
  document.documentElement.dataset.ready = "true";
  // The first search needs these.
  setTimeout(() => [matching("a"), bindingsBySubject(), bindingsByRole(), workloadsBySubject()]);
}

void start();
