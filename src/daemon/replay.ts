import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Packet } from "../admin/control-types.ts";
import { frameOf, RECORDING_BYTES_MAX, type Recording, readRecording } from "../admin/recording.ts";
import { Arbiter } from "../arbiter/arbiter.ts";
import { formatKhz } from "../base/format-khz.ts";
import type { Log } from "../base/log.ts";
import { failure, type Result, success } from "../base/result.ts";
import { errnoText } from "../base/system-error.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblems } from "../config/problem.ts";
import { errnoOf } from "../os/errno.ts";
import { decode } from "../wire/decode.ts";
import { EXIT_CONFIG, EXIT_FAILED } from "./exit-code.ts";
import { configuredContract } from "./host/contracts.ts";
import { openHostClocks } from "./host/open-clocks.ts";
import { printable } from "./log.ts";
import { refusalText } from "./words/refusal-text.ts";
import { ruleText } from "./words/rule-text.ts";

/** A log that writes nothing: replay changes nothing. */
const SILENT: Log = { error() {}, warning() {}, notice() {}, info() {}, debug() {} };

/** The results of requests. */
type Outcome = "granted" | "bounded" | "refused";

/**
 * `vm-power replay`: shows what this configuration would have granted for recorded packets, on the CPUs of this host;
 * changes none of them. Resolves with the exit status.
 */
export function replay(file: string, { config: path, json }: { config: string; json: boolean }): number {
  const loaded = loadConfig(path);
  if ("problems" in loaded) {
    for (const line of formatProblems(loaded.problems)) process.stderr.write(`${line}\n`);
    return EXIT_CONFIG;
  }
  const read = readFile(file);
  const made = read.ok ? arbiterFor(loaded.config, read.value) : read;
  if (!read.ok || !made.ok) {
    process.stderr.write(`Cannot replay "${printable(file)}": ${made.ok ? "" : errnoText(made.why)}\n`);
    return EXIT_FAILED;
  }
  show(read.value, made.value, { json });
  return 0;
}

/** Prints the result of each recorded request and, for people, a summary. */
function show(recording: Recording, arbiter: Arbiter, { json }: { json: boolean }): void {
  const counts = new Map<string, Record<Outcome, number>>();
  let writes = 0;
  for (const packet of recording.packets) {
    const done = decide(arbiter, packet, packet.atMs - (recording.packets[0]?.atMs ?? 0));
    if (done === undefined) continue;
    writes += done.writes;
    const count = counts.get(packet.vm) ?? { granted: 0, bounded: 0, refused: 0 };
    count[done.outcome]++;
    counts.set(packet.vm, count);
    process.stdout.write(`${json ? JSON.stringify(done) : textOf(done)}\n`);
  }
  if (!json) process.stdout.write(summary(counts, writes));
}

function readFile(file: string): Result<Recording> {
  try {
    // Lines are read whole, so the last one may exceed the limit.
    if (statSync(file).size > RECORDING_BYTES_MAX + 4096) return failure("it is too long for a recording");
    return readRecording(readFileSync(file, "utf8"));
  } catch (error) {
    return failure(errnoOf(error));
  }
}

/** Makes an arbiter of this host's clocks and the recorded VMs. */
function arbiterFor(config: Config, recording: Recording): Result<Arbiter> {
  const { cpufreq } = config;
  const clocks = openHostClocks(
    {
      root: cpufreq.root,
      managed: cpufreq.managedCpus,
      reserved: cpufreq.reserved ?? [],
      onExit: "keep",
      onDrift: "yield",
      journalDirectory: join(config.daemon.runtimeDirectory, "replay"),
      log: SILENT,
      dryRun: true,
    },
    { clocksChanged() {}, drift() {} },
  ).clocks();
  if (clocks.length === 0) return failure(`no CPU below "${cpufreq.root}" can be scaled`);
  const arbiter = new Arbiter(cpufreq);
  arbiter.commit(arbiter.setClocks(clocks));
  for (const { name, pins } of recording.head.vms) {
    const domain = { name, state: "running", origin: "recorded", pins, channels: undefined } as const;
    // Replay shows the contract's result as if it counted, even in a dry run.
    arbiter.commit(arbiter.setDomain(domain, { ...configuredContract(name, config), dryRun: false }));
  }
  return success(arbiter);
}

/** The result of one recorded request. */
interface Done {
  readonly atMs: number;
  readonly vm: string;
  readonly vcpu: number;
  readonly asked: string;
  readonly outcome: Outcome;
  readonly khz: number | undefined;
  readonly rule: string | undefined;
  readonly writes: number;
}

function decide(arbiter: Arbiter, packet: Packet, atMs: number): Done | undefined {
  const request = decode(frameOf(packet));
  if (request.kind !== "scale") return undefined;
  const { vm } = packet;
  const now = { monoMs: atMs, wallMs: atMs };
  // What was due before holds now, and what was not repeated in time has ended.
  const due = arbiter.tick(now);
  arbiter.commit(due);
  const change = arbiter.scale(vm, request, now);
  const { writes, refusal } = change;
  arbiter.commit(change);
  const about = {
    atMs: Math.round(atMs),
    vm,
    vcpu: request.resource,
    asked: request.action,
    writes: due.writes.length + writes.length,
  };
  if (refusal !== undefined)
    return { ...about, outcome: "refused", khz: undefined, rule: refusalText(refusal) };
  const { khz, bound } = arbiter.grantOf(vm, request);
  const outcome = bound === undefined ? "granted" : "bounded";
  return { ...about, outcome, khz, rule: bound && ruleText(bound) };
}

function textOf({ atMs, vm, vcpu, asked, outcome, khz, rule }: Done): string {
  const at = (atMs / 1000).toFixed(3).padStart(9);
  const got =
    outcome === "refused" ? "refused" : `${outcome} ${khz === undefined ? "baseline" : formatKhz(khz)}`;
  return `${at} ${printable(vm)}:${vcpu} asked ${asked}: ${got}${rule === undefined ? "" : ` (${printable(rule)})`}`;
}

function summary(counts: ReadonlyMap<string, Record<Outcome, number>>, writes: number): string {
  const lines = [...counts].map(
    ([vm, { granted, bounded, refused }]) =>
      `${printable(vm)}: ${granted} granted, ${bounded} bounded, ${refused} refused`,
  );
  return `${["", ...lines, `The kernel would have been given ${writes} settings`].join("\n")}\n`;
}
