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
    "arbiter.setting(pcpu)?.clock.pcpus ?? []) store",
    "arbiter.setting(pcpu)?.clock.pcpus ?? [pcpu]) store",
  ),
  fault(
    "a released order comes back with another CPU",
    "daemon/operators/cpu-orders.ts",
    "if (decision !== undefined) store.noteCpu(pcpu, decision);",
    "if (decision !== undefined) store.noteCpu(arbiter.clock(pcpu)?.clock.id ?? pcpu, decision);",
  ),
  fault(
    "an order counts for the other CPUs of a clock",
    "arbiter/arbiter.ts",
    "const state = clockUnder(pcpu, this.#seats.clocks);",
    "const state = this.#seats.clocks.get(pcpu);",
  ),
  fault(
    "what the kernel refused to restore at the start is forgotten",
    "cpufreq/clock-set.ts",
    "owed: true",
    "owed: backend.slow",
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
  fault(
    "a lease never ends",
    "arbiter/ask.ts",
    "untilMs: leaseSec === 0 ? undefined : now.monoMs + leaseSec * 1000,",
    "untilMs: undefined,",
  ),
  fault(
    "a dwell is skipped",
    "arbiter/ask.ts",
    "const waits = isSlower && now.monoMs < dueMs;",
    "const waits = false;",
  ),
  fault(
    "a restart cuts a dwell short",
    "arbiter/saved-want.ts",
    "position: carried(waits === undefined ? (before.due ?? before) : before),",
    "position: carried(before.due ?? before),",
  ),
  fault(
    "the speed after a dwell never comes",
    "arbiter/want.ts",
    "return Math.min(untilMs ?? Number.POSITIVE_INFINITY, due?.atMs ?? Number.POSITIVE_INFINITY);",
    "return untilMs ?? Number.POSITIVE_INFINITY + (due?.atMs ?? 0);",
  ),
  fault(
    "the upper bound of a contract is ignored",
    "arbiter/envelope.ts",
    "const top = firstBelow < 0 ? last : firstBelow;",
    "const top = firstBelow < 0 ? last : 0;",
  ),
  fault(
    "the lower bound of a contract is ignored",
    "arbiter/envelope.ts",
    "bottom: Math.max(top, lastAbove)",
    "bottom: Math.max(top, last)",
  ),
  fault(
    "an operation that is forbidden is granted",
    "arbiter/ask.ts",
    "if (!claimant.state.contract.operations.includes(action))",
    "if (claimant.state.contract.operations.length > 6)",
  ),
  fault(
    "a policy leaves earlier requests in force",
    "arbiter/guest-policies.ts",
    "if (order.by === undefined) steps.push(...named.flatMap(endRequests));",
    "",
  ),
  fault(
    "a policy does not see the hour pass",
    "arbiter/guest-policies.ts",
    "const changed = entries.filter((entry) => entry.turn(moment.local));",
    "const changed: PolicyEntry[] = [];",
  ),
  fault(
    "a policy goes by the hours of another zone",
    "daemon/local-hours.ts",
    "return /zoneinfo\\/(?:posix\\/)?(.+)$/.exec(readlinkSync(HOST_ZONE_LINK))?.[1];",
    'return "UTC";',
  ),
  fault(
    "a restart forgets that turbo was off for a policy",
    "arbiter/policy-entry.ts",
    "speed: this.gauge?.speed, turbo: [...this.turbo] };",
    "speed: this.gauge?.speed };",
  ),
  fault(
    "an order for a while never ends",
    "arbiter/operate.ts",
    "    untilMs,\n    hold,\n    reason,\n    position,",
    "    untilMs: undefined,\n    hold,\n    reason,\n    position,",
  ),
  fault(
    "an order for a while lasts for ever after a restart",
    "daemon/operators/order-again.ts",
    "const untilMs = decision.untilMs && now.monoMs + decision.untilMs - now.wallMs;",
    "const untilMs = undefined;",
  ),
  fault(
    "an unused CPU is never parked",
    "arbiter/parking.ts",
    "if (atMs <= now.monoMs) this.#park(id, now, touched);",
    "if (atMs < 0) this.#park(id, now, touched);",
  ),
  fault(
    "a CPU stays parked although a VM may run there",
    "arbiter/parking.ts",
    "      if (state !== undefined) this.#look(state, touched);",
    "",
  ),
  fault(
    "a handover of the first version is not taken",
    "daemon/lifecycle/handover.ts",
    "if (bootMs !== undefined) return",
    "return",
  ),
  fault(
    "a schedule does not see the hour pass",
    "arbiter/schedules.ts",
    "if (inForce === this.#inForce) return touched;",
    "if (inForce === this.#inForce || this.#inForce.length > 0) return touched;",
  ),
  fault(
    "a schedule counts before a guest's request",
    "arbiter/want.ts",
    '["operator", "request", "lease", "guest-policy", "schedule", "parked"]',
    '["operator", "schedule", "request", "lease", "guest-policy", "parked"]',
  ),
  fault(
    "a schedule holds on every day",
    "daemon/host/schedule-span.ts",
    "return days.length === WEEKDAYS.length || days.includes(hours.weekdayAt(wallMs));",
    "return true;",
  ),
  fault(
    "the first schedule wins, not the highest",
    "arbiter/schedules.ts",
    "if (highest !== undefined && highest.position.index <= position.index) continue;",
    "if (highest !== undefined) continue;",
  ),
  fault(
    "a schedule for CPUs sets nothing",
    "arbiter/resolve.ts",
    'const schedule = state.wants.of("schedule");',
    'const schedule = state.wants.of("operator");',
  ),
  fault(
    "a floor lifts nothing",
    "arbiter/resolve.ts",
    "const isLifted = floor !== undefined && floor.index < index;",
    "const isLifted = false;",
  ),
  fault(
    "a floor stays where the emulator was",
    "arbiter/floors.ts",
    "  for (const { clock, floor } of floors) clock.floors.delete(floor);\n",
    "",
  ),
  fault(
    "a floor holds for a paused VM",
    "arbiter/floors.ts",
    '|| dryRun === true || domain.state !== "running") return;',
    "|| dryRun === true) return;",
  ),
];

/** A fault by its name; throws if there is none. */
export function faultNamed(name: string): WorldFault {
  const found = WORLD_FAULTS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no fault "${name}"`);
  return found;
}
