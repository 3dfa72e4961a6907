import { afterAll, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { CONTROL } from "../../src/admin/control-interface.ts";
import { eventually, serve } from "./harness.ts";
import { sampleControl } from "./sample-control.ts";

const GENERATOR = "varlink-go-interface-generator";
const LIBRARY = "/usr/share/gocode/src/github.com/varlink/go";

const missing = [
  ...["go", GENERATOR].filter((program) => Bun.which(program) === null),
  ...[LIBRARY].filter((path) => !existsSync(path)),
];
const why =
  missing.length === 0
    ? ""
    : ` (skipped: no ${missing.join(", no ")}; apt-get install golang-go varlink-go golang-github-varlink-go-dev)`;

const dir = mkdtempSync(`${tmpdir()}/vm-power-foreign-`);
afterAll(() => rmSync(dir, { recursive: true }));

async function run(command: string[], env: Record<string, string> = {}): Promise<string> {
  const child = Bun.spawn(command, { env: { ...process.env, ...env }, stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${out}${err}`);
  return out + err;
}

/** Builds the client from the output of the foreign generator for our description. */
async function buildClient(): Promise<string> {
  const source = `${dir}/src/vmpower`;
  const generated = `${source}/iovmpowercontrol`;
  mkdirSync(generated, { recursive: true });
  // Debian's generator accepts only lower-case interface names, which varlink does not require. The generated code gets
  // our name back.
  const lowered = CONTROL.text.replace("interface io.vmpower.Control", "interface io.vmpower.control");
  await Bun.write(`${generated}/control.varlink`, lowered);
  const said = await run([GENERATOR, `${generated}/control.varlink`]);
  expect(said).toBe("");
  const code = `${generated}/iovmpowercontrol.go`;
  await Bun.write(
    code,
    (await Bun.file(code).text()).replaceAll('"io.vmpower.control.', '"io.vmpower.Control.'),
  );
  copyFileSync(`${import.meta.dir}/foreign/client.go`, `${source}/client.go`);
  await run(["go", "build", "-o", `${dir}/client`, "vmpower"], {
    GO111MODULE: "off",
    GOPATH: `${dir}:/usr/share/gocode`,
    GOFLAGS: "-p=2",
  });
  return `${dir}/client`;
}

test.skipIf(missing.length > 0)(
  `a foreign client introspects, calls and streams${why}`,
  async () => {
    const client = await buildClient();
    const control = sampleControl();
    const served = await serve(control);
    const output = run([client, served.path]);
    await eventually(() => control.subscribers.size > 0);
    for (const subscriber of control.subscribers) {
      subscriber.send({ atMs: 1, kind: "vm", message: "one" });
      subscriber.end({ atMs: 2, kind: "daemon", message: "exiting" });
    }
    expect((await output).split("\n")).toEqual([
      "info vm-power 1.2.3 [io.vmpower.Control io.vmpower.Monitor org.varlink.service]",
      `description ${CONTROL.methods.size} methods`,
      "no interface: *varlink.InterfaceNotFound",
      "vm web.1 running 2300000 not pinned add the user to TrustedUsers in [channels]",
      "no vm: *iovmpowercontrol.NoSuchVm nope",
      "set 1 true 2300000 not managed: no cpufreq directory",
      "cpus 2 [2301000 2300000 1800000 1200000]",
      "wrong: *varlink.InvalidParameter vm",
      "subscribed",
      "event one 0 true",
      "event exiting 0 false",
      "",
    ]);
    await served.close();
  },
  60_000,
);
