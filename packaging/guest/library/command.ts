import "./node/node-18.ts";
import { runGuest } from "../../../src/guest/guest.ts";
import { runOnTerminal } from "../../../src/terminal/process-io.ts";
import { VERSION } from "../../../src/version.ts";

process.exitCode = await runOnTerminal(VERSION, (io) => runGuest(process.argv.slice(2), io));
