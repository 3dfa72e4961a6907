import type { Contract } from "../../arbiter/view.ts";
import type { AppConfig } from "../../config/config.ts";
import type { RateLimit } from "../packet/rate-limit.ts";

/** No VM's name contains a slash, so none can be taken for an asker. */
const PREFIX = "app/";

/** A user of an application, or one of its FIFOs. */
export interface Asker {
  /** Its name, unique on this host: `app/redis/1000`, `app/redis/fifo3`. */
  readonly name: string;
  readonly app: AppConfig;
  /** Whether it is a user, not a FIFO. */
  readonly isUser: boolean;
  readonly rate: RateLimit;
  readonly counters: { granted: number; refused: number };
  usedMs: number;
  /** When its guest policy ends, on the monotonic clock; undefined if it has none, or one without a lease. */
  policyUntilMs?: number | undefined;
}

/** Whether a domain of the arbiter is an asker. */
export function isAsker(domain: string): boolean {
  return domain.startsWith(PREFIX);
}

/** The name of a user of an application, or of a FIFO. */
export function nameOf({ name }: AppConfig, who: string): string {
  return `${PREFIX}${name}/${who}`;
}

/** Who may ask for what, as text to compare. */
export function rightsOf({ user, group, cpus }: AppConfig): string {
  return JSON.stringify([user, group, cpus]);
}

/** What an application may ask for, as of a guest that names CPUs of the host. */
export function contractOf(app: AppConfig): Contract {
  const { minKhz, maxKhz, turbo, operations, policies, minDwellMs, leaseSec, dryRun } = app;
  const bounds = { minKhz, maxKhz, turbo, operations, policies, minDwellMs, leaseSec, dryRun };
  return { ...bounds, query: false, physicalCores: true };
}
