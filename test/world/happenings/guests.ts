import type { Rule } from "../judge/rules.ts";
import type { Random } from "../machine/random.ts";
import { ACTIONS, type Action, type Guest } from "../players/guest.ts";
import type { World } from "../world.ts";
import { happening } from "./happening.ts";

/** The actions that guests draw: the ends of the table more often, because they make the model certain. */
const DRAWN: readonly Action[] = [...ACTIONS, "min", "max", "down", "down"];

function guestOf(world: World, random: Random, moods: readonly string[]): Guest | undefined {
  const guests = [...world.guests.values()].filter(
    ({ mood, vm }) => moods.includes(mood) && vm.state === "running",
  );
  return guests.length === 0 ? undefined : random.pick(guests);
}

function portOf(guest: Guest, random: Random): number {
  return random.below(guest.ports.length);
}

function packet(guest: Guest, random: Random): Uint8Array {
  const bytes = new Uint8Array(guest.era);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, portOf(guest, random), true);
  view.setUint32(8, random.between(1, 6), true);
  view.setUint32(12, 1, true);
  return bytes;
}

/** A request of a guest that behaves. */
export const ask = happening("ask", 1, (world, random) => {
  const guest = guestOf(world, random, ["polite"]);
  if (guest === undefined) return undefined;
  const vcpu = portOf(guest, random);
  const drawn = random.pick(DRAWN);
  // The releases with 16 bytes know no turbo.
  const action = guest.era === 16 && drawn.endsWith("turbo") ? "min" : drawn;
  if ((guest.ports[vcpu]?.asked.length ?? 0) > 0 || !guest.ask(vcpu, action)) return undefined;
  if (guest.reads) world.awaiting.add(guest);
  return `${guest.vm.name}:${vcpu} ${action}`;
});

/** A guest that behaves and reads answers leaves a policy. Returns to whom it happened. */
export function leavePolicy(world: World, guest: Guest | undefined, random: Random): string | undefined {
  if (guest?.reads !== true) return undefined;
  const on = portOf(guest, random);
  const vcpus = [...guest.ports.keys()].slice(0, 8).filter((vcpu) => vcpu === on || random.chance(0.5));
  const hours = () => new Set(Array.from({ length: 24 }, (_, hour) => hour).filter(() => random.chance(0.4)));
  const rule: Rule = random.chance(0.7)
    ? { kind: "time", busy: hours(), quiet: hours() }
    : { kind: "workload", level: random.pick(["high", "medium", "low"]) };
  const isBusy = guest.ports.some(({ asked }) => asked.length > 0);
  if (isBusy || vcpus.length === 0 || !guest.leave(on, { vcpus, rule })) return undefined;
  world.awaiting.add(guest);
  return `${guest.vm.name}:${vcpus.join(",")} ${rule.kind}`;
}

/** What guests do besides asking for speeds; most of it should not be done. */
export const GUEST_HAPPENINGS = [
  happening("guest policy", 10, (world, random) =>
    leavePolicy(world, guestOf(world, random, ["polite"]), random),
  ),
  happening("flood", 6, (world, random) => {
    const guest = guestOf(world, random, ["flooding"]);
    if (guest === undefined) return undefined;
    const number = portOf(guest, random);
    const bytes = packet(guest, random);
    const bursts = random.between(20, 150);
    const send = (left: number) => {
      for (let i = 0; i < 20; i++) guest.raw(number, bytes);
      if (left > 0 && guest.isRunning) world.timeline.after(100, () => send(left - 1));
    };
    send(bursts);
    return guest.vm.name;
  }),
  happening("garbage", 5, (world, random) => {
    const guest = guestOf(world, random, ["garbage"]);
    if (guest === undefined) return undefined;
    const bytes = new Uint8Array(random.pick([1, 15, 16, 100, 464, 4096, 20_000]));
    for (let i = 0; i < bytes.length; i++) bytes[i] = random.bits();
    guest.raw(portOf(guest, random), bytes);
    return guest.vm.name;
  }),
  happening("half a packet", 5, (world, random) => {
    const guest = guestOf(world, random, ["halves"]);
    if (guest === undefined) return undefined;
    const number = portOf(guest, random);
    const bytes = packet(guest, random);
    const cut = random.between(1, bytes.length - 1);
    guest.raw(number, bytes.subarray(0, cut));
    world.timeline.after(random.pick([0.5, 3, 6, 40, 2000]), () => guest.raw(number, bytes.subarray(cut)));
    return guest.vm.name;
  }),
  happening("never reads", 5, (world, random) => {
    const guest = guestOf(world, random, ["deaf"]);
    if (guest === undefined) return undefined;
    const number = portOf(guest, random);
    const bytes = packet(guest, random);
    for (let i = 0; i < 700; i++) guest.raw(number, bytes);
    return guest.vm.name;
  }),
  happening("policy packet", 5, (world, random) => {
    const guest = guestOf(world, random, ["policies"]);
    if (guest === undefined || guest.era === 16) return undefined;
    guest.raw(portOf(guest, random), policyPacket(guest, random));
    return guest.vm.name;
  }),
  happening("wrong vCPU", 3, (world, random) => {
    const guest = guestOf(world, random, ["polite"]);
    if (guest === undefined) return undefined;
    const number = portOf(guest, random);
    const vcpu = random.pick([guest.ports.length, 31, 255, 65_535]);
    if ((guest.ports[number]?.asked.length ?? 0) > 0 || !guest.ask(vcpu, "min", { on: number }))
      return undefined;
    if (guest.reads) world.awaiting.add(guest);
    return guest.vm.name;
  }),
  happening("channel drops", 3, (world, random) => {
    const guest = guestOf(world, random, ["polite", "flooding", "garbage"]);
    if (guest === undefined) return undefined;
    guest.ports.forEach((_, number) => {
      guest.hangUp(number);
    });
    // Its wants end if it stays away for a second.
    world.judge.model.unsettle(guest.vm);
    return guest.vm.name;
  }),
];

/** A policy by the time of day or by a fixed workload (vm-power-protocol(7), "GUEST POLICIES"). */
function policyPacket(guest: Guest, random: Random): Uint8Array {
  const bytes = new Uint8Array(guest.era);
  const view = new DataView(bytes.buffer);
  const tail = guest.era === 456 ? 444 : 448;
  view.setUint32(12, random.chance(0.9) ? 3 : 4, true);
  for (let i = 0; i < guest.vm.name.length; i++) bytes[16 + i] = guest.vm.name.charCodeAt(i);
  const count = random.between(1, Math.min(8, guest.ports.length));
  for (let i = 0; i < count; i++) bytes[144 + i] = i;
  bytes[152] = count;
  for (let hour = 0; hour < 24; hour++) {
    view.setInt32(156 + 4 * hour, random.chance(0.4) ? hour : -1, true);
    view.setInt32(252 + 4 * hour, random.chance(0.4) ? hour : -1, true);
    view.setInt32(348 + 4 * hour, -1, true);
  }
  view.setUint32(tail, random.below(3), true);
  view.setUint32(tail + 4, random.pick([1, 1, 2, 3]), true);
  return bytes;
}
