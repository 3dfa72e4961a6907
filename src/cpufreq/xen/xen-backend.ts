import type { Pcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import { Turns } from "../../base/turns.ts";
import type { XenControl } from "../../os/xen/control.ts";
import type { Observation } from "../cpufreq.ts";
import {
  type Permission,
  Permitted,
  sharedWarnings,
  sharedWithReserved,
  unmanagedCpus,
} from "../permission.ts";
import type { Backend, ListedClock, Listing, SavedScope, Scope } from "../port.ts";
import { ReadBack } from "../read-back.ts";
import { pcpuOf, XEN_JOURNAL_NAMES } from "./journal-names.ts";
import { type PhysicalCpus, physicalCpus } from "./physical-cpus.ts";
import type { XenPm } from "./pm.ts";
import { writeXen, XenScope } from "./scope.ts";
import { findXenClocks, lookAtCpu, surveyXen, type XenClock, type XenSurvey } from "./survey.ts";

/** How many CPUs one {@link XenBackend.hasChanged} compares in full; the others follow in later calls. */
const CPUS_PER_LOOK = 2;

/** The hypervisor's interface with its cpufreq. */
export interface XenAccess {
  readonly control: XenControl;
  readonly pm: XenPm;
}

/** What a {@link XenBackend} needs. */
interface XenBackendOptions {
  /** Opens the hypervisor's interface, or says why it cannot be used now. Called until it succeeds. */
  readonly open: () => Result<XenAccess>;
  readonly permission: Permission;
  /** Called when what a turn wrote was read again. */
  readonly readBack?: () => void;
}

/**
 * The clocks of the physical CPUs in Xen's cpufreq, by hypercalls. One takes microseconds, so the back end answers at
 * once; `xenpm` would be a process for each change and each look.
 */
export class XenBackend implements Backend {
  readonly slow = false;
  readonly journal = XEN_JOURNAL_NAMES;
  readonly #open: XenBackendOptions["open"];
  readonly #permitted: Permitted;
  readonly #readBack: ReadBack;
  #access: XenAccess | undefined;
  #survey: XenSurvey | undefined;
  #fingerprint = "";
  #cores: PhysicalCpus["cores"] = [];
  readonly #turns = new Turns(CPUS_PER_LOOK);

  constructor({ open, permission, readBack = () => {} }: XenBackendOptions) {
    this.#readBack = new ReadBack(readBack);
    this.#open = open;
    this.#permitted = new Permitted(permission);
  }

  list(): Listing {
    const access = this.#reach();
    // Every host has a CPU 0, where an operator will see the reason.
    if (!access.ok)
      return { clocks: [], unmanaged: [{ pcpu: 0, reason: access.why }], uncores: [], warnings: [] };
    const { control, pm } = access.value;
    const physical = physicalCpus(control);
    this.#fingerprint = JSON.stringify(physical);
    this.#cores = physical.cores;
    const permitted = this.#permitted;
    const found = surveyXen({ control, pm, permitted }, this.#survey);
    this.#survey = found;
    const cpus = [...found.values()].flatMap((cpu) => (cpu.ok ? [cpu.value] : []));
    const shared = sharedWithReserved(cpus, permitted.reserved);
    const free = cpus.filter(({ pcpu }) => !shared.has(pcpu));
    return {
      clocks: findXenClocks(free).map((clock) => this.#listed(clock, pm)),
      unmanaged: unmanagedCpus(found, { shared, permitted }),
      uncores: [],
      warnings: sharedWarnings(shared),
    };
  }

  #reach(): Result<XenAccess> {
    if (this.#access !== undefined) return success(this.#access);
    const opened = this.#open();
    if (opened.ok) this.#access = opened.value;
    return opened;
  }

  #listed({ members, policies }: XenClock, pm: XenPm): ListedClock {
    const [first] = members;
    if (first === undefined) throw new Error("Expected a clock to have members");
    const { driver, table } = first;
    const speeds = table.speeds.map(({ khz }) => khz);
    return {
      id: first.pcpu,
      pcpus: members.map(({ pcpu }) => pcpu),
      driver,
      table,
      anySpeed: false,
      priority: new Set(),
      scopes: policies.map((pcpus) => new XenScope(pcpus, { pm, readBack: this.#readBack, speeds })),
      key: JSON.stringify(members),
    };
  }

  hasChanged(): boolean {
    if (this.#access === undefined) return this.#reach().ok;
    const { control, pm } = this.#access;
    const cpus = physicalCpus(control);
    // Without an answer everything counts as unchanged.
    if (cpus.count === 0) return false;
    if (JSON.stringify(cpus) !== this.#fingerprint) return true;
    for (const pcpu of this.#turns.next(Array.from({ length: cpus.count }, (_, pcpu) => pcpu))) {
      const now = lookAtCpu({ control, pm, permitted: this.#permitted }, pcpu, cpus.cores);
      if (now !== undefined && JSON.stringify(now) !== JSON.stringify(this.#survey?.get(pcpu))) return true;
    }
    return false;
  }

  observe(pcpu: Pcpu): Observation | undefined {
    const pm = this.#access?.pm;
    if (pm === undefined || pm.look(pcpu) !== undefined) return undefined;
    const { governor, minKhz, maxKhz, currentKhz } = pm;
    const socket = this.#cores[pcpu]?.split(":")[0];
    return {
      governor,
      minKhz,
      maxKhz,
      currentKhz,
      socket: socket === undefined ? undefined : Number(socket),
    };
  }

  find({ scope, driver }: SavedScope): Result<Pick<Scope, "write"> | "renewed"> {
    const access = this.#reach();
    if (!access.ok) return failure(`${scope}: ${access.why}`);
    const { pm } = access.value;
    const pcpu = pcpuOf(scope);
    if (pcpu === undefined) return failure(`${scope}: no policy of Xen has this name`);
    const errno = pm.look(pcpu);
    if (errno !== undefined) return failure(`${scope}: Xen answers ${errno}`);
    if (pm.driver !== driver) return success("renewed");
    return success({ write: (values) => writeXen(pm, pcpu, values) });
  }
}
