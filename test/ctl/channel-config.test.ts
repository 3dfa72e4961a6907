import { expect, test } from "bun:test";
import type { ChannelConfigOrder } from "../../src/admin/control-types.ts";
import { STATUS } from "../admin/sample-control.ts";
import { ctlWith, type Ran, typed } from "./harness.ts";

const config = { defined: true, present: [0], missing: [1, 2], text: "<channel>\n</channel>" };

async function apply(
  answer: string | undefined,
  args = "",
  given = config,
): Promise<Ran & { orders: ChannelConfigOrder[]; asked: string[] }> {
  const orders: ChannelConfigOrder[] = [];
  const asked: string[] = [];
  const control = {
    GetChannelConfig: () => given,
    AddChannelConfig: (order: ChannelConfigOrder) => {
      orders.push(order);
      return {};
    },
  };
  const readLines = () => typed(answer === undefined ? [] : [answer], (question) => asked.push(question));
  return { ...(await ctlWith(control, `channel-config web.1 --apply${args}`, { readLines })), orders, asked };
}

test("channel-config prints the text on standard output, and where to paste it on standard error", async () => {
  expect(await ctlWith({}, "channel-config web.1")).toEqual({
    code: 0,
    out: "<channel>\n</channel>\n",
    err: "",
  });
  const defined = (yes: boolean) => ({ GetChannelConfig: () => ({ ...config, defined: yes }) });
  const terminal = { isTty: true, columns: 80, env: { NO_COLOR: "1" } };
  for (const [format, place] of [
    ["libvirt", 'into <devices> of "virsh edit web.1", or let --apply do it'],
    ["qemu", "behind the other options of qemu-system-x86_64"],
    ["xl", 'into the configuration of web.1 for "xl create"'],
  ])
    expect(
      (await ctlWith(defined(format === "libvirt"), `channel-config web.1 --format ${format}`, terminal)).err,
    ).toBe(`\nPaste it ${place}\n`);
  const complete = { GetChannelConfig: () => ({ ...config, present: [0, 1], text: "" }) };
  expect((await ctlWith(complete, "channel-config web.1")).out).toBe("VM web.1 has all its channels: 0-1\n");
});

test("--apply shows the additions, asks, and changes nothing without a yes", async () => {
  const shown = "+ <channel>\n+ </channel>\n";
  for (const no of ["", "n", "yess", undefined]) {
    const { orders, asked, ...ran } = await apply(no);
    expect(ran).toEqual({ code: 1, out: shown, err: "Nothing was changed\n" });
    expect([orders, asked]).toEqual([[], ["Add this to the definition of web.1? [y/N] "]]);
  }
  const done = `${shown}2 channels added: they are there from the next start of web.1 on\n`;
  expect(await apply("y")).toMatchObject({
    code: 0,
    out: done,
    err: "",
    orders: [{ vm: "web.1", text: config.text }],
  });
  expect(await apply(undefined, " --yes --pathless")).toMatchObject({
    orders: [{ vm: "web.1", text: config.text, pathless: true }],
  });
  expect(await apply(undefined, " --yes --vcpus 3")).toMatchObject({
    code: 0,
    out: done,
    asked: [],
    orders: [{ vm: "web.1", vcpus: 3, text: config.text }],
  });
});

test("--apply with nothing missing, or without a definition", async () => {
  expect(await apply(undefined, "", { ...config, text: "" })).toMatchObject({
    code: 0,
    out: "VM web.1 has all its channels: 0\n",
    orders: [],
  });
  expect(await apply(undefined, "", { ...config, defined: false })).toMatchObject({
    code: 10,
    err: 'libvirt has no definition of VM "web.1" to add to: virsh list --all lists those it has\n',
    orders: [],
  });
});

test("--apply --yes --json prints the daemon's reply", async () => {
  expect(await apply(undefined, " --yes --json")).toMatchObject({
    code: 0,
    out: '{"schemaVersion":1}\n',
    err: "",
  });
});

test("--apply reports on a host without libvirt that there is no definition", async () => {
  const control = {
    GetChannelConfig: () => ({ ...config, defined: false }),
    GetStatus: () => ({ ...STATUS, hypervisor: { ...STATUS.hypervisor, driver: "static" as const } }),
  };
  expect(await ctlWith(control, "channel-config web.1 --apply")).toEqual({
    code: 10,
    out: "",
    err: "With Driver=static there is no definition to change: omit --apply, and paste the text\n",
  });
});
