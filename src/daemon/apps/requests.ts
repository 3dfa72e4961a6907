import type { Caller } from "../../admin/caller.ts";
import { RequestError, type RequestResult, type Requests, type RequestWant } from "../../admin/request.ts";
import type { Arbiter } from "../../arbiter/arbiter.ts";
import type { VcpuView } from "../../arbiter/view.ts";
import type { Pcpu } from "../../base/domain.ts";
import type { AppConfig } from "../../config/config.ts";
import type { ScaleAction } from "../../wire/packet.ts";
import { ruleOfCall } from "../called-policy.ts";
import type { TurnClock } from "../turn-clock.ts";
import { appRefusalText } from "../words/app-refusal-text.ts";
import { ruleText } from "../words/rule-text.ts";
import type { AppUsers } from "./app-users.ts";
import type { Asker } from "./asker.ts";
import type { Askers } from "./askers.ts";

/** What {@link requests} needs. */
export interface RequestsOptions {
  readonly arbiter: Arbiter;
  readonly askers: Askers;
  readonly users: AppUsers;
  readonly time: TurnClock;
}

/** The methods of `io.vmpower.Request`. The kernel tells who calls. */
export function requests({ arbiter, askers, users, time }: RequestsOptions): Requests {
  return {
    GetContract({ app: named }, caller) {
      const app = users.chosen(caller, named);
      const { name, operations, policies, turbo, leaseSec } = app;
      const apps = users.of(caller).map((each) => each.name);
      return { app: name, apps, cpus: ownCpus(app, caller), operations, policies, turbo, leaseSec };
    },
    async Ask({ app: named, cpus, to, leaseSec: asked }, caller) {
      const { app, asker, own, leaseSec } = found(named, caller, asked);
      const action: ScaleAction = to === "noTurbo" ? "no-turbo" : to;
      const results: RequestResult[] = [];
      for (const cpu of cpus) {
        const refusal = await askers.scale(asker, { cpu, action, own, leaseSec });
        if (refusal !== undefined)
          results.push({ cpu, accepted: false, because: appRefusalText(refusal, app.name) });
        else {
          const grant = arbiter.grantOf(asker.name, { kind: "scale", resource: cpu, action, physical: true });
          results.push({
            cpu,
            accepted: true,
            khz: grant.khz,
            because: grant.bound && ruleText(grant.bound),
          });
        }
      }
      return { results, leaseSec };
    },
    async AskByPolicy({ app: named, leaseSec: asked, ...call }, caller) {
      const { app, asker, own, leaseSec } = found(named, caller, asked);
      if (call.cpus.length === 0) wrong("cpus");
      const rule = ruleOfCall(call, wrong);
      const refusal = await askers.follow(asker, { rule, cpus: call.cpus, own, leaseSec });
      if (refusal !== undefined) throw refused(appRefusalText(refusal, app.name));
      return { leaseSec };
    },
    ListWants({ app: named }, caller) {
      const asker = askers.all.get(`app/${users.chosen(caller, named).name}/${caller.uid}`);
      return { wants: asker === undefined ? [] : wantsOf(asker, arbiter, time) };
    },
    Release({ app: named }, caller) {
      const asker = askers.all.get(`app/${users.chosen(caller, named).name}/${caller.uid}`);
      if (asker !== undefined) askers.end(asker);
      return {};
    },
  };

  function found(named: string | undefined, caller: Caller, asked: number | undefined) {
    const app = users.chosen(caller, named);
    const asker = askers.of(app, caller.uid);
    if ("code" in asker) throw refused(appRefusalText(asker, app.name));
    const leaseSec = Math.min(asked ?? app.leaseSec, app.leaseSec);
    return { app, asker, own: ownCpus(app, caller), leaseSec };
  }
}

/** What an asker wants of each CPU now. */
export function wantsOf({ name, policyUntilMs }: Asker, arbiter: Arbiter, time: TurnClock): RequestWant[] {
  const { monoMs } = time();
  const byPolicy = new Set(arbiter.policies.list(name).flatMap(({ resources }) => resources));
  return arbiter.named(name).flatMap(({ vcpu: cpu, asked = "", clocks }: VcpuView): RequestWant[] => {
    const [clock] = clocks;
    if (clock?.khz === undefined) return [];
    const untilMs = clock.untilMs ?? (byPolicy.has(cpu) ? policyUntilMs : undefined);
    const endsInMs = untilMs === undefined ? undefined : Math.max(0, Math.ceil(untilMs - monoMs));
    return [{ cpu, khz: clock.khz, asked, grantedKhz: clock.grantedKhz, endsInMs }];
  });
}

/** The CPUs that a caller may name. */
function ownCpus({ cpus }: AppConfig, caller: Caller): readonly Pcpu[] {
  if (cpus !== "cpuset") return cpus ?? [];
  const allowed = caller.process?.allowedCpus();
  if (allowed === undefined) throw refused("The kernel does not tell which CPUs the caller may run on");
  return allowed;
}

function wrong(parameter: string): never {
  throw new RequestError("InvalidParameter", { parameter });
}

function refused(reason: string): RequestError {
  return new RequestError("Refused", { reason });
}
