import { basename } from "node:path";
import { runOnTerminal } from "./terminal/process-io.ts";
import { VERSION } from "./version.ts";

/**
 * Runs one of several programs, chosen by the name under which the executable was called. Only that one is loaded: each
 * takes some milliseconds and a megabyte.
 */
async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  return runOnTerminal(VERSION, async (io) => {
    switch (basename(process.argv0)) {
      case "vmpowerctl":
        return (await import("./ctl/ctl.ts")).runCtl(argv, io);
      case "vm-power-guest":
        return (await import("./guest/guest.ts")).runGuest(argv, io);
      default:
        return (await import("./daemon/program.ts")).runDaemonProgram(argv);
    }
  });
}

process.exitCode = await main();
