// The library in a real guest: what a program says after each call, until its input ends.
import { openPower } from "./vm-power-guest.js";

const power = openPower();
const say = (call, outcome) => console.log(call, outcome.kind);
say("init 0", await power.init(0));
say("init 0", await power.init(0));
say("init 1", await power.init(1));
for (const call of ["freqMin", "freqUp", "freqMax", "freqDown", "disableTurbo", "enableTurbo"])
  say(call, await power[call](0));
say("freqs", power.freqs(0));
say("queryFreqs", await power.queryFreqs(0, "all"));
const before = performance.now();
for (let i = 0; i < 20; i++) await power.freqMax(1);
console.log("20 requests", performance.now() - before < 20 * 250 ? "in time" : "late");
say("exit 0", await power.exit(0));
say("freqMax", await power.freqMax(0));
await power.unsetEnv();
