import type { Planted } from "./machine/link.ts";

/** A fault that the world must find. */
export interface WorldFault extends Planted {
  /** What is wrong then. */
  readonly name: string;
}

const fault = (name: string, file: string, line: string, instead: string): WorldFault => ({
  ...{ name, line, instead },
  file: `src/${file}`,
});

/** Faults of the daemon, each planted by one line. */
export const WORLD_FAULTS: readonly WorldFault[] = [
  fault(
    "the end does not survive a step that fails later",
    "daemon/lifecycle/ending.ts",
    "attempt(step)?.catch(note)",
    "attempt(step)",
  ),
  fault(
    "an order is lost with its CPU",
    "daemon/host/host-events.ts",
    "orderAgain(store, cause, { arbiter, clocks, time, operated: undefined });",
    "",
  ),
  fault(
    "a refused order ends the one before",
    "daemon/operators/cpu-orders.ts",
    "if (arbiter.clock(id) !== undefined) store.noteCpu",
    "store.noteCpu",
  ),
  fault("a forgotten fsync", "os/whole-file.ts", "if (!volatile) calls.fsyncSync(fd);", ""),
  fault(
    "minimum and maximum in the wrong order",
    "cpufreq/linux/speed-files.ts",
    "const upward = speed.khz > max.attribute.number();",
    "const upward = speed.khz < max.attribute.number();",
  ),
  fault(
    "limits are put back in the wrong order",
    "cpufreq/linux/put-back.ts",
    "isAbove(to, max, originals[max]) ? [max, min] : [min, max]",
    "isAbove(to, max, originals[max]) ? [min, max] : [max, min]",
  ),
  fault(
    "ACK for what was refused",
    "daemon/packet/packet.ts",
    "channel.send(answer(frame, refusal === undefined))",
    "channel.send(answer(frame, true))",
  ),
  fault(
    "two answers",
    "daemon/packet/packet.ts",
    "if (readsReplies(frame.length)) channel.send(answer(frame, refusal === undefined));",
    "if (readsReplies(frame.length)) { channel.send(answer(frame, refusal === undefined)); channel.send(frame); }",
  ),
  fault(
    "a VM that ended keeps its clocks",
    "arbiter/arbiter.ts",
    "this.parking.occupy(name, unserved, touched);",
    "touched.clear();",
  ),
  fault(
    "the first want wins, not the highest",
    "arbiter/resolve.ts",
    "} else if (want.position.index < index) {",
    "} else if (index === Number.POSITIVE_INFINITY) {",
  ),
  fault("a silent vCPU is slowed down", "arbiter/resolve.ts", "if (claim.pinned) silent ??= claim;", ""),
  fault(
    "a start restores nothing of a crash",
    "cpufreq/clock-set.ts",
    "if (!backend.slow && this.#recover(entry))",
    "if (!backend.slow)",
  ),
  fault(
    "nothing is put back",
    "cpufreq/held-clock.ts",
    "const refused = yield scope.found.write({ ...scope.originals, ...values });",
    "const refused = undefined;",
  ),
  fault(
    "a paused VM's wants count",
    "arbiter/attach.ts",
    'const rest = of.state.domain.state === "paused";',
    "const rest = false;",
  ),
  fault(
    "a pause is goodbye",
    "arbiter/seats.ts",
    "old: heir?.vcpus[vcpu],",
    "old: running ? heir?.vcpus[vcpu] : undefined,",
  ),
  fault(
    "a restart forgets wants",
    "daemon/lifecycle/takeover.ts",
    "arbiter.takeOver(vm, this.#wants.get(vm) ?? [], time());",
    "",
  ),
  fault(
    "a restart writes before all VMs are known",
    "daemon/assemble.ts",
    "clocks.postponed = handover !== undefined;",
    "clocks.postponed = false;",
  ),
  fault(
    "drift is never mended",
    "cpufreq/drift-watch.ts",
    'return this.#options.onDrift === "yield" ||',
    "return true ||",
  ),
  fault(
    "a new pinning is not seen",
    "hypervisor/registry.ts",
    "a.pins.every((list, vcpu) => isSameList(list, b.pins[vcpu] ?? [])) &&",
    "",
  ),
  fault(
    "a socket is never closed",
    "channels/channel.ts",
    "    this.peer = undefined;\n    socket?.terminate();",
    "    this.peer = undefined;",
  ),
  fault("the watchdog is not fed", "daemon/host/heartbeat.ts", "notify.alive();", ""),
  fault(
    "a neighbour's CPU is set",
    "arbiter/placement.ts",
    'const used = multiPin === "last" ? [Math.max(...pins)] : pins;',
    'const used = multiPin === "last" ? [Math.max(...pins)] : pins.map((pcpu) => pcpu ^ 1);',
  ),
  fault(
    "down goes two steps",
    "arbiter/position.ts",
    "return Math.min(index + 1, table.speeds.length - 1);",
    "return Math.min(index + 2, table.speeds.length - 1);",
  ),
  fault(
    "verify promises what is not done",
    "daemon/operators/verify.ts",
    "differing.every(({ isLimit }) => isLimit)",
    "false",
  ),
];

/** A fault by its name; throws if there is none. */
export function faultNamed(name: string): WorldFault {
  const found = WORLD_FAULTS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no fault "${name}"`);
  return found;
}
