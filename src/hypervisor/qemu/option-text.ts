import { jsonIn } from "../../base/attempt.ts";

/** The parameters of one option of QEMU, in their order: a key may come more than once. */
export type Parameters = readonly (readonly [key: string, value: string])[];

/**
 * Reads the value of an option, as `socket,path=/a,,b,server=on`: a comma in a value is written twice, and the first
 * part without "=" is the value of `implied`. libvirt writes some options as an object of JSON. Values of an object that
 * are objects or lists themselves are left out: none that matters here is one.
 */
export function readOption(text: string, implied: string): Parameters {
  return text.startsWith("{") ? readObject(text) : readList(text, implied);
}

/** The last value of a key, which is the one that QEMU uses. */
export function lastOf(parameters: Parameters, key: string): string | undefined {
  return parameters.findLast(([name]) => name === key)?.[1];
}

/** Whether a switch is on: `server=on`, `server`, and true in JSON. */
export function isOn(parameters: Parameters, key: string): boolean {
  return ["on", "yes", "true", "y"].includes(lastOf(parameters, key) ?? "");
}

function readList(text: string, implied: string): Parameters {
  return splitAtCommas(text).map((part, index): Parameters[number] => {
    const equals = part.indexOf("=");
    if (equals >= 0) return [part.slice(0, equals), part.slice(equals + 1)];
    return index === 0 ? [implied, part] : [part, "on"];
  });
}

function splitAtCommas(text: string): string[] {
  const parts = [""];
  for (let at = 0; at < text.length; ) {
    const comma = text.indexOf(",", at);
    const end = comma < 0 ? text.length : comma;
    const isDouble = text[end + 1] === ",";
    parts[parts.length - 1] += text.slice(at, isDouble ? end + 1 : end);
    if (!isDouble && comma >= 0) parts.push("");
    at = isDouble ? end + 2 : end + 1;
  }
  return parts;
}

function readObject(text: string): Parameters {
  const value = jsonIn(text);
  return Object.entries(value ?? {}).flatMap(([key, each]) =>
    ["string", "number", "boolean"].includes(typeof each) ? [[key, String(each)] as const] : [],
  );
}
