import { appendFileSync, chmodSync, readFileSync } from "node:fs";
import { makeCpufreqTree } from "../../src/simulate/cpufreq-tree.ts";
import { startVm } from "../../src/simulate/guest.ts";

// Plays the kernel, QEMU and a guest inside the host: makes CPUs of plain files and the channels of one VM, sends the
// requests that are written to a file, and records every state of the clocks that it sees.
const [place = "/sim", channels = "/tmp/powermonitor"] = process.argv.slice(2);
const KHZ = [2_301_000, 2_300_000, 2_000_000, 1_700_000, 1_400_000, 1_200_000];

process.umask(0);
const tree = makeCpufreqTree(`${place}/cpu`, [{ cpus: [0, 1, 2, 3], driver: "acpi-cpufreq", khz: KHZ }]);
// As for the kernel's files: only their owner may change them.
for (const cpu of [0, 1, 2, 3])
  for (const file of ["scaling_governor", "scaling_setspeed"])
    chmodSync(`${tree.root}/cpu${cpu}/cpufreq/${file}`, 0o644);
const ports = startVm({ name: "web1", packetSize: 464, pcpus: [2, 3] }, channels);

let last = "";
setInterval(() => {
  const now = [2, 3].map(
    (cpu) => `${tree.read(cpu, "scaling_governor")} ${tree.read(cpu, "scaling_setspeed")}`,
  );
  if (now.join() === last) return;
  last = now.join();
  appendFileSync(`${place}/seen`, `${now.join(", ")}\n`);
}, 1);

// "7 0 min" in the file "ask" is the seventh request, for vCPU 0; its reply goes to the file "answer".
for (const file of ["ask", "answer"]) appendFileSync(`${place}/${file}`, "");
let answered = "";
setInterval(async () => {
  const [id = "", vcpu = "", what = ""] = readFileSync(`${place}/ask`, "utf8").trim().split(" ");
  if (id === answered || (what !== "min" && what !== "max" && what !== "up" && what !== "down")) return;
  answered = id;
  appendFileSync(`${place}/answer`, `${(await ports[Number(vcpu)]?.ask(what)) ?? "no such port"}\n`);
}, 5);
appendFileSync(`${place}/ready`, "");
