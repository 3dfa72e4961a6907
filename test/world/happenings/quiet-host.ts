import { LocalHours } from "../judge/local-hours.ts";
import { isIn } from "../judge/schedules.ts";
import { happening } from "./happening.ts";
import { orderCpu, setWall } from "./host.ts";
import { switchCpu } from "./kernel.ts";
import { politeGuest } from "./quiet-guests.ts";

const HOUR_MS = 3_600_000;

/** What operators, the kernel and other programs do while nothing else happens. */
export const QUIET_HOST = {
  quietOrder: happening("quiet order", 0, (world, random) => {
    if (!world.isFair || world.kernel.hardware.cpus < 2) return undefined;
    world.disturb();
    world.ordered = random.between(1, world.kernel.hardware.cpus - 1);
    orderCpu(world, { cpu: world.ordered, to: random.pick(["min", "max"]) });
    return `CPU ${world.ordered}`;
  }),
  /** Further orders for the CPU are refused: by the kernel, or because it is away. */
  quietRefusedOrders: happening("quiet refused orders", 0, (world) => {
    const { kernel, judge, ordered: cpu } = world;
    if (cpu === undefined) return undefined;
    world.disturb();
    const isAway = kernel.isOnline[cpu] !== true;
    const policy = isAway ? undefined : kernel.policyOf[cpu];
    if (policy !== undefined) {
      for (const one of judge.model.sharing(policy)) judge.model.memoryOf(one).isDirty = true;
      policy.refuses = "EBUSY";
      world.timeline.after(500, () => {
        policy.refuses = undefined;
      });
    }
    for (const to of ["min", "max"] as const) orderCpu(world, { cpu, to, mustFail: isAway });
    return `CPU ${cpu}${isAway ? ", which is away" : ""}`;
  }),
  /** The CPU of the order goes, or comes back. */
  quietSwitch: happening("quiet switch", 0, (world) => {
    const { ordered } = world;
    if (ordered === undefined) return undefined;
    world.disturb();
    switchCpu(world, ordered);
    return `CPU ${ordered} ${world.kernel.isOnline[ordered] ? "on" : "off"}`;
  }),
  /** Another CPU of its clock goes, or comes back. */
  quietSwitchOther: happening("quiet switch of another", 0, (world) => {
    const first =
      world.switched ?? (world.ordered === undefined ? 0 : world.judge.model.clockOf(world.ordered));
    if (first === 0 || first === world.ordered) return undefined;
    world.switched = world.switched === undefined ? first : undefined;
    world.disturb();
    switchCpu(world, first);
    return `CPU ${first} ${world.kernel.isOnline[first] ? "on" : "off"}`;
  }),
  quietRelease: happening("quiet release", 0, (world) => {
    const { ordered } = world;
    if (ordered === undefined) return undefined;
    world.ordered = undefined;
    world.disturb();
    orderCpu(world, { cpu: ordered, to: "release" });
    return `CPU ${ordered}`;
  }),
  /** The order is for a while. */
  quietTimedOrder: happening("quiet order for a while", 0, (world, random) => {
    if (!world.isFair) return undefined;
    world.disturb();
    const cpu = random.below(world.kernel.hardware.cpus);
    orderCpu(world, { cpu, to: random.pick(["min", "max"]), forSeconds: 15 });
    return `CPU ${cpu}`;
  }),
  /** Another program sets a clock as it neither was nor should be. */
  quietDrift: happening("quiet drift", 0, (world, random) => {
    const { kernel, judge } = world;
    const held = kernel.policies().filter((policy) => judge.model.memoryOf(policy).isHeld);
    if (!world.isFair || held.length === 0) return undefined;
    const policy = random.pick(held);
    const { governor } = judge.model.memoryOf(policy).found;
    world.disturb();
    world.isDisputed = true;
    const other =
      governor === "powersave" || policy.state.governor === "powersave" ? "performance" : "powersave";
    kernel.write(policy, "scaling_governor", other);
    return `${policy.name} ${other}`;
  }),
  /** Before a guest asks, another program raises the lower limits of its CPUs. */
  quietRaise: happening("quiet raise", 0, (world, random) => {
    const guest = world.isFair ? politeGuest(world, random) : undefined;
    if (guest === undefined) return undefined;
    world.disturb();
    world.tried = guest.vm;
    for (const cpu of new Set(guest.vm.pins.flat())) {
      const policy = world.kernel.policyOf[cpu];
      if (policy === undefined || world.judge.model.memoryOf(policy).isHeld) continue;
      world.kernel.write(policy, "scaling_min_freq", `${policy.state.maxKhz}`);
    }
    return guest.vm.name;
  }),
  quietDays: happening("quiet days", 0, (world, random) => {
    if (!world.isFair || world.profile.schedules.length === 0) return undefined;
    return setWall(world, 86_400_000 * random.between(1, 6));
  }),
  /** An hour comes in which most schedules hold, so that it matters which of them counts. */
  quietSchedules: happening("quiet schedules", 0, (world, random) => {
    const { schedules, zone } = world.profile;
    if (!world.isFair || schedules.length === 0) return undefined;
    const { timeline } = world;
    const hours = new LocalHours(timeline, zone);
    const counts = Array.from({ length: 7 * 24 }, (_, ahead) => {
      const hour = hours.at(timeline.wallMs + ahead * HOUR_MS);
      return schedules.filter((schedule) => isIn(schedule, hour)).length;
    });
    const most = Math.max(...counts);
    return setWall(
      world,
      HOUR_MS * random.pick([...counts.keys()].filter((ahead) => counts[ahead] === most)),
    );
  }),
  quietHours: happening("quiet hours", 0, (world, random) => {
    if (!world.isFair) return undefined;
    return setWall(world, HOUR_MS * random.between(-12, 12));
  }),
};
