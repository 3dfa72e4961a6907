import { type Document, isAlias, isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { Inventory } from "./inventory.ts";
import { faultAt, type Place } from "./place.ts";

/** The most entries of groups that are read; aliases could repeat a part without end. */
const ENTRIES_MAX = 100_000;

/** The deepest nesting of groups. */
const NESTING_MAX = 100;

interface Reading {
  readonly inventory: Inventory;
  readonly document: Document;
  readonly placeOf: (node: Node | undefined) => Place;
  entries: number;
}

interface Entry {
  readonly name: string;
  readonly value: Node | undefined;
  readonly place: Place;
}

/**
 * Reads an inventory in Ansible's YAML format, or the same as JSON. The parser tells the lines that errors need. Without
 * a schema every scalar is the text in the file, so that a host `1.10` keeps its name.
 */
export function readYamlInventory(text: string, file: string): Inventory {
  const lineCounter = new LineCounter();
  // The parser would compare each key with all others; entriesOf() finds those that are there twice.
  const options = { lineCounter, prettyErrors: false, schema: "failsafe", uniqueKeys: false } as const;
  const document = parseDocument(text, options);
  const placeAt = (offset: number): Place => ({ file, line: lineCounter.linePos(offset).line });
  const [error] = document.errors;
  if (error !== undefined) throw faultAt(placeAt(error.pos[0]), `This is not YAML: ${error.message}`);
  const reading: Reading = {
    inventory: new Inventory(),
    document,
    placeOf: (node) => placeAt(node?.range?.[0] ?? 0),
    entries: 0,
  };
  const top = entriesOf(document.contents ?? undefined, reading);
  const plugin = top.find(({ name }) => name === "plugin");
  if (plugin !== undefined)
    throw faultAt(plugin.place, `This is the configuration of a plugin of Ansible. ${BY_ANSIBLE}`);
  for (const entry of top) readGroup(entry, reading, 1);
  return reading.inventory.close();
}

/** The remedy for inventories that only Ansible can read. */
export const BY_ANSIBLE =
  'Write an inventory with "ansible-inventory -i … --list --yaml --output FILE", and name FILE';

function readGroup({ name, value, place }: Entry, reading: Reading, depth: number): void {
  const { inventory } = reading;
  if (depth > NESTING_MAX) throw faultAt(place, `Groups are nested more than ${NESTING_MAX} deep`);
  inventory.addGroup(name, place);
  for (const part of entriesOf(value, reading)) {
    const inner = entriesOf(part.value, reading);
    switch (part.name) {
      case "hosts":
        for (const host of inner) {
          const names = inventory.addHosts(name, host.name, host.place);
          for (const variable of entriesOf(host.value, reading))
            inventory.setOfHosts(names, [variable.name, textOf(variable.value)], variable.place);
        }
        break;
      case "children":
        for (const child of inner) {
          readGroup(child, reading, depth + 1);
          inventory.addChild(name, child.name, child.place);
        }
        break;
      case "vars":
        for (const variable of inner)
          inventory.setOfGroup(name, [variable.name, textOf(variable.value)], variable.place);
        break;
      default:
        throw faultAt(
          part.place,
          `"${part.name}" is none of hosts, children and vars, which a group consists of`,
        );
    }
  }
}

/** The entries of a mapping. A text alone is an entry without a value, and nothing has none. */
function entriesOf(given: Node | undefined, reading: Reading): Entry[] {
  const node = isAlias(given) ? given.resolve(reading.document) : given;
  if (node === undefined || (isScalar(node) && ["", "null", "~"].includes(textOf(node)))) return [];
  if (isScalar(node)) return [{ name: textOf(node), value: undefined, place: reading.placeOf(given) }];
  if (!isMap<Node, Node | null>(node))
    throw faultAt(
      reading.placeOf(given),
      `This must be a mapping, with a ":" after each name. ${BY_ANSIBLE}`,
    );
  reading.entries += node.items.length;
  if (reading.entries > ENTRIES_MAX)
    throw faultAt(reading.placeOf(given), `There are more than ${ENTRIES_MAX} entries`);
  const names = new Set<string>();
  return node.items.map(({ key, value }) => {
    const [name, place] = [textOf(key), reading.placeOf(key)];
    if (names.has(name)) throw faultAt(place, `"${name}" is there twice: leave one of them out`);
    names.add(name);
    return { name, value: value ?? undefined, place };
  });
}

function textOf(node: Node | undefined): string {
  return isScalar(node) ? String(node.value ?? "") : "";
}
