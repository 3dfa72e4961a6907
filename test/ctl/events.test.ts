import { expect, test } from "bun:test";
import { eventually, serve } from "../admin/harness.ts";
import { sampleControl } from "../admin/sample-control.ts";
import { ctl } from "./harness.ts";

test("events are printed one per line, with the number of lost ones, until the daemon ends", async () => {
  const control = sampleControl();
  const served = await serve(control);
  const run = ctl(`events --socket ${served.path}`);
  const json = ctl(`events --json --socket ${served.path}`);
  await eventually(() => control.subscribers.size === 2);
  const atMs = new Date(2026, 0, 31, 8, 5, 9).getTime();
  for (const subscriber of control.subscribers) {
    subscriber.send({
      atMs,
      kind: "request",
      message: "asked max: 2300000 kHz",
      vm: "web.1",
      vcpu: 0,
      accepted: true,
    });
    subscriber.send({ atMs, kind: "vm", message: "web.1 started", vm: "web.1" });
    subscriber.end({ atMs, kind: "daemon", message: "exiting\x1b" });
  }
  expect(await run).toEqual({
    code: 0,
    out: "08:05:09 request  web.1:0 asked max: 2300000 kHz\n08:05:09 vm       web.1 started\n08:05:09 daemon   exiting\\x1b\n",
    err: "",
  });
  const lines = (await json).out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    {
      schemaVersion: 1,
      event: {
        atMs,
        kind: "request",
        message: "asked max: 2300000 kHz",
        vm: "web.1",
        vcpu: 0,
        accepted: true,
      },
      lost: 0,
    },
    { schemaVersion: 1, event: { atMs, kind: "vm", message: "web.1 started", vm: "web.1" }, lost: 0 },
    { schemaVersion: 1, event: { atMs, kind: "daemon", message: "exiting\x1b" }, lost: 0 },
  ]);
  await served.close();
});

test("a command closes its connection", async () => {
  const served = await serve(sampleControl(), { limits: { clients: 1 } });
  for (let run = 0; run < 5; run++) {
    expect((await ctl(`list --socket ${served.path}`)).code).toBe(0);
    // The server notices that a moment later.
    await Bun.sleep(10);
  }
  await served.close();
});

test("events end with Ctrl-C, and report a daemon that died", async () => {
  const control = sampleControl();
  const served = await serve(control);
  const stop = new AbortController();
  const run = ctl(`events --socket ${served.path}`, { signal: stop.signal });
  await eventually(() => control.subscribers.size === 1);
  stop.abort();
  expect(await run).toEqual({ code: 0, out: "", err: "" });
  await eventually(() => control.subscribers.size === 0);

  const other = ctl(`events --socket ${served.path}`);
  await eventually(() => control.subscribers.size === 1);
  await served.close();
  expect(await other).toEqual({
    code: 1,
    out: "",
    err: "vm-power ended without saying so: journalctl -u vm-power tells why\n",
  });
});

test("events break their lines where their messages begin", async () => {
  const control = sampleControl();
  const served = await serve(control);
  const run = ctl(["events", "--socket", served.path], { isTty: true, columns: 40, env: { NO_COLOR: "1" } });
  await eventually(() => control.subscribers.size === 1);
  const atMs = new Date(2026, 0, 31, 8, 5, 9).getTime();
  for (const subscriber of control.subscribers)
    subscriber.end({ atMs, kind: "daemon", message: "this is longer than the terminal" });
  expect((await run).out).toBe("08:05:09 daemon   this is longer than\n                  the terminal\n");
  await served.close();
});

test("events end without a message when the reader of the output is gone", async () => {
  const control = sampleControl();
  const served = await serve(control);
  const script = `
    import { runCtl } from ${JSON.stringify(`${import.meta.dir}/../../src/ctl/ctl.ts`)};
    import { runOnTerminal } from ${JSON.stringify(`${import.meta.dir}/../../src/terminal/process-io.ts`)};
    process.exitCode = await runOnTerminal("1", (io) => runCtl(["events", "--socket", ${JSON.stringify(served.path)}], io));
  `;
  const command = `"$0" -e '${script}' | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const run = Bun.spawn(["bash", "-c", command, process.execPath], { stdout: "pipe", stderr: "pipe" });
  await eventually(() => control.subscribers.size === 1);
  const timer = setInterval(() => {
    for (const subscriber of control.subscribers) subscriber.send({ atMs: 0, kind: "vm", message: "x" });
  }, 20);
  const [out, err] = await Promise.all([run.stdout.text(), run.stderr.text()]);
  clearInterval(timer);
  expect([out.split("\n").slice(1), err]).toEqual([["0", ""], ""]);
  await served.close();
});
