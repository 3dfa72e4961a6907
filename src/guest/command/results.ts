import { formatCpuList } from "../../base/cpu-list.ts";
import { EXIT, type ExitCode } from "../../terminal/exit-code.ts";
import type { Failure, FailureKind, Outcome } from "../library/outcome.ts";
import type { Context } from "./context.ts";

/** The result of a command for one vCPU. */
export interface Result<T = undefined> {
  readonly vcpu: number;
  readonly outcome: Outcome<T>;
}

const CODES: Readonly<Record<FailureKind, ExitCode>> = {
  refused: EXIT.failed,
  unanswered: EXIT.timeout,
  "host-absent": EXIT.notRunning,
  "not-supported": EXIT.failed,
  "no-port": EXIT.notFound,
  busy: EXIT.failed,
  "no-permission": EXIT.noPermission,
  invalid: EXIT.usage,
};

/** The exit status of a failure. */
export function exitCodeOf({ kind }: Failure): ExitCode {
  return CODES[kind];
}

/** The exit status of several results: that of the first failure. */
export function exitCodeOfAll(results: readonly Result<unknown>[]): ExitCode {
  const [failed] = failures(results);
  return failed === undefined ? EXIT.ok : exitCodeOf(failed.outcome);
}

/** Results as they are printed with `--json`. */
export function plain(results: readonly Result<unknown>[]): readonly object[] {
  return results.map(({ vcpu, outcome }) => ({
    vcpu,
    kind: outcome.kind,
    ...(outcome.kind === "granted" ? {} : { reason: outcome.reason }),
  }));
}

/** Writes failures to stderr, equal ones only once. */
export function complainOf(results: readonly Result<unknown>[], context: Context): void {
  const failed = failures(results);
  for (const [reason, same] of Map.groupBy(failed, ({ outcome }) => withoutNumber(outcome.reason))) {
    const [first] = same;
    if (same.length === 1 || same.length === results.length)
      context.complain(first?.outcome.reason ?? reason);
    else context.complain(`${vcpus(same)}: ${first?.outcome.reason}`);
  }
}

/** `vCPU 2`, `vCPUs 0-3`. */
export function vcpus(results: readonly { readonly vcpu: number }[]): string {
  const list = formatCpuList(results.map(({ vcpu }) => vcpu));
  return `${results.length === 1 ? "vCPU" : "vCPUs"} ${list}`;
}

function failures(results: readonly Result<unknown>[]): { vcpu: number; outcome: Failure }[] {
  return results.flatMap(({ vcpu, outcome }) => (outcome.kind === "granted" ? [] : [{ vcpu, outcome }]));
}

/** Ports with the same failure share one line. */
function withoutNumber(reason: string): string {
  return reason.replace(/\d+/g, "#");
}
