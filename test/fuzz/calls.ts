import type { Random } from "./random.ts";

const METHODS = [
  "Ask",
  "Ask",
  "Ask",
  "AskByPolicy",
  "AskByPolicy",
  "GetContract",
  "ListWants",
  "Release",
] as const;

/** Sound values of each parameter, and what a hostile caller puts there. */
export const HOSTILE: readonly unknown[] = [
  ...[null, true, -1, 0, 1.5, 6, 7, 8191, 8192, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31), 1e308],
  ...["", "6", "mine", "other", "__proto__", "max", "x".repeat(600), "\u0000"],
  ...[[], [6], [7], ["6"], [[6]], [-1], [1.5], [2 ** 32], Array.from({ length: 65 }, (_, cpu) => cpu)],
  ...[{}, { length: 1, 0: 6 }, { cpus: [6] }],
];
const NAMES = [
  "app",
  "cpus",
  "to",
  "leaseSec",
  "kind",
  "workload",
  "busyHours",
  "quietHours",
  "uid",
  "__proto__",
];

/** Makes the bytes of a call of `io.vmpower.Request`: a sound one, with some members replaced and some bytes. */
export function anyCall(random: Random): Uint8Array {
  const method = random.of(METHODS);
  const parameters: Record<string, unknown> = {};
  if (method === "Ask" || method === "AskByPolicy") {
    parameters["cpus"] = Array.from({ length: 1 + random.below(3) }, () => random.below(9));
    if (random.onceIn(2)) parameters["leaseSec"] = 1 + random.below(100);
  }
  if (method === "Ask") parameters["to"] = random.of(["up", "down", "min", "max", "turbo", "noTurbo"]);
  if (method === "AskByPolicy") {
    parameters["kind"] = random.of(["time", "workload"]);
    parameters["workload"] = random.of(["high", "medium", "low"]);
    parameters["busyHours"] = Array.from({ length: 24 }, (_, hour) => hour);
  }
  if (random.onceIn(2))
    for (let edits = random.below(3); edits > 0; edits--) parameters[random.of(NAMES)] = random.of(HOSTILE);
  const text = JSON.stringify({ method: `io.vmpower.Request.${method}`, parameters });
  const bytes = new TextEncoder().encode(text);
  if (random.onceIn(4)) bytes[random.below(bytes.length)] = random.below(256);
  return random.onceIn(16) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}
