import { expect, test } from "bun:test";
import { serviceConfig } from "../../src/daemon/service.ts";

test("the daemon itself is run by no arguments, or by a file of the configuration", () => {
  const runs = (...argv: string[]) => serviceConfig(argv);
  expect([
    runs(),
    runs("--config", "/a.conf"),
    runs("--config=/a.conf"),
    runs("--config=/a=b.conf"),
    runs("--config", "restore"),
  ]).toEqual(["/etc/vm-power.conf", "/a.conf", "/a.conf", "/a=b.conf", "restore"]);
});

test("other arguments are for people: a command, another option, a wrong word, no file", () => {
  const all = [
    ...[["restore"], ["--check-config"], ["--config", "/a.conf", "--check-config"], ["--help"]],
    ...[["--configure"], ["--configure=/a.conf"], ["serv"], ["--config"], ["--config="], ["--config", ""]],
    ...[["--config", "/a.conf", "restore"], ["restore", "/a.conf"], [""]],
  ];
  expect(all.map(serviceConfig)).toEqual(all.map(() => undefined));
});
