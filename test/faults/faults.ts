/** A line that holds a promise, and the test that must fail without it. */
export interface Fault {
  /** The promise in a few words, as SECURITY.md has it. */
  readonly promise: string;
  readonly file: string;
  /** What stands in the file exactly once. */
  readonly line: string;
  /** What the fault puts in its place. */
  readonly instead: string;
  /** The test's file and name. */
  readonly test: string;
  readonly name: string;
  /** Whether the test runs the compiled executable. */
  readonly builds?: boolean;
}

/** Every promise of SECURITY.md that a test of this folder holds. */
export const FAULTS: readonly Fault[] = [
  {
    promise: "a request that the kernel refuses leaves no trace",
    file: "src/arbiter/change.ts",
    line: "if (put !== undefined) wants.takeBack(put);",
    instead: "",
    test: "test/arbiter/laws.test.ts",
    name: "a request that the kernel refuses leaves no trace but that it was refused",
  },
  {
    promise: "lines that a stranger can cause are few",
    file: "src/daemon/limited-log.ts",
    line: "if (allowed === undefined) return;",
    instead: "if (allowed === undefined) return log[level](line().message);",
    test: "test/daemon/limited-log.test.ts",
    name: "limitedLog() lets a few lines a minute through about each",
  },
  {
    promise: "what one call may name is bounded: lists are sets",
    file: "src/admin/parameters.ts",
    line: "judged[name] = [...items];",
    instead: "",
    test: "test/admin/parameters.test.ts",
    name: "is handed each item of",
  },
  {
    promise: "what one call may name is bounded: sets have a bound",
    file: "src/admin/parameters.ts",
    line: "if (items.size > rule.itemsMax) return { wrong: name };",
    instead: "",
    test: "test/admin/parameters.test.ts",
    name: "refuses more items in",
  },
  {
    promise: "a long answer is written a piece in a turn",
    file: "src/admin/answer.ts",
    line: "if (piece.length < PIECE_LENGTH) continue;",
    instead: "continue;",
    test: "test/admin/answer.test.ts",
    name: "however long, is written in small pieces",
  },
  {
    promise: "an answer is bounded",
    file: "src/admin/long-answer.ts",
    line: "const isTooLong = bytes > limits.answerBytes;",
    instead: "const isTooLong = bytes < 0;",
    test: "test/admin/session.test.ts",
    name: "an answer that is longer than any may be is refused",
  },
  {
    promise: "answers that wait are bounded",
    file: "src/admin/long-answer.ts",
    line: "if (waitingBytes() > limits.waitingBytes) {",
    instead: "if (waitingBytes() < 0) {",
    test: "test/admin/session.test.ts",
    name: "long answers are refused while too many of others wait to be read",
  },
  {
    promise: "what a call does is a slice in a turn",
    file: "src/daemon/operators/loop-slices.ts",
    line: "return this.#steps < STEPS_PER_TURN && this.#nowMs() - this.#beganMs < SLICE_MS;",
    instead: "return true;",
    test: "test/daemon/slices.test.ts",
    name: "takes no more of a turn of the event loop than a slice",
  },
  {
    promise: "a scan does not reconnect a socket sooner than the back-off",
    file: "src/channels/redial.ts",
    line: "if (file === this.#file && this.#waiting !== undefined) return false;",
    instead: "",
    test: "test/channels/channels.test.ts",
    name: "dials a socket that closes at once no sooner than its back-off says, whoever makes scans",
  },
  {
    promise: "a VM has a bound of channels",
    file: "src/channels/room.ts",
    line: " || own >= VM_CHANNELS_MAX",
    instead: "",
    test: "test/channels/channels.test.ts",
    name: "serves 1024 channels of one VM, those with the lowest numbers, and of each other VM as many",
  },
  {
    promise: "operators are served when all parts are there",
    file: "src/admin/bind.ts",
    line: "if (held && listener.hold?.() !== true)",
    instead: "if (held && listener === undefined)",
    test: "test/daemon/operators.test.ts",
    name: "who connects before all parts are there waits, also while the socket of a killed daemon is probed",
  },
];
