import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { APP_KEYS } from "../../src/config/app-keys.ts";
import type { KeysOf } from "../../src/config/key.ts";
import { KEYS, VM_KEYS } from "../../src/config/keys.ts";
import { SCHEDULE_KEYS } from "../../src/config/schedule/schedule-keys.ts";

const FILE = `${import.meta.dir}/../../etc/vm-power.conf`;

interface Documented {
  readonly section: string;
  readonly key: string;
  readonly text: string;
}

/** Reads the shipped file as an operator does: section, commented key, and the comment above it. */
function documented(content: string): (Documented & { comment: string })[] {
  const found: (Documented & { comment: string })[] = [];
  let section = "";
  let comment: string[] = [];
  for (const line of content.split("\n")) {
    const head = /^#?\[(.*)\]$/.exec(line);
    const key = /^#([A-Z]\w*)=(.*)$/.exec(line);
    if (head !== null) section = head[1] ?? "";
    else if (key !== null)
      found.push({ section, key: key[1] ?? "", text: key[2] ?? "", comment: comment.join(" ") });
    if (/^# ./.test(line)) comment.push(line.slice(2));
    else comment = [];
  }
  return found;
}

function table(): (Documented & { comment: string })[] {
  const sections: [string, KeysOf][] = [
    ...Object.entries(KEYS),
    ["schedule office", SCHEDULE_KEYS],
    ["vm web1", VM_KEYS],
    ["app redis", APP_KEYS],
  ];
  return sections.flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, { default: text, doc }]) => ({
      section,
      key,
      text: text ?? "",
      comment: doc,
    })),
  );
}

test("etc/vm-power.conf shows every key once, in order, with its default", () => {
  const strip = ({ section, key, text }: Documented) => ({ section, key, text });
  expect(documented(readFileSync(FILE, "utf8")).map(strip)).toEqual(table().map(strip));
});

test("etc/vm-power.conf explains each key with the table's words", () => {
  const shown = documented(readFileSync(FILE, "utf8"));
  const missing = table().filter(({ comment }, index) => !shown[index]?.comment.startsWith(comment));
  expect(missing).toEqual([]);
});

test("etc/vm-power.conf sets nothing", () => {
  const set = readFileSync(FILE, "utf8")
    .split("\n")
    .filter((line) => /^[^#;[]/.test(line));
  expect(set).toEqual([]);
});

test("every default is a value of its own key", () => {
  const sections: KeysOf[] = [...Object.values(KEYS), SCHEDULE_KEYS, VM_KEYS];
  const wrong = sections.flatMap((keys) =>
    Object.entries(keys).filter(
      ([, key]) => key.default !== undefined && !("value" in key.parse(key.default)),
    ),
  );
  expect(wrong).toEqual([]);
});
