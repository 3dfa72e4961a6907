import { expect, test } from "bun:test";
import { chooseHosts } from "../../src/ctl/hosts/choose.ts";
import { mergeTexts } from "../../src/ctl/hosts/merge.ts";
import { drawTable } from "../../src/terminal/table.ts";

const COLUMNS = [{ head: "NAME" }, { head: "N", align: "right" as const }, { head: "SAYS" }];
const draw = (rows: string[][]) => drawTable(COLUMNS, rows, Number.POSITIVE_INFINITY);

test("mergeTexts() makes one table of tables, whatever their widths, with empty cells and spaces in them", () => {
  const first = draw([
    ["a", "1", "two words"],
    ["b", "1000", ""],
  ]);
  const second = draw([["a much longer name", "5", "x"]]);
  const texts = [
    { host: "h1", text: `${first}\n\n! something is wrong\n` },
    { host: "host2", text: second },
    { host: "h3", text: "No VM is known\n" },
  ];
  expect(mergeTexts(texts, 200).split("\n")).toEqual([
    "HOST   NAME                   N  SAYS",
    "h1     a                      1  two words",
    "h1     b                   1000",
    "host2  a much longer name     5  x",
    "",
    "h1  ! something is wrong",
    "h3  No VM is known",
  ]);
});

test("mergeTexts() keeps tables of other heads apart", () => {
  const other = drawTable([{ head: "VM" }, { head: "STATE" }], [["web1", "running"]], 200);
  const text = mergeTexts([{ host: "h", text: `${draw([["a", "1", "x"]])}\n\n${other}` }], 200);
  expect(text.split("\n\n").map((part) => part.split("\n")[0])).toEqual([
    "HOST  NAME  N  SAYS",
    "HOST  VM    STATE",
  ]);
});

test("chooseHosts() returns each host once, as ssh knows it", () => {
  const chosen = chooseHosts({ hosts: ["a,root@b", "a", "[::1],c.example.org"], inventory: undefined });
  expect(chosen?.map(({ name, address, port }) => [name, address, port])).toEqual([
    ["a", "a", undefined],
    ["root@b", "root@b", undefined],
    ["[::1]", "[::1]", undefined],
    ["c.example.org", "c.example.org", undefined],
  ]);
});

test("chooseHosts() returns nothing if no other host is meant", () => {
  expect(chooseHosts({ hosts: undefined, inventory: undefined })).toBe(undefined);
});
