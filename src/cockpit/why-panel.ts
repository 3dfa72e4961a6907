import type { Calls } from "../admin/control-types.ts";
import type { Subject } from "./choice.ts";
import { AnswerError, type Connection } from "./connection.ts";
import { byId, element, setText } from "./dom.ts";
import { type Reasons, reasonsOfCpu, reasonsOfVcpu } from "./why-facts.ts";

/** The answer to "why?", beside the CPUs. */
export class WhyPanel {
  readonly #panel = byId("why");
  readonly #title = byId("why-title");
  readonly #body = byId("why-body");
  #subject: Subject | undefined;
  #shown = "";

  constructor(onClose: () => void) {
    byId("why-close").addEventListener("click", onClose);
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && this.#subject !== undefined) onClose();
    });
  }

  /** Opens the panel for a CPU or vCPU, or closes it. */
  choose(subject: Subject | undefined): void {
    this.#subject = subject;
    this.#shown = "";
    this.#body.replaceChildren();
    this.#panel.hidden = subject === undefined;
    document.body.classList.toggle("explains", subject !== undefined);
    if (subject === undefined) return;
    setText(this.#title, subject.kind === "cpu" ? `CPU ${subject.cpu}` : `${subject.vm}:${subject.vcpu}`);
  }

  /** Asks the daemon, and draws its answer if that is another one. Returns the CPU whose clock is explained. */
  async refresh(connection: Connection): Promise<number | undefined> {
    const subject = this.#subject;
    if (subject === undefined) return undefined;
    const answer = await explain(connection, subject);
    if (this.#subject !== subject) return undefined;
    this.#show(answer.reasons);
    return answer.clock;
  }

  #show(reasons: Reasons): void {
    const text = JSON.stringify(reasons);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#body.replaceChildren(
      factList(reasons.facts),
      ...reasons.clocks.flatMap(({ title, facts, claimants }) => [
        element("h3", { text: title }),
        factList(facts),
        ...(claimants.length === 0 ? [] : [element("h4", { text: "Who wants what" }), claims(claimants)]),
      ]),
    );
  }
}

interface Answer {
  readonly reasons: Reasons;
  readonly clock: number | undefined;
}

async function explain(connection: Connection, subject: Subject): Promise<Answer> {
  try {
    if (subject.kind === "cpu") {
      const reply = await connection.call("Explain", { cpu: subject.cpu });
      return { reasons: reasonsOfCpu(reply), clock: clockOf(reply) };
    }
    const { vm, vcpu } = subject;
    const reply = await connection.call("ExplainVcpu", { vm, vcpu });
    return { reasons: reasonsOfVcpu(reply), clock: reply.clocks[0] && clockOf(reply.clocks[0]) };
  } catch (error) {
    // It may be gone.
    if (!(error instanceof AnswerError)) throw error;
    return { reasons: { facts: [["Answer", error.message]], clocks: [] }, clock: undefined };
  }
}

function clockOf({ cpu }: Pick<Calls["Explain"]["answers"], "cpu">): number {
  return cpu.clock[0] ?? cpu.pcpu;
}

function factList(facts: Reasons["facts"]): HTMLElement {
  return element("dl", {
    class: "facts",
    children: facts.flatMap(([name, value]) => [
      element("dt", { text: name }),
      element("dd", { text: value }),
    ]),
  });
}

function claims(claimants: Reasons["facts"]): HTMLElement {
  const rows = claimants.map(([who, wants]) =>
    element("li", { children: [element("span", { text: who }), element("span", { text: wants })] }),
  );
  return element("ul", { class: "claimants", children: rows });
}
