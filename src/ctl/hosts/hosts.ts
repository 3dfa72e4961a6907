import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { styleFor, type TerminalIo } from "../../terminal/io.ts";
import { count, jsonText, printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import type { Given, Verb } from "../verb.ts";
import { type HostText, mergeTexts } from "./merge.ts";
import { OutputRoom } from "./output.ts";
import type { Said } from "./said.ts";
import { runOver } from "./ssh.ts";
import type { Target } from "./target.ts";
import { whyOf } from "./why.ts";

/** The most hosts that are asked at the same time, if the user does not say. */
export const PARALLEL = 64;

/** The parts of a command line that are passed to other hosts. */
export interface OnHosts {
  readonly targets: readonly Target[];
  readonly verb: Verb;
  readonly given: Given;
  readonly json: boolean;
  /** Options before the verb, as they were typed. */
  readonly globals: readonly string[];
  readonly timeoutMs: number;
  /** The most hosts that are asked at the same time. */
  readonly parallel: number;
  /** Whether no more hosts are asked once one has failed. */
  readonly failFast: boolean;
  readonly io: TerminalIo;
}

/** Runs a command on hosts and shows their output as one. Resolves with the exit status. */
export async function runOnHosts(options: OnHosts): Promise<number> {
  const { targets, verb, given, json, io } = options;
  if (verb.name === "shell" || verb.name === "record" || verb.name === "run")
    throw new UsageError(
      `${verb.name} is for one host: ssh -t ${targets[0]?.address} vmpowerctl ${verb.name}`,
    );
  const summary = json ? undefined : verb.ofHosts?.(given, targets.length);
  const endless = verb.isEndless?.(given) ?? false;
  const words = summary === undefined ? [...(json ? ["--json"] : []), ...wordsOf(given)] : ["--json"];
  const argv = [...options.globals, verb.name, ...words];
  const room = new OutputRoom();
  const said = await askHosts(
    { ...options, parallel: endless ? targets.length : options.parallel },
    (target) =>
      runOver({
        target,
        argv,
        timeoutMs: endless ? undefined : options.timeoutMs,
        signal: io.signal,
        room,
        ...(endless ? { onLine: (line: string) => showLine(target.name, line, options) } : {}),
      }),
  );
  const left = targets.length - said.length;
  if (left > 0) io.stderr.write(`${count(left, "host")} not asked, because another one failed\n`);
  if (summary !== undefined) {
    const { text, code } = summary(said, { width: textWidth(io), style: styleFor(io), nowMs: Date.now() });
    io.stdout.write(`${text}\n`);
    return code ?? exitCodeOf(said);
  }
  if (!endless) show(said, options);
  const failed = said.filter(({ code }) => code !== 0);
  for (const each of failed) io.stderr.write(`${printable(each.host)}: ${whyOf(each)}\n`);
  return exitCodeOf(said);
}

/** Asks hosts, at most `parallel` at the same time. Those that were begun are waited for. */
async function askHosts(
  { targets, parallel, failFast }: Pick<OnHosts, "targets" | "parallel" | "failFast">,
  ask: (target: Target) => Promise<Said>,
): Promise<Said[]> {
  const said = new Map<Target, Said>();
  const waiting = [...targets].reverse();
  const worker = async () => {
    for (let target = waiting.pop(); target !== undefined; target = waiting.pop()) {
      const answer = await ask(target);
      said.set(target, answer);
      if (failFast && answer.code !== 0) waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, targets.length) }, worker));
  return targets.flatMap((target) => said.get(target) ?? []);
}

function show(said: readonly Said[], { json, io }: OnHosts): void {
  if (json) {
    for (const each of said) io.stdout.write(`${hostJson(each)}\n`);
    return;
  }
  const texts: HostText[] = said
    .filter(({ out }) => out.trim() !== "")
    .map(({ host, out }) => ({ host: printable(host), text: out.split("\n").map(printable).join("\n") }));
  const text = mergeTexts(texts, textWidth(io));
  if (text !== "") io.stdout.write(`${text}\n`);
}

function showLine(host: string, line: string, { targets, json, io }: OnHosts): void {
  const width = Math.max(...targets.map(({ name }) => name.length));
  const said = { host, code: 0, out: line, err: "" };
  io.stdout.write(json ? `${hostJson(said)}\n` : `${host.padEnd(width)}  ${printable(line)}\n`);
}

/** One line per host: its reply, or why it gave none. */
function hostJson(said: Said): string {
  const { host, code, out } = said;
  let reply: unknown;
  try {
    reply = out.trim() === "" ? undefined : JSON.parse(out);
  } catch {
    reply = out;
  }
  const why = reply === undefined && code !== 0 ? whyOf(said) : undefined;
  return jsonText({ host, exitCode: code, reply, why }, { pretty: false });
}

/** Exit statuses, the worst first: the less is known of a host, the worse. */
const WORST_FIRST = [
  EXIT.failed,
  EXIT.timeout,
  EXIT.notRunning,
  EXIT.noPermission,
  EXIT.usage,
  EXIT.notFound,
  EXIT.needsRepair,
  EXIT.ok,
];

/** The exit status of the worst host. One that no command has, like that of ssh, is a failure. */
function exitCodeOf(said: readonly Said[]): number {
  const codes = new Set(said.map(({ code }) => WORST_FIRST.find((known) => known === code) ?? EXIT.failed));
  return WORST_FIRST.find((code) => codes.has(code)) ?? EXIT.failed;
}

function wordsOf({ arguments: args, flags, values }: Given): string[] {
  const given = args.filter((arg) => arg !== undefined);
  const options = [...flags, ...[...values].flat()];
  return [...options, ...(given.length === 0 ? [] : ["--", ...given])];
}
