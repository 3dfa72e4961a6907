import { isRecord } from "../base/is-record.ts";
import type { AccountState } from "./account.ts";
import { type FitBlock, TERMS } from "./fit.ts";
import type { Span, VmAccount } from "./span.ts";
import { terms, type Use } from "./use.ts";
import type { Difference } from "./vm-use.ts";

/** Digits that are stored: the sum of all VMs must be that of the host to a thousandth, over all restarts. */
const DIGITS = 9;

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
    const value = parsed(line);
    if (!isRecord(value) || !isNumbers(value["sums"])) return undefined;
    const { kind, sums, vms, cores = {} } = value;
    if (kind === "block") {
      if (sums.length !== 3 + TERMS * TERMS + TERMS) return undefined;
      const [startMs, count, yy, ...rest] = sums as [number, number, number, ...number[]];
      blocks.push({ startMs, count, yy, xx: rest.slice(0, TERMS * TERMS), xy: rest.slice(TERMS * TERMS) });
      continue;
    }
    const span = isRecord(vms) && isRecord(cores) ? spanOf(sums, vms, cores) : undefined;
    if ((kind !== "minute" && kind !== "hour" && kind !== "total") || span === undefined) return undefined;
    spans[kind].push(span);
  }
  const [total] = totals;
  return total === undefined ? undefined : { total, minutes: spans.minute, hours: spans.hour, blocks };
}

type Members = Readonly<Record<string, unknown>>;

function spanOf(sums: readonly number[], vms: Members, cores: Members): Span | undefined {
  const accounts = Object.entries(vms);
  if (sums.length !== 6 || !accounts.every(([, numbers]) => isNumbers(numbers) && numbers.length === 13))
    return undefined;
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
  return Number(value.toPrecision(DIGITS));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
