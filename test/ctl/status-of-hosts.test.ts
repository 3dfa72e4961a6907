import { expect, test } from "bun:test";
import { OutputRoom } from "../../src/ctl/hosts/output.ts";
import { hostsTable } from "../../src/ctl/status/hosts-table.ts";
import { STATUS } from "../admin/sample-control.ts";

const plain = (text: string) => text;
const LOOK = {
  width: Number.POSITIVE_INFINITY,
  nowMs: STATUS.startedAtMs + 5 * 60_000,
  style: { good: plain, warn: plain, bad: plain, bold: plain, dim: plain },
};

test("hostsTable() takes nothing for a status that is none, and shows no bytes that a terminal acts on", () => {
  const note = "\u001b[31mred\nHOST  HEALTH";
  const reply = { schemaVersion: 1, ...STATUS };
  const answers = [
    JSON.stringify({ ...reply, channelsRefused: 0 }),
    JSON.stringify({ ...reply, hypervisor: { ...STATUS.hypervisor, note } }),
    JSON.stringify({ ...reply, vms: "many" }),
    "null",
    "[".repeat(1_000_000),
    "",
  ];
  const said = answers.map((out, at) => ({ host: `h${at}`, code: 0, out, err: "" }));
  const none = "It answered no status: do all hosts have the same version of vm-power?";
  expect(hostsTable(said, LOOK).split("\n")).toEqual([
    "HOST  HEALTH   VMS  CLAIMS  CHANNELS  CPUS     UP  PROBLEM",
    "h0    ok         2       2       2/3     4  5 min",
    "h1    warning    2       2       2/3     4  5 min  \\x1b[31mred\\x0aHOST  HEALTH; 1 channel refused",
    ...[2, 3, 4, 5].map((at) => `h${at}    unknown    -       -         -     -      -  ${none}`),
    "",
    "6 hosts: 4 unknown, 1 warning",
  ]);
});

function mebibytes(count: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < count; at++) controller.enqueue(new Uint8Array(1024 * 1024));
      controller.close();
    },
  });
}

test("OutputRoom keeps 16 MiB of one host and 256 MiB of all, and tells when there is more", async () => {
  const room = new OutputRoom();
  const kept: number[] = [];
  let stopped = 0;
  for (let host = 0; host < 17; host++)
    kept.push((await room.read(mebibytes(17), () => stopped++)).length / 1024 / 1024);
  expect([kept, stopped]).toEqual([[...Array.from({ length: 16 }, () => 16), 0], 16 + 17]);
});
