import { EXIT } from "../../terminal/exit-code.ts";
import { wordOf } from "../../terminal/option-values.ts";
import { optionOf } from "../arguments.ts";
import type { Verb } from "../verb.ts";

const FORMATS = ["openmetrics", "prometheus"] as const;

/** Verb `metrics`: all metrics as text. */
export const METRICS: Verb = {
  name: "metrics",
  summary: "Print all metrics as OpenMetrics text",
  arguments: [],
  options: [
    {
      flag: "--format",
      doc: "openmetrics (the default), or the older prometheus",
      value: { name: "format", kind: FORMATS },
    },
  ],
  examples: [["metrics --format prometheus", "for programs without OpenMetrics"]],
  async run({ call, show }, { values }) {
    const format = optionOf(values, "--format", wordOf(FORMATS)) ?? "openmetrics";
    const reply = await call("GetMetrics", { format });
    show(reply, () => reply.text.trimEnd());
    return EXIT.ok;
  },
};
