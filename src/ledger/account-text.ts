import { jsonIn } from "../base/attempt.ts";
import { isRecord } from "../base/is-record.ts";
import type { AccountState } from "./account.ts";
import { type FitBlock, TERMS } from "./fit.ts";
import type { Span, VmAccount } from "./span.ts";
import { terms, type Use } from "./use.ts";
import type { Difference } from "./vm-use.ts";

/** Parts of one that are stored: the sum of all VMs must be that of the host to a thousandth, over all restarts. */
const PARTS = 1e5;

/** One line of text for a span. */
export function spanText(kind: "total" | "minute" | "hour", span: Span): string {
  const { fromMs, toMs, joules, metered, idle, host, vms } = span;
  const accounts = Object.fromEntries([...vms].map(([vm, account]) => [vm, vmNumbers(account).map(short)]));
  const cores = [...vms].flatMap(([vm, { coreJoules }]) =>
    coreJoules === undefined ? [] : [[vm, short(coreJoules)]],
  );
  return JSON.stringify({
    kind,
    sums: [fromMs, toMs, ...[joules, metered, idle, host].map(short)],
    vms: accounts,
    // Beside the others, so that an older daemon can read the account.
    ...(cores.length > 0 && { cores: Object.fromEntries(cores) }),
  });
}

/** One line of text for a block of the fit. */
export function blockText({ startMs, count, xx, xy, yy }: FitBlock): string {
  return JSON.stringify({ kind: "block", sums: [startMs, count, yy, ...xx, ...xy] });
}

/** Reads the lines of an account; undefined if one of them is none. */
export function readAccount(lines: readonly string[]): AccountState | undefined {
  const totals: Span[] = [];
  const spans = { minute: [] as Span[], hour: [] as Span[], total: totals };
  const blocks: FitBlock[] = [];
  for (const line of lines) {
    const value = jsonIn(line);
    const kind = isRecord(value) ? value["kind"] : undefined;
    if (kind === "block") {
      const block = blockOf(value);
      if (block === undefined) return undefined;
      blocks.push(block);
      continue;
    }
    const span = spanOf(value);
    if ((kind !== "minute" && kind !== "hour" && kind !== "total") || span === undefined) return undefined;
    spans[kind].push(span);
  }
  const [total] = totals;
  return total === undefined ? undefined : { total, minutes: spans.minute, hours: spans.hour, blocks };
}

/** Reads the line of a span; undefined if it is none. */
export function readSpan(line: string): Span | undefined {
  return spanOf(jsonIn(line));
}

function blockOf(value: unknown): FitBlock | undefined {
  if (!isRecord(value) || !isNumbers(value["sums"])) return undefined;
  const [startMs, count, yy, ...rest] = value["sums"] as [number, number, number, ...number[]];
  if (rest.length !== TERMS * TERMS + TERMS) return undefined;
  return { startMs, count, yy, xx: rest.slice(0, TERMS * TERMS), xy: rest.slice(TERMS * TERMS) };
}

function spanOf(value: unknown): Span | undefined {
  if (!isRecord(value)) return undefined;
  const { sums, vms, cores = {} } = value;
  if (!isNumbers(sums) || sums.length !== 6 || !isRecord(vms) || !isRecord(cores)) return undefined;
  const accounts = Object.entries(vms);
  if (!accounts.every(([, numbers]) => isNumbers(numbers) && numbers.length === 13)) return undefined;
  if (!isNumbers(Object.values(cores))) return undefined;
  const [fromMs, toMs, joules, metered, idle, host] = sums as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const joulesOf = new Map(Object.entries(cores)) as ReadonlyMap<string, number>;
  const known = accounts.map(
    ([vm, numbers]) =>
      [vm, { ...vmOf(numbers as [number, ...number[]]), coreJoules: joulesOf.get(vm) }] as const,
  );
  return { fromMs, toMs, joules, metered, idle, host, vms: new Map(known) };
}

function vmNumbers({ joules, baseline, max }: VmAccount): number[] {
  const numbers = ({ more, slack }: Difference) => [...terms(more), ...terms(slack)];
  return [joules, ...numbers(baseline), ...numbers(max)];
}

function vmOf([joules, ...rest]: readonly [number, ...number[]]): VmAccount {
  const difference = (from: number) => ({ more: useOf(rest, from), slack: useOf(rest, from + 3) });
  return { joules, baseline: difference(0), max: difference(6) };
}

function useOf(numbers: readonly number[], from: number): Use {
  const [ghzS, ghz3S, turboS] = numbers.slice(from) as [number, number, number];
  return { ghzS, ghz3S, turboS };
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => typeof each === "number" && Number.isFinite(each));
}

function short(value: number): number {
  return Math.round(value * PARTS) / PARTS;
}
