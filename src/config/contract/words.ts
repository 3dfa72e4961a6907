import { failure, type Result, success } from "../../base/result.ts";
import type { Key } from "../key.ts";
import { PATTERN_KEYS } from "../keys.ts";
import { quote } from "../problem.ts";
import { judgeValue } from "../settings.ts";
import { nearest } from "../suggest.ts";

/** The longest value that an operator or the metadata of a VM may give. */
const WORD_LENGTH_MAX = 256;

/** Keys that the metadata of a VM does not decide: they reach beyond the VM's own CPUs, or change its devices. */
const NOT_FOR_METADATA = ["PhysicalCores", "EmulatorMinKhz", "AttachAtStart"];

/** One key that is set outside the configuration files. */
export interface Word {
  readonly key: string;
  readonly text: string;
  readonly value: unknown;
}

/** The key of a contract with this name, or why there is none. */
export function contractKey(name: string): Result<Key<unknown>> {
  const known = Object.entries(PATTERN_KEYS).find(([key]) => key === name)?.[1];
  if (known !== undefined) return success(known);
  const near = nearest(name, Object.keys(PATTERN_KEYS));
  const suggestion =
    near === undefined ? `known are ${Object.keys(PATTERN_KEYS).join(", ")}` : `did you mean "${near}"?`;
  return failure(`Unknown key ${quote(name)} (${suggestion})`);
}

/** Judges a key and its value from outside the configuration files. Returns why it cannot be used, as a sentence. */
export function judgeWord(key: string, text: string, by: "operator" | "metadata"): Result<Word> {
  const known = contractKey(key);
  if (!known.ok) return known;
  if (by === "metadata" && NOT_FOR_METADATA.includes(key))
    return failure(`${key} is for the configuration and for operators, not for a VM's own metadata`);
  if (text === "") return failure(`${key} has no value: write it like ${key}=VALUE`);
  if (text.length > WORD_LENGTH_MAX)
    return failure(`The value of ${key} has more than ${WORD_LENGTH_MAX} characters`);
  const judged = judgeValue(known.value, key, text);
  if ("value" in judged) return success({ key, text, value: judged.value });
  return failure(
    judged.suggestion === undefined ? judged.message : `${judged.message} (${judged.suggestion})`,
  );
}
