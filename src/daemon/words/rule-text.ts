import type { Rule } from "../../arbiter/view.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { holderText } from "./holder-text.ts";
import { refusalText } from "./refusal-text.ts";

/** Describes the rule that decides a clock's speed. */
export function ruleText(rule: Rule): string {
  switch (rule.kind) {
    case "as-asked":
      return "as asked: the highest claim on this clock";
    case "nobody":
      return "nobody claims this CPU, so its own settings hold";
    case "bounded":
      return `bounded by ${rule.by} of its contract`;
    case "operator":
      return rule.hold ? `held by ${rule.who}` : `set by ${rule.who}, until a guest asks`;
    case "schedule":
      return `schedule ${rule.name} wants it, while no vCPU here wants more`;
    case "parked":
      return "parked: no VM may run here, and nobody asks for it";
    case "silent":
      return rule.self
        ? "it never asked, so it keeps the baseline"
        : `${holderText(rule.holder)} runs here and never asked, so it keeps the baseline`;
    case "outbid":
      if (rule.holder.kind === "thread")
        return `EmulatorMinKhz: not below ${formatKhz(rule.khz)} on a CPU of the ${holderText(rule.holder)}`;
      return `${holderText(rule.holder)} claims ${formatKhz(rule.khz)} on the same clock`;
    case "dry-run": {
      const would = rule.khz === undefined ? "the baseline" : formatKhz(rule.khz);
      return `dry run of ${holderText(rule.holder)}: else ${would} would hold`;
    }
    case "refused":
      return refusalText(rule.refusal);
  }
}
