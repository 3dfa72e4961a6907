import type { ScaleAction } from "../../wire/packet.ts";
import type { Failure } from "../library/outcome.ts";
import type { Power } from "../library/power.ts";
import type { Result } from "./results.ts";

/** How often a held speed is asked for again, in ms, because a restarted host has forgotten it. */
const AGAIN_MS = 2000;

/** vCPUs that are kept at a speed. */
export interface Hold {
  /** The results of the first request for each. */
  readonly results: readonly Result[];
  /** Asks for another speed, or for none, and closes the ports. */
  end(last: ScaleAction | undefined): Promise<void>;
}

/** Keeps vCPUs at a speed until the end. A port that cannot be opened is tried again. */
export async function hold(vcpus: readonly number[], power: Power, action: ScaleAction): Promise<Hold> {
  const ready = new Set<number>();
  const ask = async (vcpu: number) => {
    const init = ready.has(vcpu) ? undefined : await power.init(vcpu);
    if (init !== undefined && init.kind !== "granted") return init satisfies Failure;
    ready.add(vcpu);
    return power.scale(vcpu, action);
  };
  const askAll = () => Promise.all(vcpus.map(async (vcpu) => ({ vcpu, outcome: await ask(vcpu) })));
  const results = await askAll();
  let asking: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    asking = asking.then(askAll);
  }, AGAIN_MS);
  return {
    results,
    async end(last) {
      clearInterval(timer);
      await asking;
      if (last !== undefined) await Promise.all([...ready].map((vcpu) => power.scale(vcpu, last)));
      await power.unsetEnv();
    },
  };
}
