import type { Invariant } from "../invariant.ts";

export const nothingLeft: Invariant = {
  name: "nothing-left",
  says: "No error is left to nobody, the daemon lives while it should, and nothing of it is left after its end",
  ended(world, program, code) {
    if (code !== 0 || !program.isAlive) return undefined;
    if (program.descriptors.size > 0) {
      const kinds = [...program.descriptors.values()].map((one) =>
        one.kind === "node" ? one.path : one.kind,
      );
      const left = kinds.filter((kind) => kind !== "datagram");
      if (left.length > 0) return `descriptors are left open: ${left.join(", ")}`;
    }
    const timers = world.timeline.waitingOf(program);
    return timers > 0 ? `${timers} timers are left` : undefined;
  },
  stepped(world) {
    const { service, timeline } = world;
    if (service.state === "off" || service.state === "stopping" || timeline.nowMs - service.aliveMs < 30_000)
      return undefined;
    return `the daemon has not said for 30 s that it lives (${service.state})`;
  },
  calm(world) {
    return world.service.isRunning ? undefined : `the daemon is ${world.service.state} in calm weather`;
  },
};
