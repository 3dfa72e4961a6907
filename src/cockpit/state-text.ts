import type { Exiting } from "../admin/control-types.ts";
import { formatCpuList } from "../base/cpu-list.ts";
import type { Trouble } from "../ctl/trouble.ts";
import { AnswerError, ConnectionError } from "./connection.ts";
import type { Ending } from "./session.ts";
import { socketTrouble } from "./socket-trouble.ts";

/** How the daemon is, as far as the page knows: a word or two, and how bad it is. */
export interface State {
  readonly word: string;
  readonly mood: "good" | "busy" | "bad";
  readonly trouble?: Trouble;
}

/** After so many tries a daemon that was to restart should be there again. */
const TRIES_MAX = 5;

/** How the daemon is after a session ended, and after some tries to begin another. */
export function stateAfter(ending: Ending, exiting: Exiting | undefined, tries: number): State {
  if (ending.kind === "hidden") return { word: "paused", mood: "busy" };
  if (ending.kind === "exiting") return exitingState(ending.exiting);
  const isLate = exiting?.reason === "restart" && tries > TRIES_MAX;
  if (exiting !== undefined && !isLate) return exitingState(exiting);
  const { error } = ending;
  if (error instanceof AnswerError)
    return { word: "refused", mood: "bad", trouble: { what: error.message, remedy: undefined } };
  if (error instanceof ConnectionError)
    return { word: "not reachable", mood: "bad", trouble: socketTrouble(error.problem) };
  const what = `An answer was not understood: ${error instanceof Error ? error.message : String(error)}`;
  return {
    word: "not understood",
    mood: "bad",
    trouble: { what, remedy: "vm-power and cockpit-vm-power need the same version" },
  };
}

function exitingState(exiting: Exiting): State {
  const { reason, detail } = exiting;
  const what = `(${detail}). ${leftText(exiting)}`;
  switch (reason) {
    case "restart":
      return {
        word: "restarting…",
        mood: "busy",
        trouble: { what: `vm-power is restarting ${what}`, remedy: undefined },
      };
    case "stop":
      return {
        word: "stopped",
        mood: "bad",
        trouble: { what: `vm-power stopped ${what}`, remedy: "systemctl start vm-power" },
      };
    case "fault":
      return {
        word: "stopped by a fault",
        mood: "bad",
        trouble: { what: `A fault ended vm-power ${what}`, remedy: "journalctl -u vm-power" },
      };
  }
}

const LEFT: Readonly<Record<Exiting["onExit"], readonly [one: string, more: string]>> = {
  restore: ["has its original settings again", "have their original settings again"],
  keep: ["keeps what is set", "keep what is set"],
  max: ["has its highest speed", "have their highest speed"],
};

/** What it did with the CPUs. The next daemon takes over those of a restart. */
function leftText({ reason, onExit, cpus, failed }: Exiting): string {
  const failures = failed.length === 0 ? "" : ` This failed: ${failed.join("; ")}`;
  if (cpus.length === 0) return `No CPU was in use.${failures}`;
  const [one, more] = reason === "restart" ? ["stays as it is", "stay as they are"] : LEFT[onExit];
  return `CPU ${formatCpuList(cpus)} ${cpus.length === 1 ? one : more}.${failures}`;
}
