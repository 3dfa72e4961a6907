import { HOSTILE } from "./calls.ts";
import type { Random } from "./random.ts";

// Every key of both generations, by vm-power-protocol(7), "JSON OBJECTS"; written by hand, not taken from the reader.
const WORDS: Readonly<Record<string, readonly unknown[]>> = {
  command: ["create", "destroy", "power", "POWER"],
  unit: ["SCALE_UP", "SCALE_DOWN", "SCALE_MAX", "SCALE_MIN", "ENABLE_TURBO", "DISABLE_TURBO"],
  policy_type: ["TIME", "WORKLOAD", "TRAFFIC", "BRANCH_RATIO"],
  workload: ["HIGH", "MEDIUM", "LOW"],
  busy_hours: [[], [0], Array.from({ length: 24 }, (_, hour) => hour), Array(90).fill(1)],
  quiet_hours: [[], [0, 23], [24], [-1]],
  mac_list: [["52:54:00:12:34:56"], ["5254:0012:3456"], [5], Array(60).fill("52:54:00:12:34:56")],
  avg_packet_thresh: [0, 1e30],
  max_packet_thresh: [1, 2 ** 32],
  name: ["web1", "x".repeat(600)],
  core_list: [[4], [5], [6], [0, 1, 2, 3, 4, 5, 6, 7, 8]],
  resource_id: [4, 5, 6, 0],
};
const KEYS = Object.keys(WORDS);

/** Makes bytes for a FIFO: some objects, sound ones or with some members replaced, and some bytes; also torn. */
export function anyObjects(random: Random): Uint8Array {
  let text = "";
  for (let count = 1 + random.below(3); count > 0; count--)
    text += `${anyObject(random)}${random.of(["", "\n"])}`;
  const bytes = new TextEncoder().encode(text);
  if (random.onceIn(4))
    bytes[random.below(bytes.length)] = random.of([...'{}[]",:\\'].map((each) => each.charCodeAt(0)));
  return random.onceIn(8) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

function anyObject(random: Random): string {
  const members: Record<string, unknown> = random.onceIn(2)
    ? { command: "power", unit: random.of(WORDS["unit"] ?? []) }
    : { policy_type: random.of(["TIME", "WORKLOAD"]), workload: "HIGH", busy_hours: [...Array(24).keys()] };
  for (let edits = random.below(3); edits > 0; edits--) {
    const key = random.of([...KEYS, "policy", "__proto__"]);
    members[key] = random.of(random.onceIn(2) ? HOSTILE : (WORDS[key] ?? HOSTILE));
  }
  const inner = JSON.stringify(members);
  return random.onceIn(3) ? inner : `{"${random.of(["policy", "instruction"])}":${inner}}`;
}
