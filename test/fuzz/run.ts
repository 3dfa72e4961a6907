import { fuzz, MESSAGES } from "./fuzz.ts";
import { Random } from "./random.ts";
import { TARGETS } from "./targets.ts";

// `make fuzz MINUTES=5` gives every target the same time, with one seed after the other; TARGET=xml tries one of them, and
// SEED=123 repeats one round exactly.

const hosts = {
  name: "hosts",
  inputs: MESSAGES,
  async round(seed: number) {
    const { finding } = await fuzz(seed);
    return finding && JSON.stringify(finding, undefined, 1);
  },
};
const parsers = TARGETS.map(({ name, inputs, round }) => ({
  ...{ name, inputs, round: async (seed: number) => round(new Random(seed)) },
}));
const wanted = process.env["TARGET"] || undefined;
const chosen = [hosts, ...parsers].filter(({ name }) => wanted === undefined || name === wanted);
if (chosen.length === 0)
  throw new Error(`No target "${wanted}": ${[hosts, ...parsers].map(({ name }) => name).join(" ")}`);
const only = process.env["SEED"] || undefined;
const first = only === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(only);
const sliceMs = (Number(process.env["MINUTES"] || 1) * 60_000) / chosen.length;
console.log(`Seeds from ${first}`);
for (const { name, inputs, round } of chosen) {
  const from = performance.now();
  let seed = first;
  do {
    const finding = await round(seed);
    if (finding !== undefined) {
      console.log(`${name}: ${finding}\nmake fuzz TARGET=${name} SEED=${seed} repeats it`);
      process.exit(1);
    }
    seed++;
  } while (only === undefined && performance.now() - from < sliceMs);
  const seconds = (performance.now() - from) / 1000;
  const total = (seed - first) * inputs;
  console.log(`${name.padEnd(10)}${`${total} inputs`.padStart(22)}${`${seconds.toFixed(1)} s`.padStart(10)}`);
}
