import { basename } from "node:path";
import { runCtl } from "./ctl/ctl.ts";
import { runDaemonProgram } from "./daemon/program.ts";
import { runGuest } from "./guest/guest.ts";
import { runOnTerminal } from "./terminal/process-io.ts";
import { VERSION } from "./version.ts";

/** Runs one of several programs, chosen by the name under which the executable was called. */
async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  return runOnTerminal(VERSION, (io) => {
    switch (basename(process.argv0)) {
      case "vmpowerctl":
        return runCtl(argv, io);
      case "vm-power-guest":
        return runGuest(argv, io);
      default:
        return runDaemonProgram(argv);
    }
  });
}

process.exitCode = await main();
