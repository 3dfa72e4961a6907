import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { rawClient } from "../admin/raw-client.ts";
import { APP, appHost, type Reply } from "./app-host.ts";
import { MIN, scale } from "./port.ts";

const app = appHost();
const { askers, call, calls, connect, serve, speed, speeds } = app;
const FOUND = "<unsupported>";

test("a caller that floods is refused, then not heard, and nobody else waits", async () => {
  app.make({ sections: `${APP}RequestsPerSecond=5\nBurst=10\n[vm web1]\nVcpus=1\n` });
  const port = app.host.port("web1", 0);
  await app.host.start();
  await port.ready();
  const flood = Array.from({ length: 200 }, (): [string, object] => ["Ask", { cpus: [2], to: "min" }]);
  const [replies] = await Promise.all([calls(...flood), port.ask(scale(0, MIN), 464)]);
  const granted = replies.filter(
    ({ parameters }) => (parameters["results"] as { accepted: boolean }[])[0]?.accepted === true,
  ).length;
  expect(granted).toBeGreaterThanOrEqual(10);
  expect(granted).toBeLessThan(30);
  const lines = app.host
    .log()
    .split("\n")
    .filter((line) => line.includes("was refused"));
  expect(lines.length).toBeLessThan(15);
  expect(speed(1)).toBe("1200000");
});

test("hostile calls are refused, and cost and change nothing", async () => {
  await serve(APP);
  const many = Array.from({ length: 65 }, (_, cpu) => cpu);
  const hostile: [string, object][] = [
    ["Ask", { cpus: many, to: "min" }],
    ["Ask", { cpus: [-1], to: "min" }],
    ["Ask", { cpus: [2 ** 40], to: "min" }],
    ["Ask", { cpus: [2], to: "fastest" }],
    ["Ask", { cpus: [2], to: "min", leaseSec: 0 }],
    ["Ask", { cpus: [2], to: "min", app: "x".repeat(300) }],
    ["Ask", { cpus: "2", to: "min" }],
    ["AskByPolicy", { cpus: [], kind: "workload", workload: "low" }],
    ["AskByPolicy", { cpus: [2], kind: "workload" }],
    ["AskByPolicy", { cpus: [2], kind: "time" }],
    ["AskByPolicy", { cpus: [2], kind: "time", busyHours: [24] }],
    ["AskByPolicy", { cpus: [2], kind: "traffic" }],
  ];
  const replies = await calls(...hostile);
  expect(replies.map(({ error }) => error)).toEqual(
    hostile.map(() => "org.varlink.service.InvalidParameter"),
  );
  expect(speeds(2, 3)).toEqual([FOUND, FOUND]);
  expect(await call("Ask", { cpus: [], to: "min" })).toEqual({ parameters: { results: [], leaseSec: 3600 } });
});

test("many connections of applications leave operators theirs", async () => {
  await serve(APP);
  const path = join(app.host.directory, "run/request.sock");
  const clients = await Promise.all(Array.from({ length: 80 }, () => rawClient(path)));
  expect(app.host.run("vmpowerctl", "status").code).toBe(0);
  for (const client of clients) client.leave();
});

/** Sends bytes in pieces, and returns the replies; undefined if the connection was closed instead. */
async function pieces(replies: number, ...parts: readonly string[]): Promise<Reply[] | undefined> {
  const client = await connect();
  for (const part of parts) {
    client.send(part);
    await Bun.sleep(20);
  }
  const got = await client.replies(replies).catch(() => undefined);
  client.leave();
  return got as Reply[] | undefined;
}

const text = (parameters: string, method = "Ask") =>
  `{"method":"io.vmpower.Request.${method}","parameters":${parameters}}`;

describe("JSON that ends DPDK's host, or that it executes twice", () => {
  test("long names, trailing commas and 30-digit numbers are refused, and the daemon goes on: NE1, NE4 (S10)", async () => {
    await serve(APP);
    const invalid = [{ error: "org.varlink.service.InvalidParameter" }];
    const long = "n".repeat(50);
    expect(await pieces(1, `${text(`{"cpus":[2],"to":"${long}"}`)}\0`)).toMatchObject(invalid);
    expect(await pieces(1, `${text(`{"cpus":[2],"to":1}`)}\0`)).toMatchObject(invalid);
    expect(await pieces(1, `${text(`{"cpus":[${"9".repeat(30)}],"to":"min"}`)}\0`)).toMatchObject(invalid);
    const lease = `{"cpus":[2],"to":"min","leaseSec":${"1".repeat(30)}}`;
    expect(await pieces(1, `${text(lease)}\0`)).toMatchObject(invalid);
    const hours = `{"cpus":[2],"kind":"time","busyHours":[${Array(90).fill(25)}]}`;
    expect(await pieces(1, `${text(hours, "AskByPolicy")}\0`)).toMatchObject(invalid);
    expect(await pieces(1, `${text('{"cpus":[2],"to":"min",}')}\0`)).toBeUndefined();
    expect(await pieces(1, "{}\0")).toMatchObject(invalid); // the empty object
    expect(speeds(2, 3)).toEqual([FOUND, FOUND]);
    expect(await pieces(1, `${text('{"cpus":[2],"to":"min"}')}\0`)).toMatchObject([
      { parameters: { leaseSec: 3600 } },
    ]);
  });

  test("words that nearly are one are refused: NE2", async () => {
    await serve(APP);
    const invalid = [{ error: "org.varlink.service.InvalidParameter" }];
    for (const parameters of [
      '{"cpus":[2],"kind":"workload","workload":"MEDIUM_111"}',
      '{"cpus":[2],"kind":"WORKLOAD_111","workload":"medium"}',
    ])
      expect(await pieces(1, `${text(parameters, "AskByPolicy")}\0`)).toMatchObject(invalid);
    expect(speed(2)).toBe(FOUND);
  });

  test("a call in several pieces is carried out once, and a torn one never (R13)", async () => {
    await serve(APP);
    const down = `${text('{"cpus":[2],"to":"down"}')}\0`;
    expect(await pieces(1, down.slice(0, 20), down.slice(20, 60), down.slice(60))).toHaveLength(1);
    expect(speed(2)).toBe("2300000"); // one step
    // The tail of the call before does not complete a torn one.
    expect(await pieces(1, down, down.slice(0, 40))).toHaveLength(1);
    expect(speed(2)).toBe("2000000");
    expect(askers()).toMatchObject([{ granted: 2, refused: 0 }]);
  });
});
