import type { VmEnergy } from "../admin/control-types.ts";
import { formatCpuList } from "../base/cpu-list.ts";
import type { Khz } from "../base/domain.ts";
import { formatGhz } from "../base/format-khz.ts";
import { chosenRows, type Moment, type Row, type SortKey } from "../ctl/top/rows.ts";
import { count } from "../terminal/text.ts";
import type { Subject } from "./choice.ts";
import { byId, element, setAttribute, setText } from "./dom.ts";
import { keepReachable, makeRoving } from "./roving.ts";
import { type SpeedScale, stepOf } from "./speed-scale.ts";

/** Rows that are drawn unless the user wants all. */
const ROWS_MAX = 200;

const BUTTON = ".name";

/** The keys that sort from the lowest on; the others begin with the highest. */
const RISING: readonly SortKey[] = ["vm", "cpu", "state"];

/** The columns, in order: their class, and what they say of a row. Only the first row of a VM has its watts. */
const CELLS = {
  cpu: (row: Row) => formatCpuList(row.pcpus),
  asked: (row: Row) => row.asked ?? "–",
  wants: (row: Row) => ghz(row.askedKhz),
  granted: (row: Row) => ghz(row.grantedKhz),
  real: (row: Row) => ghz(row.actualKhz),
  limit: (row: Row) => row.bound ?? "–",
  rate: (row: Row) => row.perSecond.toFixed(1),
  watts: (_row: Row, watts: number | undefined) => watts?.toFixed(1) ?? "",
  state: (row: Row) => row.state,
} as const;

type Column = keyof typeof CELLS;
const COLUMNS = Object.keys(CELLS) as Column[];

interface Drawn {
  readonly line: HTMLTableRowElement;
  readonly button: HTMLButtonElement;
  readonly cells: Readonly<Record<Column, HTMLTableCellElement>>;
}

/** The vCPUs: who asks for what, what was granted, and what limits it. Only cells that changed are drawn again. */
export class VcpuTable {
  readonly #body = byId("vcpu-rows");
  readonly #more = byId("vcpu-more");
  readonly #filter = byId("vcpu-filter") as HTMLInputElement;
  readonly #onChoice: (subject: Subject) => void;
  readonly #drawn = new Map<string, Drawn>();
  #sort: { key: SortKey; reversed: boolean } = { key: "vm", reversed: false };
  #isWhole = false;
  #shown: { moment: Moment; scale: SpeedScale; energy: ReadonlyMap<string, VmEnergy> } | undefined;
  #chosen = "";

  constructor(onChoice: (subject: Subject) => void) {
    this.#onChoice = onChoice;
    makeRoving(this.#body, BUTTON);
    this.#filter.addEventListener("input", () => this.#draw());
    this.#more.addEventListener("click", () => {
      this.#isWhole = true;
      this.#draw();
    });
    for (const head of document.querySelectorAll<HTMLElement>("#vcpus th[data-sort]"))
      head.firstElementChild?.addEventListener("click", () => this.#sortBy(head));
  }

  /** Draws the vCPUs as they are now. */
  show(moment: Moment, scale: SpeedScale, energy: ReadonlyMap<string, VmEnergy>): void {
    this.#shown = { moment, scale, energy };
    this.#draw();
  }

  /** Marks the vCPU that is explained. */
  mark(subject: Subject | undefined): void {
    setPressed(this.#drawn.get(this.#chosen), "false");
    this.#chosen = subject?.kind === "vcpu" ? keyOf(subject) : "";
    setPressed(this.#drawn.get(this.#chosen), "true");
  }

  #sortBy(head: HTMLElement): void {
    const key = head.dataset["sort"] as SortKey;
    this.#sort = { key, reversed: this.#sort.key === key && !this.#sort.reversed };
    for (const other of document.querySelectorAll("#vcpus th[data-sort]"))
      setAttribute(other, "aria-sort", other === head ? this.#direction() : undefined);
    this.#draw();
  }

  #direction(): "ascending" | "descending" {
    const { key, reversed } = this.#sort;
    return RISING.includes(key) === reversed ? "descending" : "ascending";
  }

  #draw(): void {
    if (this.#shown === undefined) return;
    const { moment, scale, energy } = this.#shown;
    const filter = this.#filter.value.trim();
    const rows = chosenRows(moment.rows, { sort: this.#sort.key, reversed: this.#sort.reversed, filter });
    const drawn = this.#isWhole ? rows : rows.slice(0, ROWS_MAX);
    this.#place(drawn);
    let previous = "";
    for (const row of drawn) {
      this.#fill(row, { scale, watts: row.vm === previous ? undefined : energy.get(row.vm)?.watts });
      setAttribute(this.#rowOf(row).line, "data-first", row.vm === previous ? undefined : "");
      previous = row.vm;
    }
    this.#more.hidden = drawn.length === rows.length;
    setText(this.#more, `Show ${count(rows.length - drawn.length, "further vCPU")}`);
    setText(byId("vcpu-count"), filter === "" ? `${rows.length}` : `${rows.length} of ${moment.rows.length}`);
    keepReachable(this.#body, BUTTON);
  }

  /** Puts the rows in order, and moves only those that are elsewhere. */
  #place(rows: readonly Row[]): void {
    const wanted = new Set(rows.map(keyOf));
    for (const [key, { line }] of this.#drawn)
      if (!wanted.has(key)) {
        line.remove();
        this.#drawn.delete(key);
      }
    let at = this.#body.firstElementChild;
    for (const row of rows) {
      const { line } = this.#rowOf(row);
      if (line === at) at = at.nextElementSibling;
      else this.#body.insertBefore(line, at);
    }
  }

  #rowOf(row: Row): Drawn {
    const key = keyOf(row);
    const known = this.#drawn.get(key);
    if (known !== undefined) return known;
    const { vm, vcpu } = row;
    const button = element("button", {
      class: "name",
      text: key,
      attributes: { type: "button", tabindex: "-1" },
    });
    setAttribute(button, "aria-pressed", `${key === this.#chosen}`);
    const cells = Object.fromEntries(
      COLUMNS.map((column) => [column, element("td", { class: column })]),
    ) as Drawn["cells"];
    const name = element("th", { attributes: { scope: "row" }, children: [button] });
    const line = element("tr", { children: [name, ...COLUMNS.map((column) => cells[column])] });
    line.addEventListener("click", () => this.#onChoice({ kind: "vcpu", vm, vcpu }));
    const made = { line, button, cells };
    this.#drawn.set(key, made);
    return made;
  }

  #fill(
    row: Row,
    { scale, watts }: { readonly scale: SpeedScale; readonly watts: number | undefined },
  ): void {
    const { cells } = this.#rowOf(row);
    for (const column of COLUMNS) setText(cells[column], CELLS[column](row, watts));
    setSwatch(cells.real, row.actualKhz, scale);
    setSwatch(cells.granted, row.grantedKhz, scale);
    const isLimited = row.bound !== undefined && row.askedKhz !== undefined;
    setAttribute(cells.limit, "class", isLimited ? "limit limited" : "limit");
    const isUsual = row.state === "claims" || row.state === "silent" || row.state === "running";
    setAttribute(cells.state, "class", isUsual ? "state" : "state unusual");
  }
}

function setPressed(drawn: Drawn | undefined, value: "true" | "false"): void {
  drawn?.button.setAttribute("aria-pressed", value);
}

function setSwatch(cell: HTMLElement, khz: Khz | undefined, scale: SpeedScale): void {
  const step = khz === undefined ? undefined : `${stepOf(khz, scale)}`;
  setAttribute(cell, "data-step", step);
}

function ghz(khz: Khz | undefined): string {
  return khz === undefined ? "–" : formatGhz(khz);
}

function keyOf({ vm, vcpu }: { readonly vm: string; readonly vcpu: number }): string {
  return `${vm}:${vcpu}`;
}
