import { BOUND, PARAMETER } from "./protocol.ts";
import type { XdrReader } from "./xdr-reader.ts";

/** The most parameters that are read. The counters of 256 monitors in four packages are half of them. */
const READ_MAX = 8192;

/** The fewest bytes of one: an empty name, a type, a number. */
const BYTES_MIN = 4 + 4 + 4;

/** Reads parameters by their names. Of more than can be read, none is returned. */
export function readParameters(reader: XdrReader): ReadonlyMap<string, number | string> {
  const parameters = new Map<string, number | string>();
  const count = reader.count(BOUND.statistics, BYTES_MIN);
  if (count > READ_MAX) return parameters;
  for (let i = 0; i < count; i++) {
    const name = reader.string(BOUND.stringBytes);
    const value = readValue(reader);
    // What follows a value of an unknown type cannot be found.
    if (value === undefined || !reader.ok) break;
    parameters.set(name, value);
  }
  return parameters;
}

function readValue(reader: XdrReader): number | string | undefined {
  switch (reader.i32()) {
    case PARAMETER.int:
    case PARAMETER.boolean:
      return reader.i32();
    case PARAMETER.uint:
      return reader.u32();
    // A negative one is as wrong as a huge one: no caller needs it.
    case PARAMETER.llong:
    case PARAMETER.ullong:
      return reader.u64();
    case PARAMETER.double:
      return reader.double();
    case PARAMETER.string:
      return reader.string(BOUND.stringBytes);
    default:
      return undefined;
  }
}
