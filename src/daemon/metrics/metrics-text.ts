import { exposition, type Format } from "../../metrics/openmetrics.ts";
import type { Job } from "../operators/loop-slices.ts";
import type { Parts } from "../parts.ts";
import { familySteps } from "./families.ts";

/** All metrics as text, made in steps. */
export function* metricsText(format: Format, parts: Parts): Job<string> {
  const families = yield* familySteps(parts);
  return exposition(families, format);
}
