import { expect, test } from "bun:test";
import fc from "fast-check";
import { ControlError } from "../../src/admin/control.ts";
import { completer, helper } from "../../src/ctl/shell/completion.ts";
import { channelsOf, fits, numberOf, wordsOf } from "../../src/terminal/command-line.ts";
import { WEB1 } from "../admin/sample-control.ts";
import { ctl, ctlWith, type Ran, typed } from "./harness.ts";

async function prompted(lines: readonly string[], control = {}): Promise<Ran & { prompts: string[] }> {
  const prompts: string[] = [];
  const readLines = () => typed(lines, (prompt) => prompts.push(prompt));
  return { ...(await ctlWith(control, "shell", { readLines })), prompts };
}

test("the prompt is that of DPDK's program, and the end of input or quit ends it", async () => {
  expect(await prompted(["", "  ", "# nothing"])).toEqual({
    code: 0,
    out: "\n",
    err: "",
    prompts: Array(4).fill("vmpower> "),
  });
  expect(await prompted(["quit", "show_vm web.1"])).toMatchObject({ code: 0, out: "", err: "" });
});

test("without a daemon it reports that and ends with 3; --json is refused", async () => {
  expect(await ctl("--socket /nowhere shell")).toEqual({
    code: 3,
    out: "",
    err: 'vm-power is not running (no socket at "/nowhere"): systemctl start vm-power\n',
  });
  expect((await ctlWith({}, "shell --json")).code).toBe(2);
});

test.each([
  ["add_vm", "Bad arguments"],
  ["add_vm a b", "Bad arguments"],
  ["add_vm web.1 # twice", ""],
  [`add_vm ${"a".repeat(128)}`, "Bad arguments"],
  ["add_vm nix", "Unable to add VM 'nix'"],
  ["add_vm \u001b[2J", "Unable to add VM '\\x1b[2J'"],
  ["rm_vm nix", "Unable to remove VM 'nix'"],
  ["rm_vm web.1", "Unable to remove VM 'web.1'"],
  ["show_vm nix", ""],
  ["set_query nix enable", "Unable to allow query for VM 'nix'"],
  ["set_query nix disable", "Unable to disallow query for VM 'nix'"],
  ["set_query web.1 enabled", "Bad arguments"],
  ["add_channels nix all", "Added 0 channels for VM 'nix'"],
  ["add_channels web.1 all", "Added 1 channels for VM 'web.1'"],
  [
    "add_channels web.1 0,9,x,1",
    "[0]: Adding channel 0\n[1]: Adding channel 9\nEnabled 1 channels for 'web.1'",
  ],
  ["add_channels web.1 ,", "Enabled 0 channels for 'web.1'"],
  ["set_channel_status nix all enabled", "Updated status of 0 channels for VM 'nix'"],
  ["set_channel_status web.1 0,1,5 disabled", "Updated status of 1 channels for VM 'web.1'"],
  ["set_channel_status web.1 all off", "Bad arguments"],
  ["show_cpu_freq 2", "Core 2 frequency: 2300000"],
  ["show_cpu_freq 0x2", "Core 2 frequency: 2300000"],
  ["show_cpu_freq 3", "Unable to get frequency for core 3"],
  ["show_cpu_freq 200", "Unable to get frequency for core 200"],
  ["show_cpu_freq cpu2", "Bad arguments"],
  ["set_cpu_freq 2 max", ""],
  ["set_cpu_freq 3 enable_turbo", "Error scaling core(3) 'enable_turbo'"],
  ["set_cpu_freq 2 fast", "Bad arguments"],
  ["set_pcpu web.1 0 2", "Pinned vCPU(0) to pCPU core 2)"],
  ["set_pcpu nix 0 2", "Unable to pin vCPU(0) to pCPU core 2)"],
  ["set_pcpu web.1 256 2", "Bad arguments"],
  ["quit now", "Bad arguments"],
  ["help", "Command not found"],
  ["Show_vm web.1", "Command not found"],
])("%s answers %j", async (line, answer) => {
  const { code, out } = await prompted([line]);
  expect([code, out]).toEqual([0, answer === "" ? "\n" : `${answer}\n\n`]);
});

test("the reason of a failure is shown after the reply", async () => {
  expect((await prompted(["rm_vm web.1"])).err).toBe("there are 1 channels still active\n");
  expect((await prompted(["set_cpu_freq 3 max"])).err).toBe("not managed: no cpufreq directory\n");
  expect((await prompted(["show_cpu_freq 3"])).err).toBe("CPU 3 is not managed: no cpufreq directory\n");
  const removed = { ShowVm: () => ({ vm: { ...WEB1, added: false } }) };
  expect((await prompted(["show_vm web.1"], removed)).err).toStartWith('There is no VM "web.1"');
});

test("no input ends it or reaches the terminal as a control sequence", async () => {
  const verbs = [
    "add_vm",
    "rm_vm",
    "show_vm",
    "add_channels",
    "set_channel_status",
    "show_cpu_freq",
    "set_cpu_freq",
  ];
  const word = fc.oneof(
    fc.constantFrom(...verbs, "web.1", "all", "0", "1,2", "enabled", "max", "-1"),
    fc.string(),
  );
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(word, { maxLength: 5 }).map((words) => words.join(" ")),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      const { code, out, err } = await prompted(lines.filter((each) => each.trim() !== "quit"));
      expect(code).toBe(0);
      expect(out + err).not.toMatch(/[^\P{Cc}\n]/u);
    }),
    { numRuns: 60 },
  );
});

test("a VM that only the hypervisor knows can be added", async () => {
  const ListVcpus = ({ vm }: { vm: string }) =>
    vm === "off" ? { vcpus: [] } : new ControlError("NoSuchVm", { vm });
  expect((await prompted(["add_vm off"], { ListVcpus })).out).toBe("\n");
  expect((await prompted(["add_vm nix"], { ListVcpus })).out).toBe("Unable to add VM 'nix'\n\n");
});

test("words, numbers and lists are parsed as by DPDK's program", () => {
  expect(wordsOf("\t a  b#c d")).toEqual(["a", "b"]);
  expect(["0", "255", "256", "0xff", "0b11", "017", "08", "", "-1", "1e1"].map(numberOf)).toEqual([
    0,
    255,
    undefined,
    255,
    3,
    15,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(channelsOf("0,1,x,2")).toEqual(["0", "1"]);
  expect(fits(["a", "all"], ["vm", "channels"])).toBe(true);
});

test("completion offers commands, VMs that can be typed, and words", async () => {
  const names = ["web1", "web 2", "db#", "\u001b"];
  const call = async () => ({ vms: names.map((name) => ({ name })) });
  const complete = completer(call as never);
  expect(await complete("show")).toEqual([["show_vm ", "show_cpu_freq "], "show"]);
  expect(await complete("show_vm ")).toEqual([["web1 "], ""]);
  expect(await complete("set_query web1 e")).toEqual([["enable "], "e"]);
  expect(await complete("set_cpu_freq 1 ")).toEqual([
    ["up ", "down ", "min ", "max ", "enable_turbo ", "disable_turbo "],
    "",
  ]);
  expect(await complete("add_channels web1 ")).toEqual([["all "], ""]);
  expect(await complete("show_cpu_freq ")).toEqual([[], ""]);
  expect(await complete("nix ")).toEqual([[], ""]);
});

test("? shows what may come next, in the format of DPDK's program", async () => {
  const call = async () => ({ vms: [{ name: "web1" }, { name: "web2" }] });
  const help = helper(call as never);
  expect(await help("")).toEqual([
    " add_vm [Fixed STRING]: add_vm <vm_name>, serve its guest",
    " rm_vm [Fixed STRING]: rm_vm <vm_name>, stop serving it",
    " show_vm [Fixed STRING]: show_vm <vm_name>, its channels and vCPUs",
    " set_query [Fixed STRING]: set_query <vm_name> enable|disable",
    " add_channels [Fixed STRING]: add_channels <vm_name> <list>|all",
    " set_channel_status [Fixed STRING]: <vm_name> <list>|all enabled|disabled",
    " set_pcpu [Fixed STRING]: set_pcpu <vm_name> <vcpu> <pcpu>, pin a vCPU",
    " show_cpu_freq [Fixed STRING]: show_cpu_freq <core_num>, what it is set to",
    " set_cpu_freq [Fixed STRING]: set_cpu_freq <core_num> up|down|min|max|…",
    " quit [Fixed STRING]: close the application",
  ]);
  expect(await help("show_v")).toEqual([
    " show_vm [Fixed STRING]: show_vm <vm_name>, its channels and vCPUs",
  ]);
  expect(await help("rm_vm ")).toEqual([
    " web1 [Any STRING]: rm_vm <vm_name>, stop serving it",
    " web2 [Any STRING]: rm_vm <vm_name>, stop serving it",
  ]);
  expect(await help("rm_vm x")).toEqual([" [Any STRING]: rm_vm <vm_name>, stop serving it"]);
  expect(await help("show_cpu_freq ")).toEqual([" [UINT8]: show_cpu_freq <core_num>, what it is set to"]);
  expect(await help("set_query web1 e")).toEqual([
    " enable [Mul-choice STRING]: set_query <vm_name> enable|disable",
  ]);
  expect([await help("quit "), await help("quit now x"), await help("nix ")]).toEqual([
    [" [RETURN]"],
    [],
    [],
  ]);
});
