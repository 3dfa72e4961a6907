import { SCHEMA_VERSION } from "../../admin/control.ts";
import type { Finding } from "../../admin/control-types.ts";
import { EXIT, UsageError } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { count, printable, quoted } from "../../terminal/text.ts";
import { textWidth, wrapLine } from "../../terminal/wrap.ts";
import { type DaemonFacts, examine } from "../doctor/check.ts";
import { CHECKS } from "../doctor/checks.ts";
import { CPU_ROOT, isDirectory, openHostFiles } from "../doctor/host-files.ts";
import { describeFailure } from "../failure.ts";
import type { Context, Verb } from "../verb.ts";

/** Verb `doctor`: finds faults of this host, and the commands that repair them. */
export const DOCTOR: Verb = {
  name: "doctor",
  summary: "Find what is wrong with this host, and its remedy",
  arguments: [],
  options: [
    {
      flag: "--root",
      doc: "look at the host's files below this directory",
      value: { name: "directory", kind: "text" },
    },
  ],
  examples: [["doctor", "exit status 20 tells that something needs repair"]],
  async run({ call, io, show, socket, style }, { values }) {
    const root = values.get("--root") ?? "/";
    if (!isDirectory(root))
      throw new UsageError(
        `--root: there is no directory ${quoted(root)}: name the one that holds etc and sys of a host`,
      );
    let unreachable: string | undefined;
    const daemon = await ask(call).catch((error: unknown) => {
      unreachable = describeFailure(error, socket).sentence;
      return undefined;
    });
    const cpuRoot = daemon?.status.cpuRoot;
    const files = openHostFiles(root, cpuRoot);
    const elsewhere = cpuRoot === CPU_ROOT ? undefined : cpuRoot;
    const findings = examine(CHECKS, { files, daemon, unreachable, elsewhere });
    show({ schemaVersion: SCHEMA_VERSION, findings }, () => findingsText(findings, style, textWidth(io)));
    return findings.some(({ verdict }) => verdict === "repair") ? EXIT.needsRepair : EXIT.ok;
  },
};

async function ask(call: Context["call"]): Promise<DaemonFacts> {
  const status = await call("GetStatus", {});
  const { cpus } = await call("ListCpus", {});
  const { channels } = await call("ListChannels", {});
  const { cpus: checks } = await call("Verify", {});
  const { fifos } = await call("ListAskers", {});
  const { vms: names } = await call("ListVms", {});
  const vms: DaemonFacts["vms"][number][] = [];
  for (const { name } of names) vms.push((await call("ShowVm", { vm: name })).vm);
  return { status, cpus, channels, checks, fifos, vms };
}

function findingsText(findings: readonly Finding[], style: Style, width: number): string {
  const of = (verdict: Finding["verdict"]) => findings.filter((finding) => finding.verdict === verdict);
  const named = (found: readonly Finding[]) => found.map(({ check }) => check).join(", ");
  const wrong = [...of("repair"), ...of("advice")];
  const lines = wrong.flatMap(({ verdict, what, remedy }) => {
    const mark = verdict === "repair" ? style.bad("!") : style.warn("*");
    const line = wrapLine(`${mark} ${printable(what)}`, width, 2);
    if (remedy === undefined) return [line];
    return [line, wrapLine(`  ${style.dim("→")} ${printable(remedy)}`, width, 4)];
  });
  if (lines.length > 0) lines.push("");
  const repairs = of("repair").length;
  lines.push(
    repairs === 0
      ? style.good("Nothing needs repair")
      : style.bad(`${count(repairs, "thing")} ${repairs === 1 ? "needs" : "need"} repair`),
  );
  const good = of("good");
  if (good.length > 0) lines.push(wrapLine(`Nothing is wrong with: ${named(good)}`, width, 2));
  for (const [why, alike] of Map.groupBy(of("unknown"), ({ what }) => what))
    lines.push(wrapLine(`${sentence(why)}: ${named(alike)}`, width, 2));
  return lines.join("\n");
}

function sentence(text: string): string {
  return printable(`${text.slice(0, 1).toUpperCase()}${text.slice(1)}`);
}
