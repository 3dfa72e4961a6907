import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { makeTestHost, type TestHost } from "./host.ts";
import { DOWN, MIN, scale } from "./port.ts";
import { until } from "./until.ts";

let host: TestHost;
afterEach(() => host.remove());

const VMPOWERCTL = join(import.meta.dir, "../../dist/vmpowerctl");
const noTmux = Bun.which("tmux") === null ? " (skipped without tmux)" : "";

async function start() {
  host = makeTestHost({
    sections: "[vm web1]\nVcpus=2,77\nMinKhz=1700000\n[vm a]\nVcpus=4\n[vm b]\nVcpus=5\n",
  });
  const [web1, a, b] = [host.port("web1", 0), host.port("a", 0), host.port("b", 0)];
  await host.start();
  await Promise.all([web1.ready(), a.ready(), b.ready()]);
  await web1.ask(scale(0, MIN), 464);
  await web1.ask(scale(1, MIN), 464);
  await a.ask(scale(0, MIN), 464);
  await b.ask(scale(0, DOWN), 464);
}

test("GetLoad names an operator as the limit only of what has another speed than it asked for", async () => {
  await start();
  host.run("vmpowerctl", "set-cpu-freq", "4", "min", "--hold");
  const { vcpus } = host.ask("top", "--once") as { vcpus: { vm: string; bound?: string }[] };
  expect(vcpus.slice(2).map(({ vm, bound }) => [vm, bound])).toEqual([
    ["a", undefined],
    ["b", "operator"],
  ]);
});

test("GetLoad returns for every vCPU its request, its grant, its limit, and the counters of its VM", async () => {
  await start();
  const { vms, vcpus } = host.ask("top", "--once") as {
    vms: { vm: string; p99Us?: number }[];
    vcpus: object[];
  };
  const about = { state: "claims", requests: 1 };
  expect(vcpus).toEqual([
    {
      ...about,
      vm: "web1",
      vcpu: 0,
      pcpus: [2],
      asked: "min",
      askedKhz: 1_700_000,
      grantedKhz: 1_700_000,
      actualKhz: expect.any(Number),
      bound: "MinKhz",
    },
    { vm: "web1", vcpu: 1, pcpus: [77], state: "cpu-not-managed", requests: 1 },
    {
      ...about,
      vm: "a",
      vcpu: 0,
      pcpus: [4],
      asked: "min",
      askedKhz: 1_200_000,
      grantedKhz: 2_300_000,
      actualKhz: expect.any(Number),
      bound: "b:0",
    },
    {
      ...about,
      vm: "b",
      vcpu: 0,
      pcpus: [5],
      asked: "down",
      askedKhz: 2_300_000,
      grantedKhz: 2_300_000,
      actualKhz: expect.any(Number),
    },
  ]);
  expect(vms[0]).toEqual({
    vm: "web1",
    state: "running",
    requests: 2,
    refused: 1,
    drops: 0,
    p99Us: expect.any(Number),
    stages: {
      ...{ decideUs: expect.any(Number), writeUs: expect.any(Number), replyUs: expect.any(Number) },
      readBackUs: expect.any(Number),
    },
  } as never);
});

describe.skipIf(noTmux !== "")(`top in a real terminal${noTmux}`, () => {
  const tmux = (...args: string[]) =>
    Bun.spawnSync(["tmux", "-f", "/dev/null", "-L", `vm-power-${process.pid}`, ...args]).stdout.toString();
  const shown = () => tmux("capture-pane", "-p");
  afterEach(() => void tmux("kill-server"));

  async function watch() {
    await start();
    const command = `echo before; ${VMPOWERCTL} --socket ${host.directory}/run/control.sock top --sort vm; echo after $?`;
    tmux("new-session", "-d", "-x", "80", "-y", "24", `sh -c '${command}; sleep 60'`);
    await until(() => shown().includes("q quit"), 5000);
  }

  test("fills 80 x 24, handles keys and a resize, and restores the terminal", async () => {
    await watch();
    const lines = shown().split("\n");
    expect([lines.length, lines[3], lines[4]?.slice(0, 50)]).toEqual([
      25,
      "VM     VCPU CPU   ASKED GRANT   NOW LIMIT      REQ/S DROPS  P99us STATE",
      "a         0 4     1.200 2.300 2.301 b:0            ".slice(0, 50),
    ]);
    // A line of 80 letters keeps its last one.
    tmux("send-keys", "h");
    await until(() => shown().includes("sort by VM, CPU, ASKED, GRANT, NOW, REQ/S, DROPS, P99, STATE\n"));
    tmux("send-keys", "x");
    await until(() => shown().includes("q quit"));
    tmux("send-keys", "/");
    tmux("send-keys", "web1");
    await until(() => shown().includes('shown: "web1"') && shown().includes("filter: web1_"));
    tmux("send-keys", "Enter");
    tmux("resize-window", "-x", "100", "-y", "10");
    await until(() => shown().split("\n")[9]?.startsWith("q quit") === true);
    tmux("send-keys", "q");
    await until(() => shown().includes("after 0"));
    expect([shown().includes("before"), shown().includes("VCPU")]).toEqual([true, false]);
  }, 15_000);

  test("restores the terminal also when it is killed", async () => {
    await watch();
    const [pid = ""] = tmux("list-panes", "-F", "#{pane_pid}").trim().split("\n");
    Bun.spawnSync(["pkill", "-TERM", "-P", pid, "vmpowerctl"]);
    await until(() => shown().includes("after 143"));
    expect([shown().includes("before"), tmux("display-message", "-p", "#{alternate_on}").trim()]).toEqual([
      true,
      "0",
    ]);
  }, 15_000);
});
