import fs from "node:fs";
import { parseCpuList } from "../../base/cpu-list.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { systemErrorCode, systemErrorText } from "../../base/system-error.ts";
import { readIni } from "../../config/ini.ts";
import { type Problem, problem, quote } from "../../config/problem.ts";
import { nearest } from "../../config/suggest.ts";
import { absolutePath, integer, oneOf, type Parsed, type Parser } from "../../config/values.ts";

/** The configuration of the agent. */
export interface AgentConfig {
  /** The ports that it uses, which are also its vCPUs; if empty, it does nothing. */
  readonly ports: readonly number[];
  readonly source: "auto" | "proc-stat" | "dpdk-telemetry";
  readonly telemetrySocket: string;
  readonly intervalMs: number;
  readonly targetPercent: number;
  readonly deadBandPercent: number;
  readonly cooldownMs: number;
  readonly fallback: "max" | "min" | "none";
  readonly vmName: string | undefined;
}

/** One key of `[agent]`. */
interface AgentKey {
  readonly parse: Parser<unknown>;
  readonly default: string;
  readonly doc: string;
}

/** All keys. Loading, messages, `etc/vm-power-guest.conf` and the manual page follow this table. */
export const AGENT_KEYS = {
  Ports: key(ports, "", "The ports that the agent uses, like 0-3; without any it does nothing."),
  Source: key(
    oneOf(["auto", "proc-stat", "dpdk-telemetry"]),
    "auto",
    "Source of the load of a vCPU: auto, proc-stat, dpdk-telemetry.",
  ),
  TelemetrySocket: key(
    absolutePath,
    "/var/run/dpdk/rte/dpdk_telemetry.v2",
    "Telemetry socket of the DPDK program.",
  ),
  IntervalMs: key(integer(100, 60_000), "1000", "Time between two measurements, in milliseconds."),
  TargetPercent: key(integer(5, 95), "60", "Target load of a vCPU, in percent of its time."),
  DeadBandPercent: key(
    integer(1, 45),
    "15",
    "Distance from the target within which nothing is changed, in percent.",
  ),
  CooldownMs: key(
    integer(0, 3_600_000),
    "5000",
    "How long to keep a speed before asking for a lower one, in milliseconds.",
  ),
  Fallback: key(
    oneOf(["max", "min", "none"]),
    "max",
    "What to ask for when the agent stops or cannot measure the load: max, min, none.",
  ),
  VmName: key(vmName, "", "Name of this VM on the host; only DPDK's own host program needs it."),
} as const;

/** The default path. */
export const AGENT_CONFIG_PATH = "/etc/vm-power-guest.conf";

/** Reads the file. A missing file means defaults: an agent that does nothing. */
export function loadAgentConfig(path: string): Result<AgentConfig, readonly Problem[]> {
  const bytes = readFile(path);
  if (!bytes.ok) return failure([problem({ file: path, line: 0 }, bytes.why)]);
  const ini = readIni(bytes.value, path);
  const values = new Map<string, unknown>(
    Object.entries<AgentKey>(AGENT_KEYS).map(([name, { parse, default: text }]) => [
      name,
      defaultOf(parse(text)),
    ]),
  );
  const problems = [...ini.problems];
  for (const { key, line } of ini.loose)
    problems.push(
      problem({ file: path, line }, `Key ${quote(key)} stands before any [section]`, "it belongs in [agent]"),
    );
  for (const section of ini.sections) {
    if (section.name !== "agent") {
      problems.push(
        problem({ file: path, line: section.line }, `Unknown section [${section.name}]`, "known is [agent]"),
      );
      continue;
    }
    for (const { key, value, line } of section.entries) {
      const known = Object.hasOwn(AGENT_KEYS, key)
        ? (AGENT_KEYS as Record<string, AgentKey>)[key]
        : undefined;
      const parsed = known?.parse(value);
      if (parsed === undefined)
        problems.push(problem({ file: path, line }, `Unknown key ${quote(key)}`, hint(key)));
      else if ("value" in parsed) values.set(key, parsed.value);
      else
        problems.push(
          problem(
            { file: path, line },
            `${key}=${quote(value)} is not ${parsed.expected}`,
            parsed.suggestion,
          ),
        );
    }
  }
  if (problems.length > 0) return failure(problems);
  const config = [...values].map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]);
  // Each value was made by the parser of its key.
  return success(Object.fromEntries(config) as AgentConfig);
}

function key(parse: Parser<unknown>, defaultText: string, doc: string): AgentKey {
  return { parse, default: defaultText, doc };
}

function ports(text: string): Parsed<readonly number[]> {
  const numbers = parseCpuList(text);
  return numbers === undefined ? { expected: "a list of ports like 0-3" } : { value: numbers };
}

function vmName(text: string): Parsed<string | undefined> {
  if (text === "") return { value: undefined };
  return /^[\x21-\x7e]{1,31}$/.test(text) ? { value: text } : { expected: "1 to 31 letters" };
}

function defaultOf(parsed: Parsed<unknown>): unknown {
  if ("value" in parsed) return parsed.value;
  throw new Error(`A default is not ${parsed.expected}`);
}

function hint(name: string): string {
  const near = nearest(name, Object.keys(AGENT_KEYS));
  return near === undefined ? `known are ${Object.keys(AGENT_KEYS).join(", ")}` : `did you mean "${near}"?`;
}

function readFile(path: string): Result<Uint8Array> {
  try {
    return success(fs.readFileSync(path));
  } catch (error) {
    return systemErrorCode(error) === "ENOENT"
      ? success(new Uint8Array())
      : failure(`Cannot read the file: ${systemErrorText(error)}`);
  }
}
