import type { CpuCheck } from "../../admin/control-types.ts";
import { formatCpuList } from "../../base/cpu-list.ts";
import { formatKhz } from "../../base/format-khz.ts";
import { EXIT } from "../../terminal/exit-code.ts";
import type { Style } from "../../terminal/io.ts";
import { type Column, drawTable } from "../../terminal/table.ts";
import { count, printable } from "../../terminal/text.ts";
import { textWidth } from "../../terminal/wrap.ts";
import type { Trouble } from "../trouble.ts";
import { troubleLines } from "../trouble-lines.ts";
import type { Verb } from "../verb.ts";

/** Verb `verify`: compares what should be set with the kernel's files, per CPU. */
export const VERIFY: Verb = {
  name: "verify",
  summary: "Compare the settings of CPUs with what they should be",
  arguments: [],
  examples: [["verify", "exit status 20: a CPU drifted, or none is managed"]],
  async run({ call, show, style, io }) {
    const reply = await call("Verify", {});
    show(reply, () => verifyText(reply.cpus, style, textWidth(io)));
    // Without a managed CPU guests cannot scale, which needs repair.
    return reply.cpus.length > 0 && reply.cpus.every(({ ok }) => ok) ? EXIT.ok : EXIT.needsRepair;
  },
};

const COLUMNS: readonly Column[] = [
  { head: "CPUS", flexible: true },
  { head: "SHOULD" },
  { head: "NOW", align: "right" },
  { head: "VERDICT" },
];

function verifyText(cpus: readonly CpuCheck[], style: Style, width: number): string {
  if (cpus.length === 0) return "No CPU is managed: vmpowerctl doctor tells why";
  // CPUs in the same state share one line.
  const alike = Map.groupBy(cpus, ({ ok, should, currentKhz }) => `${ok} ${should} ${currentKhz}`);
  const rows = [...alike.values()].map((same) => {
    const [{ ok, should, khz, currentKhz } = { ok: true, should: "" }] = same;
    return [
      formatCpuList(same.map(({ pcpu }) => pcpu)),
      khz === undefined ? printable(should) : formatKhz(khz),
      currentKhz === undefined ? "-" : formatKhz(currentKhz),
      ok ? style.good("holds") : style.bad("drifted"),
    ];
  });
  const drifted = cpus.filter(({ ok }) => !ok);
  const verdict =
    drifted.length === 0
      ? `${count(cpus.length, "CPU")}: all have the settings that they should have`
      : `${drifted.length} of ${count(cpus.length, "CPU")} drifted`;
  return [
    drawTable(COLUMNS, rows, width),
    "",
    verdict,
    ...troubleLines(troubles(drifted), style, width),
  ].join("\n");
}

function troubles(drifted: readonly CpuCheck[]): Trouble[] {
  return drifted.map(({ pcpu, wrong, reason, remedy }) => {
    const files = wrong.map(({ file, should, does }) => `${file} says ${does} instead of ${should}`);
    const what = [`CPU ${pcpu}: ${reason ?? "no reason given"}`, ...files].map(printable).join("; ");
    return { what, remedy: remedy === undefined ? undefined : printable(remedy) };
  });
}
