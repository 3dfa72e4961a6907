import type { Cpu, Load } from "../admin/control-types.ts";
import type { Pcpu } from "../base/domain.ts";
import { formatGhz, formatKhz } from "../base/format-khz.ts";
import { groupBy } from "../base/group-by.ts";
import { type SpeedScale, stepOf } from "./speed-scale.ts";

/** One CPU as the page draws it. Two that are equal are drawn alike. */
export interface Tile {
  readonly pcpu: Pcpu;
  /** Its real speed in GHz, as far as the kernel tells one. */
  readonly speed: string;
  /** The colour of its real speed, and that of the speed that is set; undefined where there is none. */
  readonly step: number | undefined;
  readonly setStep: number | undefined;
  /** Who runs there: one vCPU, and how many more. */
  readonly who: string;
  readonly kind: "set" | "baseline" | "parked" | "unmanaged";
  readonly held: boolean;
  /** Whether a vCPU there does not have what it asked for. */
  readonly bounded: boolean;
  /** All of it in words. */
  readonly says: string;
}

/** CPUs with one clock. */
interface ClockTiles {
  readonly id: Pcpu;
  readonly tiles: readonly Tile[];
}

/** The clocks of a socket; undefined where the hardware does not tell which one it is. */
interface SocketTiles {
  readonly socket: number | undefined;
  readonly clocks: readonly ClockTiles[];
  /** The mean of its real speeds in kHz. */
  readonly meanKhz: number | undefined;
}

/** All CPUs of a host by socket and by clock. */
export function tilesOf(cpus: readonly Cpu[], load: Load, scale: SpeedScale): SocketTiles[] {
  const asking = load.vcpus.filter(({ askedKhz }) => askedKhz !== undefined);
  const limits = new Map(asking.map(({ vm, vcpu, bound }) => [`${vm}:${vcpu}`, bound]));
  return [...groupBy(cpus, ({ socket }) => socket)]
    .sort(([a = Number.POSITIVE_INFINITY], [b = Number.POSITIVE_INFINITY]) => a - b)
    .map(([socket, own]) => ({
      socket,
      clocks: [...groupBy(own, ({ pcpu, clock }) => clock[0] ?? pcpu)]
        .sort(([a], [b]) => a - b)
        .map(([id, sharing]) => ({ id, tiles: sharing.map((cpu) => tileOf(cpu, limits, scale)) })),
      meanKhz: mean(own.flatMap(({ currentKhz }) => currentKhz ?? [])),
    }));
}

function tileOf(cpu: Cpu, limits: ReadonlyMap<string, string | undefined>, scale: SpeedScale): Tile {
  const { pcpu, managed, currentKhz, requestedKhz, held, parked, vcpus } = cpu;
  const [first = "", ...others] = vcpus;
  const limited = vcpus.flatMap((name) => {
    const bound = limits.get(name);
    return bound === undefined ? [] : [`${name} is limited by ${bound}`];
  });
  return {
    pcpu,
    speed: currentKhz === undefined ? "–" : formatGhz(currentKhz),
    step: currentKhz === undefined ? undefined : stepOf(currentKhz, scale),
    setStep: requestedKhz === undefined ? undefined : stepOf(requestedKhz, scale),
    who: others.length === 0 ? first : `${first} +${others.length}`,
    kind: !managed
      ? "unmanaged"
      : parked !== undefined
        ? "parked"
        : requestedKhz === undefined
          ? "baseline"
          : "set",
    held,
    bounded: limited.length > 0,
    says: [
      `CPU ${pcpu}`,
      currentKhz === undefined ? "speed not known" : `runs at ${formatKhz(currentKhz)}`,
      settingText(cpu),
      ...(held ? ["held by an operator"] : []),
      vcpus.length === 0 ? "no vCPU" : vcpus.join(", "),
      ...limited,
    ].join("; "),
  };
}

/** What is set on a CPU, in a few words. */
export function settingText({ managed, reason, parked, setting, requestedKhz }: Cpu): string {
  if (!managed) return `not managed: ${reason ?? "no reason given"}`;
  if (parked !== undefined) return `parked (${parked})`;
  if (requestedKhz !== undefined) return `set to ${formatKhz(requestedKhz)}`;
  return setting === "baseline" ? "its own settings" : "setting not known";
}

/** A text of at most so many characters: of a longer one the beginning and the end, which most often tells it apart. */
export function shortened(text: string, max: number): string {
  const characters = Array.from(text);
  if (characters.length <= max) return text;
  const end = Math.ceil((max - 1) * 0.6);
  return [...characters.slice(0, max - 1 - end), "…", ...characters.slice(-end)].join("");
}

function mean(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
