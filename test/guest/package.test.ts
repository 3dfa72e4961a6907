import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCpufreqTree } from "../../src/simulate/cpufreq-tree.ts";
import { originalHost } from "./original-host.ts";
import { terminalPorts } from "./terminal-ports.ts";

const ROOT = join(import.meta.dir, "../..");

let directory = "";
beforeAll(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "vm-power-package-"));
  const built = join(directory, "node_modules/vm-power-guest");
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "packaging/guest/library/build.ts", built], {
    cwd: ROOT,
  });
  if (exitCode !== 0) throw new Error(`The package cannot be built:\n${stderr}`);
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

async function run(command: readonly string[], file: string, text: string) {
  fs.writeFileSync(join(directory, file), text);
  const child = Bun.spawn([...command, file], {
    cwd: directory,
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: "/usr/bin:/bin" },
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, out, err };
}

/** Uses the package like an external program: a port in a VM, then the clocks of a machine. */
const program = (ports: string, machine: string) => `
import { openPower, returnValue } from "vm-power-guest";
const vm = openPower({ places: { virtioPorts: "${ports}" }, env: "kvm-vm" });
const said = [(await vm.init(0)).kind, (await vm.freqMin(0)).kind, returnValue(await vm.freqUp(0), 1), returnValue(vm.freqs(0), 0)];
await vm.exit(0);
const metal = openPower({ places: { cpus: "${machine}/cpus", journal: "${machine}/journal" }, env: "cpufreq" });
said.push((await metal.init(0)).kind, (await metal.freqMin(0)).kind, metal.getFreq(0).value, (await metal.exit(0)).kind);
console.log(JSON.stringify(said));
`;

describe.each([
  ["Bun", process.execPath],
  ["Node", Bun.which("node") ?? ""],
])("the package in %s", (_, runtime) => {
  test.skipIf(runtime === "")(
    `asks a host and scales a machine, and its process ends by itself${runtime === "" ? " (skipped: it is not installed)" : ""}`,
    async () => {
      const ports = terminalPorts();
      const original = originalHost("20.02");
      ports.add("virtio.serial.port.poweragent.0", original.host);
      makeCpufreqTree(join(directory, "cpus"), [
        { cpus: [0], driver: "acpi-cpufreq", khz: [2_000_000, 1_000_000] },
      ]);
      expect(await run([runtime], "program.mjs", program(ports.directory, directory))).toEqual({
        code: 0,
        out: '["granted","granted",1,-95,"granted","granted",1,"granted"]\n',
        err: "",
      });
      expect(original.index[0]).toBe(4);
      ports.remove();
    },
  );
});

test("the package has types for TypeScript", async () => {
  const tsc = [
    join(ROOT, "node_modules/.bin/tsc"),
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2022",
  ];
  const right = `import { openPower, type Outcome } from "vm-power-guest";
const outcome: Outcome = await openPower().freqMax(0);
export const reason: string = outcome.kind === "granted" ? "" : outcome.reason;`;
  expect(await run(tsc, "right.mts", right)).toEqual({ code: 0, out: "", err: "" });
  const { out } = await run(tsc, "wrong.mts", right.replace("freqMax(0)", 'freqMax("0")'));
  expect(out).toContain("'string' is not assignable to parameter of type 'number'");
});
