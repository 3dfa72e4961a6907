import type { Random } from "../machine/random.ts";
import type { Contract } from "../players/contract.ts";
import type { Action, Guest } from "../players/guest.ts";
import type { World } from "../world.ts";
import { leavePolicy } from "./guests.ts";
import { happening } from "./happening.ts";

/** Longer leases are not waited for; shorter dwells are over before a restart. */
export const LEASE_MAX_SEC = 20;
const DWELL_MIN_MS = 5000;

/** What guests ask for while nothing else happens. */
export const QUIET_GUESTS = {
  /** A guest asks for all its vCPUs, so that it matters what becomes of them. */
  quietAsk: happening("quiet ask", 0, (world, random) => {
    const guest = world.isFair ? politeGuest(world, random) : undefined;
    if (guest === undefined) return undefined;
    const action = random.pick(["min", "max"] as const);
    askOnAll(world, guest, action);
    world.tried = guest.vm;
    return `${guest.vm.name} ${action}`;
  }),
  /** Many guests ask, so that those on one clock want different speeds. */
  quietAsks: happening("quiet asks", 0, (world, random) => {
    if (!world.isFair) return undefined;
    for (const guest of world.guests.values())
      if (guest.mood === "polite" && guest.vm.state === "running")
        askOnAll(world, guest, random.pick(["min", "max", "down"]));
    return "";
  }),
  /** The same of a guest whose requests end unless they are repeated. */
  quietLease: happening("quiet lease", 0, (world, random) => {
    const guest = world.isFair
      ? politeGuest(world, random, ({ leaseSec = LEASE_MAX_SEC + 1 }) => leaseSec <= LEASE_MAX_SEC)
      : undefined;
    if (guest === undefined) return undefined;
    askOnAll(world, guest, random.pick(["min", "max"]));
    return guest.vm.name;
  }),
  /** It wants a speed, and at once a slower one that must wait. */
  quietDwell: happening("quiet dwell", 0, (world, random) => {
    const guest = world.isFair
      ? politeGuest(world, random, ({ dwellMs = 0 }) => dwellMs >= DWELL_MIN_MS)
      : undefined;
    if (guest === undefined) return undefined;
    askOnAll(world, guest, "max");
    world.timeline.after(200, () => askOnAll(world, guest, "min"));
    return guest.vm.name;
  }),
  quietMin: happening("quiet min", 0, (world) => {
    const guest = world.guests.get(world.tried?.name ?? "");
    if (!world.isFair || guest === undefined) return undefined;
    askOnAll(world, guest, "min");
    return guest.vm.name;
  }),
  /** Several guests leave policies, so that it matters which hour it is. */
  quietPolicies: happening("quiet policies", 0, (world, random) => {
    if (!world.isFair) return undefined;
    for (let i = 0; i < 4; i++) leavePolicy(world, politeGuest(world, random), random);
    return "";
  }),
};

function askOnAll(world: World, guest: Guest, action: Action): void {
  guest.ports.forEach((_, vcpu) => {
    if (guest.ask(vcpu, action) && guest.reads) world.awaiting.add(guest);
  });
}

/** A running guest that behaves. */
export function politeGuest(
  world: World,
  random: Random,
  isMeant: (contract: Contract) => boolean = () => true,
): Guest | undefined {
  const running = [...world.guests.values()].filter(
    ({ mood, vm }) => mood === "polite" && vm.state === "running" && isMeant(vm.contract),
  );
  return running.length === 0 ? undefined : random.pick(running);
}
