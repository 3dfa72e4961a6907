import { mkdirSync, writeFileSync } from "node:fs";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { daemonTable, guestTable, operatorTable } from "./table.ts";
import { zshCompletion } from "./zsh.ts";

// Writes the completions of all programs for all shells to a directory.
const [directory = "dist/completions"] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
for (const table of [operatorTable(), daemonTable(), guestTable()]) {
  writeFileSync(`${directory}/${table.program}.bash`, bashCompletion(table));
  writeFileSync(`${directory}/${table.program}.zsh`, zshCompletion(table));
  writeFileSync(`${directory}/${table.program}.fish`, fishCompletion(table));
}
