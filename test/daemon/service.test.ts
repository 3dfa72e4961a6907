import { expect, test } from "bun:test";
import { isService } from "../../src/daemon/program.ts";

test("the daemon itself is run by no arguments, or by a file of the configuration", () => {
  const runs = (...argv: string[]) => isService(argv);
  expect([
    runs(),
    runs("--config", "/a.conf"),
    runs("--config=/a.conf"),
    runs("--config", "restore"),
  ]).toEqual(Array.from({ length: 4 }, () => true));
});

test("other arguments are for people: a command, another option, a wrong word", () => {
  const all = [
    ["restore"],
    ["--check-config"],
    ["--config", "/a.conf", "--check-config"],
    ["--help"],
    ["--configure"],
    ["serv"],
  ];
  expect(all.filter((argv) => isService(argv))).toEqual([]);
});
