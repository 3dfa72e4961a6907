import { EXIT, type ExitCode, UsageError } from "../../terminal/exit-code.ts";
import type { TerminalIo } from "../../terminal/io.ts";
import { jsonText, printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import type { Given, Verb } from "../verb.ts";
import { type HostText, mergeTexts } from "./merge.ts";
import { isHost, runOver, type Said } from "./ssh.ts";

/** The most hosts that are asked at the same time. */
const PARALLEL_MAX = 16;
const HOSTS_MAX = 1000;

/** The parts of a command line that are passed to other hosts. */
export interface OnHosts {
  readonly hosts: readonly string[];
  readonly verb: Verb;
  readonly given: Given;
  readonly json: boolean;
  /** Options before the verb, as they were typed. */
  readonly globals: readonly string[];
  readonly timeoutMs: number;
  readonly io: TerminalIo;
}

/** Parses hosts, `a,user@b`; undefined if no other host is named. */
export function hostsArgument(texts: readonly string[] | undefined): string[] | undefined {
  if (texts === undefined) return undefined;
  const hosts = [...new Set(texts.flatMap((text) => text.split(",")).filter((host) => host !== ""))];
  // A script with an unset variable must not run a command for other hosts on this host.
  if (hosts.length === 0) throw new UsageError("The list of hosts is empty: name hosts like web1,root@web2");
  const wrong = hosts.find((host) => !isHost(host));
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is not a host like web1 or root@web1`);
  if (hosts.length > HOSTS_MAX)
    throw new UsageError(`${hosts.length} hosts are too many: at most ${HOSTS_MAX} are possible`);
  return hosts;
}

/** Runs a command on hosts and shows their output as one. */
export async function runOnHosts(options: OnHosts): Promise<ExitCode> {
  const { hosts, verb, given, json, io } = options;
  if (verb.name === "shell" || verb.name === "record" || verb.name === "run")
    throw new UsageError(`${verb.name} is for one host: ssh -t ${hosts[0]} vmpowerctl ${verb.name}`);
  const endless = verb.name === "events" || given.flags.has("--batch");
  const argv = [...options.globals, verb.name, ...(json ? ["--json"] : []), ...wordsOf(given)];
  const said = await inParallel(hosts, endless ? hosts.length : PARALLEL_MAX, (host) =>
    runOver({
      host,
      argv,
      timeoutMs: endless ? undefined : options.timeoutMs,
      signal: io.signal,
      ...(endless ? { onLine: (line: string) => showLine(host, line, options) } : {}),
    }),
  );
  if (!endless) show(said, options);
  const failed = said.filter(({ code }) => code !== 0);
  for (const { host, code, err } of failed) io.stderr.write(`${printable(host)}: ${whyOf(code, err)}\n`);
  return exitCodeOf(said);
}

function show(said: readonly Said[], { json, io }: OnHosts): void {
  if (json) {
    for (const { host, code, out } of said) io.stdout.write(`${hostJson(host, out, code)}\n`);
    return;
  }
  const texts: HostText[] = said
    .filter(({ out }) => out.trim() !== "")
    .map(({ host, out }) => ({ host: printable(host), text: out.split("\n").map(printable).join("\n") }));
  const text = mergeTexts(texts, textWidth(io));
  if (text !== "") io.stdout.write(`${text}\n`);
}

function showLine(host: string, line: string, { hosts, json, io }: OnHosts): void {
  const width = Math.max(...hosts.map((each) => each.length));
  io.stdout.write(json ? `${hostJson(host, line, 0)}\n` : `${host.padEnd(width)}  ${printable(line)}\n`);
}

/** One line per host: its reply, or an empty object if it gave none. */
function hostJson(host: string, out: string, code: number): string {
  let reply: unknown;
  try {
    reply = out.trim() === "" ? undefined : JSON.parse(out);
  } catch {
    reply = out;
  }
  return jsonText({ host, exitCode: code, reply }, { pretty: false });
}

function whyOf(code: number, err: string): string {
  // ssh ends its own lines with CR LF, as a terminal needs.
  const lines = err.split(/\r?\n/).filter((line) => line.trim() !== "");
  const said = lines.map(printable).join("; ");
  if (said !== "") return said;
  return code === 255 ? "ssh could not reach it" : `vmpowerctl ended with ${code}`;
}

function exitCodeOf(said: readonly Said[]): ExitCode {
  const codes = new Set(said.map(({ code }) => code));
  const [only = 0] = codes;
  if (codes.size > 1) return EXIT.failed;
  return Object.values(EXIT).find((known) => known === only) ?? EXIT.failed;
}

function wordsOf({ arguments: args, flags, values }: Given): string[] {
  const given = args.filter((arg) => arg !== undefined);
  const options = [...flags, ...[...values].flat()];
  return [...options, ...(given.length === 0 ? [] : ["--", ...given])];
}

async function inParallel<T, R>(
  items: readonly T[],
  max: number,
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await run(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(max, items.length) }, worker));
  return results;
}
