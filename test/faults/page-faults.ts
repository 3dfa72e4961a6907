import type { Fault } from "./fault.ts";

/** Faults in the page for Cockpit. */
export const PAGE_FAULTS: readonly Fault[] = [
  {
    promise: "the page only reads: it calls the interface that changes nothing",
    file: "src/cockpit/connection.ts",
    line: "`io.vmpower.Monitor.$",
    instead: "`io.vmpower.Control.$",
    test: "test/cockpit/played.test.ts",
    name: "it connects to the monitor socket, and calls nothing that changes anything",
    builds: true,
  },
  {
    promise: "a name is text to the page",
    file: "src/cockpit/dom.ts",
    line: "if (node.textContent !== safe) node.textContent = safe;",
    instead: "if (node.textContent !== safe) node.innerHTML = safe;",
    test: "test/cockpit/played.test.ts",
    name: "whatever a VM is called, its name is text",
    builds: true,
  },
  {
    promise: "no character of a name turns the line around",
    file: "src/cockpit/dom.ts",
    line: "const safe = printable(text);",
    instead: "const safe = text;",
    test: "test/cockpit/played.test.ts",
    name: "whatever a VM is called, its name is text",
    builds: true,
  },
  {
    promise: "the page loads nothing from elsewhere",
    file: "src/cockpit/index.html",
    line: '<script src="../base1/cockpit.js"></script>',
    instead: '<script src="https://cockpit.invalid/cockpit.js"></script>',
    test: "test/cockpit/page.test.ts",
    name: "the page loads nothing but its own files and Cockpit's library",
    builds: true,
  },
  {
    promise: "a hidden page asks nothing",
    file: "src/cockpit/session.ts",
    line: "document.hidden && hidden.resolve",
    instead: "false && hidden.resolve",
    test: "test/cockpit/page.test.ts",
    name: "a hidden page asks nothing and has no connection; shown again, it goes on",
    builds: true,
  },
];
