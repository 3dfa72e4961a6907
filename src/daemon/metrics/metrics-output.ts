import type { Log } from "../../base/log.ts";
import type { Config } from "../../config/config.ts";
import { type ListenAt, listenForScrapes } from "../../metrics/listener.ts";
import type { Format } from "../../metrics/openmetrics.ts";
import { startTextfile } from "../../metrics/textfile.ts";
import { listenAtPace } from "../operators/listen.ts";
import { finish } from "../operators/loop-slices.ts";
import type { Parts } from "../parts.ts";
import { metricsText } from "./metrics-text.ts";

/** Anyone can open connections in a loop, and each reply costs time, so there is a pause after each connection. */
const listen = listenAtPace({ connections: 1, restMs: 5 });

/** What {@link openMetricsOutput} needs. */
export interface MetricsOutputOptions {
  readonly config: Config["metrics"];
  readonly parts: Parts;
  /** Sockets that systemd opened for the daemon. */
  readonly fds: readonly number[];
  readonly log: Log;
}

/** Serves metrics at the configured address and on sockets that systemd opened. */
export function openMetricsOutput({ config, parts, fds, log }: MetricsOutputOptions): { close(): void } {
  const render = (format: Format) => parts.slices.run(metricsText(format, parts));
  const outputs: { close(): void }[] = [];
  const places: ListenAt[] = [
    ...(config.listen === undefined ? [] : [config.listen]),
    ...fds.map((fd) => ({ fd })),
  ];
  for (const at of places) {
    const where = "fd" in at ? `socket ${at.fd} of systemd` : `${at.hostname}:${at.port}`;
    try {
      outputs.push(listenForScrapes({ at, render, listen }));
      log.info(`Metrics are served on ${where}`);
    } catch (error) {
      // This must not keep guests from being served.
      const why = error instanceof Error ? error.message : error;
      log.error(
        `Cannot serve metrics on ${where}: ${why}; the service has no network: use vm-power-metrics.socket`,
      );
    }
  }
  const { textfile: path, interval } = config;
  if (path !== undefined)
    outputs.push(
      startTextfile({
        path,
        intervalMs: interval * 1000,
        render: () => finish(metricsText("prometheus", parts)),
        log,
      }),
    );
  return {
    close() {
      for (const output of outputs) output.close();
    },
  };
}
