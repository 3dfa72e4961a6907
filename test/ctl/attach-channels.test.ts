import { expect, test } from "bun:test";
import type { AttachChoice } from "../../src/admin/control-types.ts";
import { ctlWith, typed } from "./harness.ts";

async function attach(answer: string | undefined, args: string, present: number[] = []) {
  const calls: [string, AttachChoice][] = [];
  const asked: string[] = [];
  const control = {
    GetAttachPlan: (choice: AttachChoice) => {
      calls.push(["plan", choice]);
      return {
        present,
        missing: present.length > 0 ? [] : [0, 1],
        text: present.length > 0 ? "" : "<a/>\n<b/>",
      };
    },
    AttachChannels: (choice: AttachChoice) => {
      calls.push(["attach", choice]);
      return { present, attached: [0, 1] };
    },
  };
  const readLines = () => typed(answer === undefined ? [] : [answer], (question) => asked.push(question));
  return { ...(await ctlWith(control, `attach-channels web.1${args}`, { readLines })), calls, asked };
}

test("attach-channels shows what it adds, asks, and changes nothing without a yes", async () => {
  const choice = { vm: "web.1", config: false, channels: [0, 1] };
  expect(await attach("n", " --vcpus 0-1")).toEqual({
    code: 1,
    out: "+ <a/>\n+ <b/>\n",
    err: "Nothing was changed\n",
    calls: [["plan", choice]],
    asked: ["Attach this to the running web.1 until it stops? [y/N] "],
  });
  expect(await attach("y", " --vcpus 0-1")).toMatchObject({
    code: 0,
    out: "+ <a/>\n+ <b/>\n2 channels attached: 0-1\n",
    calls: [
      ["plan", choice],
      ["attach", choice],
    ],
  });
});

test("--config adds to the definition too, --yes does not ask, and channels that are there are said", async () => {
  const choice = { vm: "web.1", config: true };
  expect(await attach("y", " --config")).toMatchObject({
    asked: ["Attach this to the running web.1 and its definition? [y/N] "],
  });
  expect(await attach(undefined, " --config --yes")).toMatchObject({
    code: 0,
    asked: [],
    calls: [
      ["plan", choice],
      ["attach", choice],
    ],
  });
  expect(await attach(undefined, "", [0, 1])).toMatchObject({
    code: 0,
    out: "VM web.1 has these channels: 0-1\n",
    asked: [],
  });
  expect(await attach(undefined, " --json")).toMatchObject({ code: 2, calls: [] });
});
