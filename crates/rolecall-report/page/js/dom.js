/** @typedef {Node | string | null | undefined | Content[]} Content */

/**
 * Creates an element. Text is never parsed as HTML.
 * @param {string} name
 * @param {Record<string, string | number | boolean | ((event: Event) => void)>} [attributes]
 * @param {...Content} content
 * @returns {HTMLElement}
 */
function element(name, attributes = {}, ...content) {
  const created = document.createElement(name);
  setAttributes(created, attributes);
  append(created, content);
  return created;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * Creates an element of an image.
 * @param {string} name
 * @param {Record<string, string | number | boolean | ((event: Event) => void)>} [attributes]
 * @param {...Content} content
 * @returns {SVGElement}
 */
function shape(name, attributes = {}, ...content) {
  const created = document.createElementNS(SVG, name);
  setAttributes(created, attributes);
  append(created, content);
  return /** @type {SVGElement} */ (created);
}

/**
 * @param {Element} created
 * @param {Record<string, string | number | boolean | ((event: Event) => void)>} attributes
 */
function setAttributes(created, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      created.addEventListener(key, value);
    } else if (value !== false) {
      created.setAttribute(key, value === true ? "" : String(value));
    }
  }
}

/** @param {Element} parent @param {Content} content */
function append(parent, content) {
  if (Array.isArray(content)) {
    content.forEach((part) => append(parent, part));
  } else if (content !== null && content !== undefined) {
    parent.append(content);
  }
}

const HIDDEN = /[\u{0}-\u{1f}\u{7f}-\u{9f}\u{ad}\u{34f}\u{61c}\u{115f}-\u{1160}\u{17b4}-\u{17b5}\u{180b}-\u{180f}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{3164}\u{feff}\u{ffa0}\u{fff9}-\u{fffb}\u{fffe}-\u{ffff}\u{e0000}-\u{e007f}]/gu;

/** Shows control, invisible and direction-changing characters as `\u{..}`. @param {string} text */
function visible(text) {
  return text.replace(HIDDEN, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Returns text from the input, whose direction does not affect its surroundings. @param {string} text */
function isolated(text) {
  return element("bdi", {}, visible(text));
}

/** Returns text from the input as code. @param {string} text */
function code(text) {
  return element("code", {}, isolated(text));
}

/** Returns a link to a view. @param {string} route @param {...Content} content */
function link(route, ...content) {
  return element("a", { href: route }, ...content);
}

/**
 * Returns the heading of a view, which takes the focus.
 * @param {...Content} content
 */
function title(...content) {
  return element("h1", { tabindex: "-1" }, ...content);
}

let sections = 0;

/** Returns a section with a heading. @param {string} heading @param {...Content} content */
function section(heading, ...content) {
  const id = `section-${sections++}`;
  return element("section", { "aria-labelledby": id }, element("h2", { id }, heading), ...content);
}

/** Returns a message about a limit of the answer. @param {...Content} content */
function warning(...content) {
  return element("div", { class: "warning", role: "note" }, ...content);
}

/** Returns a command and a button that copies it. @param {string} line */
function command(line) {
  const button = element("button", { type: "button", "aria-label": `Copy ${visible(line)}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(line);
      announce("Copied.");
      button.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(shown);
      getSelection()?.removeAllRanges();
      getSelection()?.addRange(range);
      announce("The command is selected: copy it with the keyboard.");
    }
  });
  const shown = code(line);
  return element("div", { class: "command" }, shown, button);
}

/** Announces a change to screen readers. @param {string} message */
function announce(message) {
  const notice = document.getElementById("notice");
  if (notice) {
    notice.textContent = message;
  }
}

/** The characters with an escape of their own. @type {Record<string, string>} */
const ESCAPES = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "'": "\\'", "\\": "\\\\" };

/**
 * Quotes an argument for a shell as the command does. A terminal obeys control characters, also pasted ones, so the
 * result contains none.
 * @param {string} argument
 */
function quote(argument) {
  if (/^[A-Za-z0-9_./:=@%+,-]+$/.test(argument) && !argument.startsWith("::")) {
    return argument;
  }
  if (visible(argument) === argument && !argument.includes("##")) {
    return `'${argument.replaceAll("'", "'\\''")}'`;
  }
  const octal = (/** @type {string} */ c) => [...new TextEncoder().encode(c)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  const parts = [...argument].map((c, position, all) =>
    ESCAPES[c] ?? (visible(c) !== c || (c === "#" && all[position - 1] === "#") ? octal(c) : c));
  return `$'${parts.join("")}'`;
}

/** Returns a command of rolecall that reads the same input. @param {string[]} words */
function rolecall(words) {
  return [data.command, ...words.map(quote)].join(" ") + (data.sources ? ` ${data.sources}` : "");
}

/** Returns a count with its noun. @param {number} count @param {string} noun */
function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** The rows that a table shows at once. */
const PAGE = 100;

/**
 * Returns a table of which one page at a time is in the document.
 * @template T
 * @param {string} caption
 * @param {string[]} headings
 * @param {T[]} rows
 * @param {(row: T) => Content[]} cells
 * @param {number} [page]
 */
function table(caption, headings, rows, cells, page = PAGE) {
  const body = element("tbody");
  const status = element("span", { role: "status" });
  const previous = element("button", { type: "button" }, "Previous");
  const next = element("button", { type: "button" }, "Next");
  let start = 0;
  const show = () => {
    body.replaceChildren(...rows.slice(start, start + page).map((row) => {
      const [first, ...rest] = cells(row);
      return element("tr", {}, element("th", { scope: "row" }, first), rest.map((cell) => element("td", {}, cell)));
    }));
    const end = Math.min(start + page, rows.length);
    status.textContent = `${(start + 1).toLocaleString("en")} to ${end.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
    previous.toggleAttribute("disabled", start === 0);
    next.toggleAttribute("disabled", end === rows.length);
  };
  const turn = (/** @type {number} */ by) => () => {
    start = Math.max(0, start + by);
    show();
    top.scrollIntoView({ block: "nearest" });
  };
  previous.addEventListener("click", turn(-page));
  next.addEventListener("click", turn(page));
  const head = element("thead", {}, element("tr", {}, headings.map((heading) => element("th", { scope: "col" }, heading))));
  const top = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table: ${caption}` },
    element("table", {}, element("caption", { class: "hidden" }, caption), head, body));
  if (!rows.length) {
    return element("p", { class: "muted" }, "None.");
  }
  show();
  return element("div", {}, top, rows.length > page ? element("div", { class: "pager" }, previous, next, status) : null);
}
