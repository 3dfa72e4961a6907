import { join } from "node:path";
import { namesIn } from "../os/names-in.ts";
import { shortText } from "./files.ts";
import type { Meter, MeterScope } from "./meter.ts";

/** The most chips that are looked at. */
const CHIPS_MAX = 256;

/** The chips that are known to measure a whole machine or its CPUs. Others may be a disk or a fan. */
const SCOPES: Readonly<Record<string, MeterScope>> = {
  power_meter: "machine",
  fam15h_power: "package",
};

const FILE = /^(power|energy)(\d+)_(average|input)$/;

/**
 * Finds the power and energy sensors below a directory like `/sys/class/hwmon`. Chips that are not known have the scope
 * "other": they are used only if an operator names them.
 */
export function findSensors(root: string): Meter[] {
  const chips = namesIn(root)
    .filter((name) => /^hwmon\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    .slice(0, CHIPS_MAX);
  const met = new Map<string, number>();
  return chips.flatMap((chip) => {
    // Older drivers, the ACPI power meter among them, have their files one directory below.
    const places = [join(root, chip), join(root, chip, "device")];
    const name = places.map((place) => shortText(join(place, "name"))).find((text) => text);
    if (name === undefined) return [];
    const number = met.get(name) ?? 0;
    met.set(name, number + 1);
    const sensors = places.flatMap((place) => sensorsIn(place, name, number));
    return sensors.filter(({ id }, index) => sensors.findIndex((other) => other.id === id) === index);
  });
}

/** `number` counts the chips of one name. */
function sensorsIn(place: string, chip: string, number: number): Meter[] {
  const names = new Set(namesIn(place));
  return [...names].sort().flatMap((file): Meter[] => {
    const [, quantity, index, kind] = FILE.exec(file) ?? [];
    if (quantity === undefined) return [];
    // An average says more about the time since the last reading than a sample.
    if (kind === "input" && names.has(`${quantity}${index}_average`)) return [];
    const label = shortText(join(place, `${quantity}${index}_label`)) || `${quantity}${index}`;
    const id = `${chip}${number === 0 ? "" : `#${number + 1}`}/${label}`;
    const { scope, measures } = sensed(chip, { id, label, number });
    return [
      {
        id,
        measures,
        scope,
        quantity: quantity === "power" ? "power" : "energy",
        file: join(place, file),
        rangeUj: undefined,
      },
    ];
  });
}

interface Sensor {
  readonly id: string;
  readonly label: string;
  readonly number: number;
}

/** What a sensor measures. A package has the name that RAPL gives it, so that it is not counted twice. */
function sensed(chip: string, { id, label, number }: Sensor): Pick<Meter, "scope" | "measures"> {
  if (chip === "amd_energy") {
    const socket = /^Esocket(\d+)$/.exec(label)?.[1];
    return socket === undefined
      ? { scope: "part", measures: id }
      : { scope: "package", measures: `package-${socket}` };
  }
  const scope = SCOPES[chip] ?? "other";
  return { scope, measures: scope === "package" ? `package-${number}` : id };
}
