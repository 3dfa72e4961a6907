import { describe, expect, test } from "bun:test";
import { originalHost } from "./original-host.ts";
import { environment, GRANTED } from "./requests.ts";
import { virtioPort } from "./virtio-port.ts";

describe("DPDK's own host", () => {
  const GRANTS = ["granted", "granted", "granted"];

  test.each([
    ["20.02", GRANTS, "granted"],
    ["19.11", ["granted", "refused", "refused"], "granted"],
    ["19.08", ["unanswered", "unanswered", "unanswered"], "unanswered"],
  ] as const)("of %s grants requests, with its own form of replies", async (release, scaled, policy) => {
    const original = originalHost(release);
    const power = environment(virtioPort(original.host));
    expect(await power.init(0)).toEqual(GRANTED);
    // For a speed that is set already, and for turbo, it reports that nothing changed: a NACK in 19.11.
    const outcomes = [
      await power.scale(0, "min"),
      await power.scale(0, "min"),
      await power.scale(0, "turbo"),
    ];
    expect(outcomes.map(({ kind }): string => kind)).toEqual([...scaled]);
    expect(original.index).toEqual([0, 0, 0, 0]);
    expect((await power.sendPolicy(0, { type: "workload", vcpus: [0] })).kind).toBe(policy);
    expect([...original.policies]).toEqual(["vm0"]);
    expect((await power.removePolicy(0)).kind).toBe("unanswered");
    expect([original.policies.size, original.closed]).toEqual([0, false]);
  });

  test("answers queries once they are enabled, by the name of the VM, with garbage between the values", async () => {
    const original = originalHost("20.02");
    const power = environment(virtioPort(original.host));
    await power.init(0);
    await power.scale(0, "min");
    expect(await power.queryFreqs(0, "all")).toEqual({
      kind: "unanswered",
      reason:
        "The host did not reply; perhaps this VM may not send queries: on the host, vmpowerctl set-query VM enable allows it",
    });
    original.query = true;
    expect(await power.queryFreqs(0, "all")).toEqual({
      kind: "granted",
      value: [1_200_000, 2_301_000, 2_301_000, 2_301_000],
    });
    expect(await power.queryFreqs(0, 1)).toEqual({
      kind: "granted",
      value: [undefined, 2_301_000, undefined, undefined],
    });
    const caps = { turbo: true, priority: false };
    expect(await power.queryCaps(0, "all")).toEqual({ kind: "granted", value: [caps, caps, caps, caps] });
    expect((await power.queryFreqs(0, 8)).kind).toBe("not-supported");
  });

  test("does not know the query for energy", async () => {
    const power = environment(virtioPort(originalHost("20.02").host));
    await power.init(0);
    expect(await power.queryEnergy(0)).toEqual({
      kind: "unanswered",
      reason: "The host did not reply: only vm-power knows the energy of a VM",
    });
  });

  test("sends garbage for the number of vCPUs when there are more than 8", async () => {
    const original = originalHost("20.02", { vcpus: 12 });
    original.query = true;
    const power = environment(virtioPort(original.host));
    await power.init(0);
    const outcome = await power.queryFreqs(0, "all");
    expect(outcome.kind === "granted" ? outcome.value.length : outcome).toBe(8);
  });

  test("drops everything on a disabled channel", async () => {
    const original = originalHost("20.02");
    original.enabled = false;
    const power = environment(virtioPort(original.host));
    await power.init(0);
    expect((await power.scale(0, "min")).kind).toBe("unanswered");
    original.enabled = true;
    expect(await power.scale(0, "min")).toEqual(GRANTED);
  });
});
