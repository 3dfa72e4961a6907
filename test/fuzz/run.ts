import { fuzz, MESSAGES } from "./fuzz.ts";

// `make fuzz MINUTES=5` tries one seed after the other; `make fuzz SEED=123` repeats one exactly.
const only = process.env["SEED"] === "" ? undefined : process.env["SEED"];
const first = only === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(only);
const endMs = performance.now() + Number(process.env["MINUTES"] ?? 1) * 60_000;
let seed = first;
let writes = 0;
console.log(`Seeds from ${first}, ${MESSAGES} messages each`);
do {
  const { finding, writes: some } = await fuzz(seed);
  writes += some;
  if (finding !== undefined) {
    console.log(JSON.stringify(finding, undefined, 1));
    console.log(`make fuzz SEED=${seed} repeats it`);
    process.exit(1);
  }
  seed++;
} while (only === undefined && performance.now() < endMs);
console.log(`${seed - first} hosts, ${writes} changes of CPUs: none outside the sender's contract`);
