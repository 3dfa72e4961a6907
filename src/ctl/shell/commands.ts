import { CHANNEL_COMMANDS } from "./channel-commands.ts";
import type { Command } from "./command.ts";
import { CPU_COMMANDS } from "./cpu-commands.ts";
import { PIN_COMMAND } from "./pin-command.ts";
import { VM_COMMANDS } from "./vm-commands.ts";

/** All commands but `quit`. */
export const COMMANDS: readonly Command[] = [
  ...VM_COMMANDS,
  ...CHANNEL_COMMANDS,
  PIN_COMMAND,
  ...CPU_COMMANDS,
];
