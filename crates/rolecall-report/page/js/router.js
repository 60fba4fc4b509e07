/** @typedef {{path: string[], query: URLSearchParams}} Route */
/** @typedef {(route: Route) => Content} View */

/** The views by the first segment of their route. @type {Record<string, View>} */
const views = {};

/** Returns a route. @param {string[]} path @param {Record<string, string>} [query] */
function route(path, query = {}) {
  const set = Object.entries(query).filter(([, value]) => value !== "");
  const search = new URLSearchParams(set).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

/** Returns the route of the page's address. @returns {Route} */
function current() {
  const hash = location.hash.replace(/^#\/?/, "");
  const mark = hash.indexOf("?");
  const path = (mark < 0 ? hash : hash.slice(0, mark)).split("/").filter((part) => part !== "");
  const query = new URLSearchParams(mark < 0 ? "" : hash.slice(mark + 1));
  try {
    return { path: path.map(decodeURIComponent), query };
  } catch {
    return { path: ["unknown"], query };
  }
}

/** Changes the address without a new entry in the history. @param {string} address */
function replace(address) {
  try {
    history.replaceState(null, "", address);
  } catch {
    // Browsers limit how often an address changes; the view does not depend on it.
  }
}

/** Shows a view, by default that of the page's address. @param {boolean} [keepsFocus] @param {Route} [shown] */
function show(keepsFocus = false, shown = current()) {
  if (location.hash !== "" && !location.hash.startsWith("#/")) {
    return;
  }
  const summary = /** @type {HTMLElement} */ (document.getElementById("summary"));
  const view = /** @type {HTMLElement} */ (document.getElementById("view"));
  const [first = ""] = shown.path;
  summary.hidden = first !== "";
  view.hidden = first === "";
  view.replaceChildren();
  if (first !== "") {
    append(view, (own(views, first) ?? unknown)(shown));
  }
  const heading = (first === "" ? summary : view).querySelector("h1");
  document.title = visible(first === "" ? data.title : `${heading?.textContent ?? ""} – ${data.title}`);
  for (const item of document.querySelectorAll("#views a")) {
    const [part = ""] = (item.getAttribute("href") ?? "").slice(2).split("/");
    item.toggleAttribute("aria-current", part === (own(TABS, first) ?? first));
    if (item.hasAttribute("aria-current")) {
      item.setAttribute("aria-current", "page");
    }
  }
  announce("");
  if (!keepsFocus) {
    heading?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

/**
 * Returns the value of a key, which comes from an address, so that it can name a property that every object has.
 * @template T
 * @param {Record<string, T>} values
 * @param {string} key
 */
function own(values, key) {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

/** The tab that belongs to the view of one object. @type {Record<string, string>} */
const TABS = {
  subject: "subjects", role: "roles", binding: "roles", bindings: "roles", namespace: "namespaces",
  workloads: "namespaces", finding: "findings", path: "paths",
};

/** @type {View} */
function unknown() {
  return [title("Not found"), element("p", {}, "The report does not contain this object. ", link("#/", "Summary"))];
}
