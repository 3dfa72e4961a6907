import { Inventory } from "./inventory.ts";
import { faultAt, type Place } from "./place.ts";

/** Reads an inventory in Ansible's INI format. A plain list of hosts is one without groups. */
export function readIniInventory(text: string, file: string): Inventory {
  const inventory = new Inventory();
  const wanted: { readonly name: string; readonly place: Place }[] = [];
  const declared = new Set(["all", "ungrouped"]);
  let section = { group: "ungrouped", kind: "hosts" };
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    const place = { file, line: index + 1 };
    if (line === "" || /^[#;]/.test(line)) continue;
    const head = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(line);
    if (head !== null) {
      section = { group: head[1] ?? "", kind: head[2] ?? "hosts" };
      if (!["hosts", "children", "vars"].includes(section.kind))
        throw faultAt(place, `"${line}" is neither [GROUP], [GROUP:children] nor [GROUP:vars]`);
      inventory.addGroup(section.group, place);
      if (section.kind === "vars") wanted.push({ name: section.group, place });
      else declared.add(section.group);
    } else if (section.kind === "hosts") readHosts(inventory, section.group, line, place);
    else if (section.kind === "vars") readGroupVariable(inventory, section.group, line, place);
    else {
      const child = line.replace(/\s*#.*$/, "");
      inventory.addChild(section.group, child, place);
      wanted.push({ name: child, place });
    }
  }
  const missing = wanted.find(({ name }) => !declared.has(name));
  if (missing !== undefined)
    throw faultAt(missing.place, `There is no group "${missing.name}": add a section [${missing.name}]`);
  return inventory.close();
}

function readHosts(inventory: Inventory, group: string, line: string, place: Place): void {
  const [pattern = "", ...variables] = wordsOf(line, place);
  const names = inventory.addHosts(group, pattern, place);
  for (const word of variables) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || value === undefined)
      throw faultAt(
        place,
        `"${word}" is not a variable like ansible_host=192.0.2.1: one host stands on a line`,
      );
    inventory.setOfHosts(names, [name, value], place);
  }
}

function readGroupVariable(inventory: Inventory, group: string, line: string, place: Place): void {
  const [, name, value] = /^([^=]*[^=\s])\s*=\s*(.*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined)
    throw faultAt(place, `"${line}" is not a variable like ansible_user=root`);
  const [, , quoted] = /^(["'])(.*)\1$/.exec(value) ?? [];
  inventory.setOfGroup(group, [name, quoted ?? value], place);
}

/** Splits a line as a shell does, up to a comment. */
function wordsOf(line: string, place: Place): string[] {
  const words: string[] = [];
  let rest = line;
  while (rest !== "" && !rest.startsWith("#")) {
    const word = /^(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/.exec(rest)?.[0];
    if (word === undefined) throw faultAt(place, `A quote has no end: ${line}`);
    words.push(
      word.replace(
        /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
        (_, escaped, double, single) => escaped ?? single ?? (double ?? "").replace(/\\(["\\])/g, "$1"),
      ),
    );
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}
