/** Mutants of one line that no test can kill, because they behave the same. */
export interface Equivalent {
  readonly file: string;
  /** The line of the source without its indentation. */
  readonly line: string;
  /** What changes, as `make mutants` prints it. */
  readonly changes: readonly string[];
  /** Why nobody can tell the difference. */
  readonly why: string;
}

/** The list of them. One that is killed, or that is not in the sources any more, is an error. */
export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: "src/wire/framer.ts",
    line: "if (left === 0) return undefined;",
    changes: ["left === 0 → false", "return undefined; → nothing"],
    why: "Without bytes left nothing is returned anyway; this saves the work of a search",
  },
  {
    file: "src/wire/framer.ts",
    line: "chunk.buffer.transfer(0);",
    changes: ["0 → 1"],
    why: "What is left is one byte, and nobody refers to it",
  },
  {
    file: "src/wire/framer.ts",
    line: "#at = 0;",
    changes: ["0 → 1"],
    why: "Nothing is read at this position: the first bytes set it",
  },
  {
    file: "src/arbiter/want.ts",
    line: "if (want === undefined) return undefined;",
    changes: ["want === undefined → false", "return undefined; → nothing"],
    why: "Removing what is not there changes nothing; the condition saves the work",
  },
  {
    file: "src/arbiter/want.ts",
    line: "while (first < wants.length && wants[first] === undefined) first++;",
    changes: ["first < wants.length → first <= wants.length"],
    why: "Behind the last want there is none, whether it is looked for once more or not",
  },
  {
    file: "src/arbiter/ends.ts",
    line: "if (monoMs < this.#dueMs) return [];",
    changes: ["monoMs < this.#dueMs → false", "return []; → nothing"],
    why: "Before the first end nothing has ended; the condition saves the search",
  },
  {
    file: "src/arbiter/guest-policies.ts",
    line: "for (const { put } of steps) if (put !== undefined) put.before = undefined;",
    changes: ["put !== undefined → false", "put.before = undefined; → nothing"],
    why: "These steps are never taken back, so nobody asks what was before; forgetting it frees the memory",
  },
  {
    file: "src/arbiter/guest-policies.ts",
    line: "if (this.#byVm.has(vm)) clocksOf(this.#apply(vm, NO_ENTRIES));",
    changes: ["this.#byVm.has(vm) → true"],
    why: "Nothing comes of no policies; the condition saves the work, since a host may have thousands of vCPUs",
  },
  {
    file: "src/arbiter/schedules.ts",
    line: "if (this.#inForce.length > 0) this.#apply(this.#seats.domains.get(vm) as DomainState, new Set());",
    changes: ["this.#inForce.length > 0 → true", "this.#inForce.length > 0 → this.#inForce.length >= 0"],
    why: "Nothing comes of no schedules; the condition saves the work, since a host may have thousands of vCPUs",
  },
  {
    file: "src/arbiter/knobs.ts",
    line: "if (asked.every((each) => each === NO_KNOBS)) return NO_KNOBS;",
    changes: ["asked.every((each) => each === NO_KNOBS) → false", "return NO_KNOBS; → nothing"],
    why: "Nothing comes of what nobody asks for; the condition saves the work, since a heartbeat looks at every clock",
  },
  {
    file: "src/arbiter/knobs.ts",
    line: "const epps = asked.map(({ epp }) => (epp === undefined ? -1 : EPP_WORDS.indexOf(epp)));",
    changes: ["epp === undefined → false", "1 → 2"],
    why: "What is no word has the number -1 as well, and there is no word of any number below 0",
  },
  {
    file: "src/cpufreq/host-clocks.ts",
    line: "if (clock.touched || clock.owesBaseline) isThere = doNow(this.#look(clock)) && isThere;",
    changes: ["clock.touched || clock.owesBaseline → true"],
    why: "A look at a clock with its own settings finds nothing; the condition saves the work, since most clocks have them",
  },
  {
    file: "src/arbiter/look.ts",
    line: 'return a.kind === "pcpu" && b.kind === "pcpu" && a.vm === b.vm && a.pcpu === b.pcpu;',
    changes: ['a.kind === "pcpu" && b.kind === "pcpu" → (a.kind === "pcpu") || (b.kind === "pcpu")'],
    why: "Of two kinds one has no number of a CPU, so that these differ",
  },
  {
    file: "src/arbiter/occupancy.ts",
    line: "if (!pcpus.some((pcpu) => this.isUsed(pcpu))) return found;",
    changes: ["!pcpus.some((pcpu) => this.isUsed(pcpu)) → false", "return found; → nothing"],
    why: "Of a CPU that nobody uses no user is found; the condition saves the search through all domains",
  },
  {
    file: "src/arbiter/occupancy.ts",
    line: "if (now.size === 0) this.#pcpusOf.delete(name);",
    changes: ["now.size === 0 → false"],
    why: "A domain on no CPU uses none; forgetting its name frees the memory",
  },
  {
    file: "src/arbiter/parking.ts",
    line: 'wants.remove("parked");',
    changes: ['wants.remove("parked"); → nothing'],
    why: "The want that is put next takes its place; removed before, it is not remembered for a taking back",
  },
  {
    file: "src/arbiter/parking.ts",
    line: 'position: levelOf(clock.table, wholeTable(clock.table), false, "min"),',
    changes: ["false → true"],
    why: "The lowest speed is the same with turbo, and nothing else of this want is read",
  },
  {
    file: "src/ledger/fit.ts",
    line: "for (let kept = 1; kept < SETS; kept++) {",
    changes: ["kept < SETS → kept <= SETS"],
    why: "No term at all is no better than some that were tried",
  },
  {
    file: "src/ledger/fit.ts",
    line: "const SETS = 1 << TURBO;",
    changes: ["1 → 2"],
    why: "The same sets once more are no better than those that were tried",
  },
  {
    file: "src/ledger/fit.ts",
    line: "if (squares >= least) continue;",
    changes: ["squares >= least → squares > least"],
    why: "Of two sets of terms that err by the same each is the best",
  },
  {
    file: "src/cpufreq/speed-table.ts",
    line: "const [first = 0, second = first] = highestFirst;",
    changes: ["0 → 1"],
    why: "Without any speed both are the same, whatever that is",
  },
  {
    file: "src/cpufreq/clock-set.ts",
    line: "if (loaded?.ok !== true) return { originals: undefined, owed: false };",
    changes: ["false → true"],
    why: "A clock without saved settings has none to put back",
  },
  {
    file: "src/cpufreq/clock-set.ts",
    line: "if (!backend.slow && this.#recover(entry)) return { originals: undefined, owed: false };",
    changes: ["false → true"],
    why: "A clock without saved settings has none to put back",
  },
  {
    file: "src/cpufreq/drift-watch.ts",
    line: 'if (held === "baseline") continue;',
    changes: ['held === "baseline" → false', "continue; → nothing"],
    why: "At the baseline no scope is open, so that it has no settings to watch",
  },
  {
    file: "src/cpufreq/drift-watch.ts",
    line: 'return this.#options.onDrift === "yield" || (this.#fights.get(clock) ?? 0) >= FIGHTS_MAX;',
    changes: ["0 → 1"],
    why: "One is below the limit, as none is",
  },
  {
    file: "src/cpufreq/held-clock.ts",
    line: "if (!isPrepared) return doNow(this.change(setting));",
    changes: ["!isPrepared → true"],
    why: "The other way does the same; this one allocates nothing while a packet is handled",
  },
  {
    file: "src/cpufreq/held-clock.ts",
    line: "return originals === undefined ? [] : [entryOf(found, originals, { ...this.#means, kept: false })];",
    changes: ["false → true"],
    why: "These entries are restored and not written, and restoring does not ask whether they were kept",
  },
  {
    file: "src/cpufreq/host-clocks.ts",
    line: "#looks = 0;",
    changes: ["0 → 1"],
    why: "Looks are counted to compare them with each other",
  },
  {
    file: "src/cpufreq/journal.ts",
    line: "if (scope !== undefined && entry !== undefined) files.push({ scope, entry });",
    changes: ["scope !== undefined && entry !== undefined → (scope !== undefined) || (entry !== undefined)"],
    why: "A file of a scope that was listed is there, unless it vanishes in between; no other file has an entry",
  },
  {
    file: "src/admin/framer.ts",
    line: "const FIRST_CAPACITY = 4096;",
    changes: ["4096 → 4097"],
    why: "The buffer grows as far as is needed, wherever it begins",
  },
  {
    file: "src/admin/framer.ts",
    line: "if (end + bytes <= buffer.length) return;",
    changes: [
      "end + bytes <= buffer.length → false",
      "end + bytes <= buffer.length → (end + bytes) < buffer.length",
      "return; → nothing",
    ],
    why: "Bytes that are moved to the front before they must be are the same; the condition saves the work",
  },
  {
    file: "src/admin/framer.ts",
    line: "const target = used + bytes <= buffer.length ? buffer : new Uint8Array(2 * (used + bytes));",
    changes: [
      "used + bytes <= buffer.length → false",
      "used + bytes <= buffer.length → (used + bytes) < buffer.length",
      "2 → 3",
    ],
    why: "A larger buffer holds the same bytes; the condition and the factor bound the memory and the copies",
  },
  {
    file: "src/admin/framer.ts",
    line: "if (start === end && buffer.length > FIRST_CAPACITY) buffer = new Uint8Array(FIRST_CAPACITY);",
    changes: ["buffer.length > FIRST_CAPACITY → buffer.length >= FIRST_CAPACITY"],
    why: "An empty buffer is as good as another of the same size",
  },
  {
    file: "src/admin/single-call.ts",
    line: 'const reply = message === "tooLong" ? undefined : readReply(message);',
    changes: ['message === "tooLong" → false'],
    why: "The word is no reply either",
  },
  {
    file: "src/arbiter/resolve.ts",
    line: "const floor = state.floors.size === 0 ? undefined : floorOf(state);",
    changes: ["state.floors.size === 0 → false"],
    why: "The highest of no floors is none; the condition saves the search while a packet is handled",
  },
  {
    file: "src/ledger/vm-times.ts",
    line: "const NO_SECONDS = new Float64Array(0);",
    changes: ["0 → 1"],
    why: "Without marks nothing is read of it",
  },
  {
    file: "src/ledger/vm-times.ts",
    line: "let length = 0;",
    changes: ["0 → 1"],
    why: "Each place is one further, and the first is unused",
  },
];
