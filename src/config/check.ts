import { checkApps } from "./check-apps.ts";
import { checkMap } from "./check-map.ts";
import type { Config } from "./config.ts";
import { checkRules } from "./contract/check-rules.ts";
import { CONTROL_SOCKET_BYTES_MAX } from "./keys.ts";
import { type Problem, problem, quote, warning } from "./problem.ts";
import { checkSchedules } from "./schedule/schedules.ts";
import type { Gathered } from "./settings.ts";

/** Finds contradictions between keys whose values are valid. */
export function checkConfig(config: Config, gathered: Gathered): Problem[] {
  const problems: Problem[] = [];
  const runtimeDirectory = gathered.sections.get("daemon")?.get("RuntimeDirectory");
  const { controlSocket, monitorSocket } = config.daemon;
  const sockets = { ControlSocket: controlSocket, MonitorSocket: monitorSocket };
  // A path that the operator wrote was checked by its parser; one that follows from the directory was not.
  const long = Object.entries(sockets).find(([, path]) => Buffer.byteLength(path) > CONTROL_SOCKET_BYTES_MAX);
  if (runtimeDirectory !== undefined && long !== undefined) {
    const [key, path] = long;
    const message = `${quote(path)} is too long for a socket's path`;
    problems.push(problem(runtimeDirectory.place, message, `set ${key}, or a shorter RuntimeDirectory`));
  }
  const written = gathered.sections.get("daemon")?.get("MonitorSocket");
  if (written !== undefined && monitorSocket === controlSocket) {
    const message = `MonitorSocket is ${quote(monitorSocket)}, as ControlSocket is`;
    problems.push(problem(written.place, message, "to have no monitor socket, set MonitorAccess=off"));
  }
  const { listen, allowRemote } = config.metrics;
  const listenPlace = gathered.sections.get("metrics")?.get("Listen")?.place;
  if (listen !== undefined && listenPlace !== undefined && !allowRemote && !isLoopback(listen.hostname)) {
    const message = `Listen: other hosts can reach ${listen.hostname}`;
    problems.push(
      problem(listenPlace, message, "to allow that, set AllowRemote=yes; there is no authentication"),
    );
  }
  const isStatic = config.hypervisor.driver === "static";
  const driver = gathered.sections.get("hypervisor")?.get("Driver");
  if (isStatic && driver !== undefined) problems.push(...checkMap(gathered, driver.place));
  problems.push(...checkRules(gathered), ...checkSchedules(gathered), ...checkApps(gathered));
  for (const [name, settings] of gathered.vms) {
    const vcpus = settings.get("Vcpus");
    if (!isStatic && vcpus?.value !== undefined) {
      const message = `Vcpus of VM ${quote(name)} is not used with Driver=libvirt`;
      problems.push(warning(vcpus.place, message, "libvirt knows where its vCPUs run"));
    }
  }
  return problems;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || hostname.startsWith("127.");
}
