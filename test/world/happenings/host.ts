import { BAD_RELOADS, GOOD_RELOADS } from "../players/config.ts";
import { babble, call } from "../players/operator.ts";
import type { World } from "../world.ts";
import { happening } from "./happening.ts";

/** What operators order. */
export const OPERATOR_HAPPENINGS = [
  happening("operator looks", 6, (world, random) => {
    const method = random.pick([
      "GetStatus",
      "ListVms",
      "ListCpus",
      "Verify",
      "ListChannels",
      "GetMetrics",
      "ListHolds",
    ]);
    call(world, method, {}, () => {});
    return method;
  }),
  happening("operator asks why", 4, (world, random) => {
    const names = [...world.vms.keys()];
    const cpu = random.below(world.kernel.hardware.cpus);
    if (random.chance(0.5)) call(world, "Explain", { cpu }, () => {});
    else call(world, "ShowVm", { vm: random.pick(names) }, () => {});
    return "why";
  }),
  happening("operator orders", 6, (world, random) => {
    const cpu = random.below(world.kernel.hardware.cpus);
    const to = random.pick(["min", "max", "release", "release"] as const);
    orderCpu(world, { cpu, to });
    return `CPU ${cpu} ${to}`;
  }),
  happening("operator orders for a while", 3, (world, random) => {
    const cpu = random.below(world.kernel.hardware.cpus);
    const to = random.pick(["min", "max"] as const);
    const forSeconds = random.pick([2, 20, 200]);
    orderCpu(world, { cpu, to, forSeconds });
    return `CPU ${cpu} ${to} for ${forSeconds} s`;
  }),
  happening("operator babbles", 2, (world, random) => {
    const bytes = new Uint8Array(random.pick([1, 100, 70_000]));
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.bits();
    babble(world, bytes);
    return `${bytes.length} bytes`;
  }),
  happening("operators flood", 1, (world, random) => {
    for (let i = random.between(20, 100); i > 0; i--) call(world, "GetStatus", {}, () => {});
    return "GetStatus";
  }),
  happening("reload of a good configuration", 2, (world, random) => {
    world.configure(random.pick(GOOD_RELOADS));
    world.service.reload();
    return "good";
  }),
  happening("reload of a bad configuration", 2, (world, random) => {
    world.configure(random.pick(BAD_RELOADS));
    world.service.reload();
    // Nobody leaves it like that, so a restart finds a good one.
    world.timeline.after(200, () => world.configure());
    return "bad";
  }),
];

/** What happens to the daemon and its host. */
export const HOST_HAPPENINGS = [
  happening("daemon is stopped", 2, (world, random) => {
    if (!world.service.isRunning) return undefined;
    world.service.stop();
    world.timeline.after(random.pick([3000, 60_000]), () => world.service.start());
    return "SIGTERM";
  }),
  happening("daemon is restarted", 4, (world) => {
    if (!world.service.isRunning) return undefined;
    world.service.restart();
    return "restart";
  }),
  happening("daemon is upgraded", 1, (world) => {
    if (!world.service.isRunning) return undefined;
    world.service.restart({ wasOld: true });
    return "from the first version";
  }),
  happening("daemon is killed", 3, (world) => {
    if (!world.service.isRunning) return undefined;
    world.service.kill();
    return "SIGKILL";
  }),
  happening("daemon is killed before a write", 2, ({ service }, random) => {
    if (service.program === undefined) return undefined;
    service.program.diesBeforeChange = random.below(12);
    return `before change ${service.program.diesBeforeChange}`;
  }),
  happening("daemon is killed while it starts", 2, (world, random) => {
    if (!world.service.isRunning) return undefined;
    world.service.stop();
    const changes = random.below(15);
    world.timeline.after(2000, () => world.service.start(changes));
    return `before change ${changes}`;
  }),
  happening("wall clock jumps", 2, (world, random) => {
    const byMs = random.pick([
      -3_600_000,
      3_600_000,
      86_400_000,
      -600_000,
      1000 * random.between(-9999, 9999),
    ]);
    return setWall(world, byMs);
  }),
  happening("disk fault", 2, (world, random) => {
    const mount = random.pick(["/run/vm-power", "/var/lib/vm-power"]);
    world.setDiskFault(mount, random.pick(["full", "read-only", "broken"] as const));
    world.timeline.after(random.pick([500, 3000, 15_000]), () => world.disk.faults.delete(mount));
    for (const policy of world.kernel.policies()) world.judge.model.memoryOf(policy).isDirty = true;
    world.refusedMs = world.timeline.nowMs;
    return `${mount} ${world.disk.faults.get(mount)}`;
  }),
  happening("power fails", 0.5, (world, random) => {
    world.powerFails(random);
    return "power";
  }),
];

/** Somebody sets the clock. */
export function setWall({ timeline, judge }: World, byMs: number): string {
  timeline.setWall(byMs);
  judge.model.orders.wallJumps();
  return `${byMs} ms`;
}

/** An order of an operator that guests cannot change, or its end. */
interface CpuOrder {
  readonly cpu: number;
  readonly to: "min" | "max" | "release";
  readonly forSeconds?: number;
  /** Whether the daemon must know by now that the CPU is away. */
  readonly mustFail?: boolean;
}

/** Gives an order, and tells the model. */
export function orderCpu(world: World, { cpu, to, forSeconds, mustFail = false }: CpuOrder): void {
  const { model } = world.judge;
  const clock = model.clockOf(cpu);
  const { table } = model;
  // "max" goes to the highest speed, or to the highest without turbo, as it stands.
  const tops = table.turbo === undefined ? [0] : [0, table.turbo.base];
  const wanted = to === "release" ? [undefined] : to === "min" ? [table.khz.length - 1] : tops;
  // It is counted from when the daemon takes it, within this turn of the world or the next.
  const endsMs = forSeconds === undefined ? undefined : world.timeline.nowMs + forSeconds * 1000;
  const order = model.orders.gives(
    { clock, cpu, isOnline: world.kernel.isOnline[cpu] === true, nowMs: world.timeline.nowMs },
    wanted,
    endsMs,
  );
  world.judge.anyAsked = true;
  call(world, "SetCpuFreq", { cpus: [cpu], to, hold: to !== "release", forSeconds }, (reply) => {
    const [result] =
      (reply?.parameters as { results?: { ok: boolean; notRemembered?: string }[] })?.results ?? [];
    if (mustFail && result?.ok === true)
      world.fail("operators", `an order for CPU ${cpu}, which is away, was accepted`);
    if (result?.ok === true && result.notRemembered === undefined) order.granted();
    else if (reply !== undefined && result?.ok !== true) order.refused();
  });
}
