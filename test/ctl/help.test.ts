import { expect, test } from "bun:test";
import { VERBS } from "../../src/ctl/verbs/verbs.ts";
import { ctl } from "./harness.ts";

test("--version prints the version", async () => {
  expect(await ctl("--version")).toEqual({ code: 0, out: "0.1.0\n", err: "" });
});

test("--help lists every verb within 80 columns, with examples and exit codes", async () => {
  const { code, out, err } = await ctl("--help", { isTty: true, columns: 80 });
  expect([code, err]).toEqual([0, ""]);
  expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  const lines = out.split("\n");
  for (const { name, summary } of VERBS) expect(lines).toContain(`  ${name.padEnd(19)}  ${summary}`);
  expect(out).toContain("\nExamples:\n  vmpowerctl status ");
  expect(out).toContain("\nExit status:\n  0 done, 1 failed, 2 wrong usage, 3 daemon not running");
});

test.each(VERBS)("help $name explains its arguments, within 80 columns, with examples", async (verb) => {
  const { code, out, err } = await ctl(`help ${verb.name}`, { isTty: true, columns: 80 });
  expect([code, err]).toEqual([0, ""]);
  expect(await ctl(`${verb.name} --help`, { isTty: true, columns: 80 })).toEqual({ code, out, err });
  expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(out).toContain(`${verb.summary}.\n`);
  expect(out).toContain(`\nExamples:\n  vmpowerctl ${verb.name}`);
  for (const { name } of verb.arguments) expect(out).toContain(`\n  ${name} `);
  for (const { flag } of verb.options ?? []) expect(out).toContain(`\n  ${flag} `);
});

test("help of a word that is no command says so, and options show no default that means nothing", async () => {
  const err = 'There is no command "foo": vmpowerctl --help lists the commands\n';
  expect(await ctl("help foo")).toEqual({ code: 2, out: "", err });
  expect((await ctl("--help")).out).not.toContain("(default: false)");
});

/** The exit status of commands that work without a daemon. */
const WITHOUT_DAEMON: Readonly<Record<string, number>> = { doctor: 20, schema: 0 };

test("the examples are valid command lines", async () => {
  for (const [example] of VERBS.flatMap(({ examples }) => examples)) {
    const { code } = await ctl(`--socket /nowhere ${example}`);
    expect([example, code]).toEqual([example, WITHOUT_DAEMON[example.split(" ")[0] ?? ""] ?? 3]);
  }
});
