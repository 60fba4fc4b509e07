const js = require("@eslint/js");

module.exports = [
  js.configs.recommended,
  {
    files: ["js/*.js"],
    languageOptions: { sourceType: "script", ecmaVersion: 2024 },
    rules: {
      // The files are one script; `tsc` checks the names.
      "no-undef": "off",
      "no-unused-vars": ["error", { vars: "local" }],
      "no-redeclare": "off",
      // Another file assigns it.
      "no-unassigned-vars": "off",
      // Names from the input contain control characters on purpose.
      "no-control-regex": "off",
      "no-misleading-character-class": "off",
      "eqeqeq": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-restricted-properties": ["error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => ({ property, message: "Text from the input must never be parsed as HTML." }))],
      "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "WebSocket", "EventSource"],
    },
  },
  {
    // The only file that makes requests. It is not a part of pages in files.
    files: ["js/serve.js"],
    rules: { "no-restricted-globals": "off" },
  },
];
