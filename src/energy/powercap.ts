import { join } from "node:path";
import { namesIn } from "../os/names-in.ts";
import { meterNumber, shortText } from "./files.ts";
import type { Meter, MeterScope } from "./meter.ts";

/** The most zones that are looked at; eight sockets have about 60. */
const ZONES_MAX = 1024;

/** A control type, a socket's number, and with a second number a zone within it: `intel-rapl-mmio:0:1`. */
const ZONE = /^(intel-rapl(?:-mmio)?):(\d+)(?::(\d+))?$/;

/**
 * Finds RAPL zones below a directory like `/sys/class/powercap`. Those read by MSRs come before those read by memory,
 * because both may measure the same package.
 */
export function findZones(root: string): Meter[] {
  const top = namesIn(root).filter((name) => ZONE.test(name));
  // The class directory lists inner zones too; they are also in the directory of the outer zone.
  const paths = new Map<string, string>();
  for (const name of top.slice(0, ZONES_MAX)) {
    paths.set(name, join(root, name));
    for (const inner of namesIn(join(root, name)))
      if (ZONE.test(inner) && !paths.has(inner)) paths.set(inner, join(root, name, inner));
  }
  return [...paths.keys()].sort(byNumber).flatMap((zone) => meterOf(zone, paths));
}

function meterOf(zone: string, paths: ReadonlyMap<string, string>): Meter[] {
  const [, type = "", socket = "", inner] = ZONE.exec(zone) ?? [];
  const path = paths.get(zone) ?? "";
  const name = shortText(join(path, "name"));
  if (name === undefined || name === "") return [];
  const outer =
    inner === undefined ? undefined : shortText(join(paths.get(`${type}:${socket}`) ?? "", "name"));
  const id = outer === undefined ? name : `${outer}/${name}`;
  const rangeUj = meterNumber(shortText(join(path, "max_energy_range_uj")) ?? "");
  const file = join(path, "energy_uj");
  return [
    { id, measures: id, scope: scopeOf(name), quantity: "energy", file, rangeUj: rangeUj || undefined },
  ];
}

function scopeOf(name: string): MeterScope {
  if (name.startsWith("package")) return "package";
  if (name === "psys") return "machine";
  return name === "dram" ? "memory" : "part";
}

/** By control type, then by numbers. */
function byNumber(a: string, b: string): number {
  const [, typeA = "", ...numbersA] = ZONE.exec(a) ?? [];
  const [, typeB = "", ...numbersB] = ZONE.exec(b) ?? [];
  if (typeA !== typeB) return typeA < typeB ? -1 : 1;
  const [socketA = 0, innerA = -1] = numbersA.map((text = "-1") => Number(text));
  const [socketB = 0, innerB = -1] = numbersB.map((text = "-1") => Number(text));
  return socketA - socketB || innerA - innerB;
}
