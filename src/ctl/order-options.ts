import { durationArgument, optionOf } from "./arguments.ts";
import type { Option } from "./verb.ts";

/** What operators say about an order that may end by itself. */
interface OrderWords {
  readonly forSeconds?: number;
  readonly reason?: string;
}

/** The options `--for` and `--reason`. `doc` says what ends after the time. */
export function orderOptions(doc: string): readonly Option[] {
  return [
    {
      flag: "--for",
      doc: `${doc} after this time, like 30s, 10m, 2h`,
      value: { name: "time", kind: "text" },
    },
    { flag: "--reason", doc: "why, for those who look later", value: { name: "text", kind: "text" } },
  ];
}

/** The values of {@link orderOptions} as parameters of a call. */
export function orderWords(values: ReadonlyMap<string, string>): OrderWords {
  const [forSeconds, reason] = [optionOf(values, "--for", durationArgument), values.get("--reason")];
  return {
    ...(forSeconds === undefined ? {} : { forSeconds }),
    ...(reason === undefined ? {} : { reason }),
  };
}
