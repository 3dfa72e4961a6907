import { describe, expect, test } from "bun:test";
import { guestVms } from "./guest-vms.ts";
import { guest } from "./harness.ts";
import { originalHost } from "./original-host.ts";

const vm = guestVms();

describe("shell speaks as DPDK's guest_cli", () => {
  const shell = async (
    lines: readonly string[],
    numbers = [0, 1],
    host = originalHost("20.02", { vm: "ubuntu2" }),
  ) => {
    const { places } = vm(numbers, host);
    const { code, out, err } = await guest("shell --timeout 0.05", places, { lines });
    return { code, out: out.split("vmpower(guest)> ").slice(1), err };
  };

  test("with its prompt, its verbs and its words", async () => {
    const { code, out, err } = await shell([
      "set_cpu_freq 0 down",
      "set_cpu_freq 1 enable_turbo",
      "set_cpu_freq 7 down",
      "set_cpu_freq 128 up",
      "set_cpu_freq 1000000000000 up",
      "set_cpu_freq -1 up",
      "set_cpu_freq 0 sideways",
      "query_cpu_freq all",
      "query_cpu_freq 0",
      "query_cpu_freq 8",
      "query_cpu_caps 1",
      "send_policy now",
      "send_policy later",
      "help",
      "quit",
    ]);
    expect(code).toBe(0);
    expect(out).toEqual([
      "ACK received for message sent to host.\n",
      "ACK received for message sent to host.\n",
      "Error sending message: Unknown error -1\n",
      "Error sending message: Unknown error -1\n",
      "Bad arguments\n",
      "Bad arguments\n",
      "Bad arguments\n",
      [2300000, 2301000, 2301000, 2301000].map((khz, i) => `Frequency of [${i}] vcore is ${khz}.\n`).join(""),
      "Frequency of [0] vcore is 2300000.\n",
      "Invalid parameter provided.\n",
      "Capabilities of [1] vcore are: turbo possibility: 1, is priority core: 0.\n",
      "Sending Policy down now!\nACK for sent policy received.\n",
      "Bad arguments\n",
      "Command not found\n",
      "",
    ]);
    expect(err).toBe("Channel is not connected\nChannel is not connected\n");
  });

  test("prints a NACK, and a missing reply", async () => {
    expect((await shell(["set_cpu_freq 0 enable_turbo"], [0], originalHost("19.11"))).out[0]).toBe(
      "NACK received for message sent to host.\n",
    );
    const { out, err } = await shell(["set_cpu_freq 0 up", "query_cpu_freq all"], [0], originalHost("19.08"));
    expect(out).toEqual(["", "Error during frequency list reception.\n", "\n"]);
    expect(err).toContain("No confirmation for sent message received\n");
  });
});
