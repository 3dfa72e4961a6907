import { rmSync } from "node:fs";
import { join } from "node:path";
import type { SavedPolicy } from "../../arbiter/policy-view.ts";
import type { SavedWant } from "../../arbiter/view.ts";
import { jsonIn } from "../../base/attempt.ts";
import type { Domain, DomainThread, Pcpu } from "../../base/domain.ts";
import { isRecord } from "../../base/is-record.ts";
import type { Log } from "../../base/log.ts";
import { ORIGINS, type Origin } from "../../base/origin.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { SavedSpeed } from "../../base/saved-speed.ts";
import { moveAside } from "../../os/move-aside.ts";
import { readOwnFile } from "../../os/own-file.ts";
import { writeWhole } from "../../os/whole-file.ts";
import { SCALE_ACTIONS } from "../../wire/packet.ts";
import { ORIGIN_WORDS } from "../words/domain-text.ts";
import { isSavedPolicy } from "./saved-policy.ts";

/** What a daemon leaves to the next one at a restart, besides the clocks as they are and the restore journal. */
export interface Handover {
  readonly wants: readonly SavedWant[];
  /** Guest policies in force. */
  readonly policies: readonly SavedPolicy[];
  /** Clocks with an operator's order that no guest's request has ended. */
  readonly operated: readonly Pcpu[];
  /** Clocks that are parked. */
  readonly parked: readonly Pcpu[];
  /** The last report of the hypervisor. */
  readonly domains: readonly Domain[];
}

/** The next daemon must start within this time in ms; later the clocks are restored. */
const FRESH_MS = 60_000;

/** The most bytes of the file; 4,000 vCPUs need much less. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const VERSION = 1;

/** A time that two processes of one boot agree on. */
export interface BootNow {
  readonly wallMs: number;
  /** Milliseconds since the host booted. */
  readonly bootMs: number;
}

/** Where the handover is, and the log for files that are in its way. */
export interface HandoverPlace {
  readonly runtimeDirectory: string;
  readonly log: Log;
}

/** Writes a handover to the runtime directory. Returns why it could not. */
export function saveHandover(place: HandoverPlace, handover: Handover, now: BootNow): Result<undefined> {
  const domains = handover.domains.map((domain) => ({
    ...domain,
    // Version 0.1.0 reads this member.
    detail: ORIGIN_WORDS[domain.origin],
    channels: domain.channels && [...domain.channels],
    contract: domain.contract && [...domain.contract],
  }));
  const text = JSON.stringify({
    version: VERSION,
    atMs: now.wallMs,
    bootMs: now.bootMs,
    ...handover,
    domains,
  });
  const bytes = Buffer.byteLength(text);
  if (bytes > FILE_BYTES_MAX)
    return failure(`it has ${bytes} bytes, and the next daemon reads ${FILE_BYTES_MAX} at most`);
  const written = writeWhole(pathIn(place.runtimeDirectory), text, { mode: 0o600, log: place.log });
  return written.ok ? success(undefined) : failure(written.why.message);
}

/**
 * Reads and removes the handover, so that it is used only once. Undefined if there is none that is fresh and complete.
 */
export function takeHandover({ runtimeDirectory, log }: HandoverPlace, now: BootNow): Handover | undefined {
  const path = pathIn(runtimeDirectory);
  const handover = readHandover(runtimeDirectory, now);
  try {
    rmSync(path, { force: true });
  } catch {
    moveAside(path, { log, because: "a handover belongs there" });
  }
  return handover;
}

/** Reads the handover without removing it. */
export function readHandover(directory: string, now: BootNow): Handover | undefined {
  const text = readOwnFile(pathIn(directory), FILE_BYTES_MAX);
  if (!text.ok || text.value === undefined) return undefined;
  const value = jsonIn(text.value);
  if (!isRecord(value) || value["version"] !== VERSION || !isFresh(value, now)) return undefined;
  // An older daemon hands over no domains, policies and parked clocks.
  const { wants, operated, parked = [], domains = [], policies = [] } = value;
  return isListOf(wants, isWant) &&
    isListOf(operated, isCount) &&
    isListOf(parked, isCount) &&
    isListOf(domains, isDomain) &&
    isListOf(policies, isSavedPolicy)
    ? { wants, operated, parked, domains: domains.map(domainOf), policies }
    : undefined;
}

/** A domain as the file contains it: JSON has no sets and maps. */
type WrittenDomain = Omit<Domain, "channels" | "origin" | "contract"> & {
  /** Absent in the handover of a version that had text instead. */
  readonly origin?: Origin;
  readonly channels?: readonly (readonly [string, number])[];
  readonly contract?: readonly (readonly [string, string])[];
};

function domainOf({
  name,
  uuid,
  run,
  state,
  origin = "unknown",
  pins,
  channels,
  pid,
  contract,
  threads,
}: WrittenDomain): Domain {
  const which = { ...(uuid === undefined ? {} : { uuid }), ...(run === undefined ? {} : { run }) };
  const says = contract === undefined ? {} : { contract: new Map(contract) };
  return {
    name,
    ...which,
    state,
    origin,
    pins,
    channels: channels && new Map(channels),
    ...(pid === undefined ? {} : { pid }),
    ...(threads === undefined ? {} : { threads }),
    ...says,
  };
}

function pathIn(directory: string): string {
  return join(directory, "handover");
}

/** Uses the time since the boot, which nobody can set. Version 0.1.0 wrote only the wall clock's time. */
function isFresh({ atMs, bootMs }: Record<string, unknown>, now: BootNow): boolean {
  if (bootMs !== undefined) return isCount(bootMs) && Math.abs(now.bootMs - bootMs) <= FRESH_MS;
  return isCount(atMs) && Math.abs(now.wallMs - atMs) <= FRESH_MS;
}

function isWant(value: unknown): value is SavedWant {
  if (!isRecord(value)) return false;
  const { vm, resource, physical, asked, askedAtMs, speeds } = value;
  return (
    typeof vm === "string" &&
    isCount(resource) &&
    typeof physical === "boolean" &&
    (asked === undefined || SCALE_ACTIONS.some((action) => action === asked)) &&
    isCount(askedAtMs) &&
    isListOf(speeds, isSpeed)
  );
}

function isThread(value: unknown): value is DomainThread {
  return isRecord(value) && typeof value["name"] === "string" && isListOf(value["pcpus"], isCount);
}

function isDomain(value: unknown): value is WrittenDomain {
  if (!isRecord(value)) return false;
  const { name, uuid, run, state, origin, pins, channels, pid, contract, threads } = value;
  return (
    typeof name === "string" &&
    (uuid === undefined || typeof uuid === "string") &&
    (run === undefined || typeof run === "string") &&
    (state === "running" || state === "paused") &&
    (origin === undefined || ORIGINS.some((known) => known === origin)) &&
    isListOf(pins, (pcpus) => isListOf(pcpus, isCount)) &&
    (channels === undefined || isListOf(channels, isSocket)) &&
    (pid === undefined || isCount(pid)) &&
    (contract === undefined || isListOf(contract, isPairOfTexts)) &&
    (threads === undefined || isListOf(threads, isThread))
  );
}

function isSocket(value: unknown): value is readonly [string, number] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && isCount(value[1]);
}

function isPairOfTexts(value: unknown): value is readonly [string, string] {
  return isListOf(value, (text) => typeof text === "string") && value.length === 2;
}

function isSpeed(value: unknown): value is SavedSpeed {
  if (!isRecord(value)) return false;
  const { due } = value;
  return isCount(value["clock"]) && isWish(value) && (due === undefined || (isRecord(due) && isWish(due)));
}

function isWish({ khz, turbo }: Record<string, unknown>): boolean {
  return isCount(khz) && typeof turbo === "boolean";
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
