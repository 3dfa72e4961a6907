import { MESSAGE_IDS } from "../../base/message-id.ts";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { type Problem, problemLines } from "../../config/problem.ts";
import { openNotify } from "../../systemd/notify.ts";
import { CONFIG_HOST } from "../config-host.ts";
import { type Daemon, startDaemon } from "../daemon.ts";
import { EXIT_CONFIG, EXIT_FAILED } from "../exit-code.ts";
import { type LeveledLog, openLog } from "../log.ts";
import type { Cause } from "./ending.ts";
import { needsRestart } from "./reload.ts";

/** Within this time in ms after SIGUSR2, a SIGTERM is that of a restart. */
const RESTART_MS = 5000;

/** Signals sent together arrive in any order, within this time in ms. */
const SIGNALS_MS = 20;

/** Runs the daemon until it is told to stop. Resolves with the exit status. */
export async function serve(path: string): Promise<number> {
  const log = openLog(process.env, "info");
  const loaded = loadConfig(path, { host: CONFIG_HOST });
  if ("problems" in loaded) {
    report(loaded.problems, log);
    return EXIT_CONFIG;
  }
  report(loaded.warnings, log);
  log.setLevel(loaded.config.daemon.logLevel);
  const notify = openNotify(process.env);
  let config = loaded.config;
  let daemon: Daemon | undefined;
  let last: { readonly cause: Cause; readonly code: number | undefined } | undefined;
  const ended = Promise.withResolvers<number>();
  const end = (from: Daemon, { cause, code }: NonNullable<typeof last>) =>
    void from.stop(cause).then((stopCode) => ended.resolve(code ?? stopCode), ended.reject);
  const stop = (cause: Cause, code?: number) => {
    if (last !== undefined) return;
    last = { cause, code };
    // A stop during the start takes effect after it, so that nothing that the start changed is left behind.
    if (daemon !== undefined) end(daemon, last);
  };
  let restartAtMs = Number.NEGATIVE_INFINITY;
  process.on("SIGUSR2", () => {
    restartAtMs = performance.now();
  });
  process.on("SIGTERM", async () => {
    await Bun.sleep(SIGNALS_MS);
    const isRestart = performance.now() - restartAtMs < RESTART_MS;
    stop(isRestart ? { reason: "restart", detail: "a restart" } : { reason: "stop", detail: "SIGTERM" });
  });
  process.on("SIGINT", () => stop({ reason: "stop", detail: "SIGINT" }));
  process.on("SIGHUP", () => {
    if (daemon === undefined) return;
    notify.reloading();
    config = reload(path, config, daemon, log);
    notify.ready("reloaded");
  });
  // A fault of the daemon must not leave clocks changed: it ends in order, and systemd starts it again.
  const fault = (error: unknown) => {
    log.error(
      `A fault of vm-power itself: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
      { MESSAGE_ID: MESSAGE_IDS.fault },
    );
    stop({ reason: "fault", detail: "a fault of its own" }, EXIT_FAILED);
  };
  process.on("uncaughtException", fault);
  process.on("unhandledRejection", fault);

  try {
    daemon = await startDaemon({ config, log, notify });
  } catch (error) {
    log.error(`Cannot start: ${describe(error)}`);
    return EXIT_FAILED;
  }
  if (last !== undefined) end(daemon, last);
  return ended.promise;
}

/** With one problem, or one change that needs a restart, the old configuration stays in force as a whole. */
function reload(path: string, config: Config, daemon: Daemon, log: LeveledLog): Config {
  const loaded = loadConfig(path, { host: CONFIG_HOST });
  if ("problems" in loaded) {
    report(loaded.problems, log);
    log.error("The configuration was not reloaded: the old one stays in force", {
      MESSAGE_ID: MESSAGE_IDS.notReloaded,
    });
    daemon.keepConfig("it has errors, which vm-power --check-config reports");
    return config;
  }
  report(loaded.warnings, log);
  const fixed = needsRestart(config, loaded.config);
  if (fixed.length > 0) {
    log.error(
      `Not reloaded: a change of ${fixed.join(", ")} needs "systemctl restart vm-power"; nothing was changed`,
      { MESSAGE_ID: MESSAGE_IDS.notReloaded },
    );
    daemon.keepConfig(`a change of ${fixed.join(", ")} needs systemctl restart vm-power`);
    return config;
  }
  daemon.reconfigure(loaded.config);
  log.notice(`Reloaded ${path}`, { MESSAGE_ID: MESSAGE_IDS.reloaded });
  return loaded.config;
}

function report(problems: readonly Problem[], log: LeveledLog): void {
  for (const { severity, text } of problemLines(problems)) log[severity](text);
}

/** The message of an error with its causes. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `${error}`;
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}
