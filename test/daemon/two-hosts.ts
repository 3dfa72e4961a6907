import { afterEach, beforeEach } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";

export const VMPOWERCTL = join(import.meta.dir, "../../dist/vmpowerctl");

/** Makes two hosts for each test of the file, and an `ssh` that reaches them as "near" and "root@far". */
export function twoHosts() {
  let near: TestHost;
  let far: TestHost;

  beforeEach(async () => {
    near = makeTestHost({ sections: "[vm web1]\nVcpus=2\n[vm a-long-name]\nVcpus=3\n" });
    far = makeTestHost({ sections: "[vm db]\nVcpus=0,1\n" });
    await Promise.all([near.start(), far.start()]);
    script(
      "ssh",
      `
port=
while [ "$1" != "--" ]; do [ "$1" = -p ] && port=,$2; echo "$1" >> ${near.directory}/options; shift; done
host=$2; shift 2
echo "$*" >> ${near.directory}/commands
[ "$host" = down ] && { printf 'ssh: connect to host down port 22: No route to host\\r\\n' >&2; exit 255; }
[ "$host" = silent ] && exec sleep 60
[ "$host" = many ] && exec cat ${near.directory}/status
[ "$host" = bare ] && { echo 'sh: 1: vmpowerctl: not found' >&2; exit 127; }
PATH=${near.directory}/$host$port:$PATH exec sh -c "$*"`,
    );
    for (const [name, { directory }] of [["near", near] as const, ["root@far", far] as const])
      script(`${name}/vmpowerctl`, `exec ${VMPOWERCTL} --socket ${directory}/run/control.sock "$@"`);
  });
  afterEach(async () => {
    await near.remove();
    await far.remove();
  });

  function script(name: string, text: string): void {
    const path = join(near.directory, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
  }

  function write(name: string, text: string): string {
    const path = join(near.directory, name);
    writeFileSync(path, text);
    return path;
  }

  /** The environment in which that `ssh` is found. */
  const env = () => ({ ...process.env, PATH: `${near.directory}:${process.env["PATH"]}` });
  function ctl(...args: readonly string[]): { code: number; out: string; err: string } {
    const { exitCode, stdout, stderr } = Bun.spawnSync([VMPOWERCTL, ...args], { env: env() });
    return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
  }

  return {
    get near() {
      return near;
    },
    get far() {
      return far;
    },
    script,
    write,
    env,
    ctl,
  };
}
