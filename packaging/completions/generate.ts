import { mkdirSync, writeFileSync } from "node:fs";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { commandTable } from "./table.ts";
import { zshCompletion } from "./zsh.ts";

// Writes the completions of all shells to a directory.
const [directory = "dist/completions"] = process.argv.slice(2);
const table = commandTable();
mkdirSync(directory, { recursive: true });
writeFileSync(`${directory}/vmpowerctl.bash`, bashCompletion(table));
writeFileSync(`${directory}/vmpowerctl.zsh`, zshCompletion(table));
writeFileSync(`${directory}/vmpowerctl.fish`, fishCompletion(table));
