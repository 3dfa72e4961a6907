import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import { textWidth } from "../../terminal/wrap.ts";
import { healthOf } from "../status/health.ts";
import { hostsTable } from "../status/hosts-table.ts";
import { NAGIOS, pluginOfDaemon, pluginOfHosts } from "../status/nagios.ts";
import { statusText } from "../status/status-text.ts";
import type { Verb } from "../verb.ts";

/** Verb `status`: whether all is well, and what is wrong. */
export const STATUS: Verb = {
  name: "status",
  summary: "Show whether all is well, and what is not",
  arguments: [],
  options: [{ flag: NAGIOS, doc: "one line and the exit status of a Nagios plug-in" }],
  examples: [["status", "at a glance"]],
  async run({ call, show, style, now, json, io }, { flags }) {
    const isPlugin = flags.has(NAGIOS);
    if (isPlugin && json) throw new UsageError("--nagios prints no JSON: leave one of the options out");
    const status = await call("GetStatus", {});
    if (isPlugin) {
      const { text, code } = pluginOfDaemon(healthOf(status));
      io.stdout.write(`${text}\n`);
      return code;
    }
    const { channels } =
      (status.channelsRefused === 0 && status.channelsQuarantined === undefined) || json
        ? { channels: [] }
        : await call("ListChannels", {});
    show(status, () => statusText(status, channels, { style, nowMs: now(), width: textWidth(io) }));
    return EXIT.ok;
  },
  ofHosts({ flags }, hosts) {
    if (flags.has(NAGIOS)) return (said) => pluginOfHosts(said);
    if (hosts === 1) return undefined;
    return (said, look) => ({ text: hostsTable(said, look) });
  },
};
