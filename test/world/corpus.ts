import type { Happened } from "./replay.ts";

/** What once went wrong, and must not again, in the daemon or in one with a fault that is seldom met otherwise. */
export interface Kept {
  /** Of the host and its VMs. */
  readonly seed: number;
  readonly untilMs: number;
  /** What was wrong. */
  readonly found: string;
  /** The fault of `faults.ts` that puts it back, by which the entry is seen to fail still. */
  readonly fault: string;
  readonly happened: readonly Happened[];
}

/** They are replayed by every `make test`. A world that fails prints such an entry. */
export const CORPUS: readonly Kept[] = [
  {
    seed: 4,
    untilMs: 71495,
    found: "a runtime directory that became read-only made the daemon end with an error that nobody caught",
    fault: "the end does not survive a step that fails later",
    happened: [
      [67299.415, "disk fault", 3637190037],
      [71473.349, "daemon is stopped", 371026170],
    ],
  },
  {
    seed: 1,
    untilMs: 1725502,
    found: "an operator's order was lost when its CPU went offline and came back",
    fault: "an order is lost with its CPU",
    happened: [
      [1673500, "settle", 3366772921],
      [1679500, "quiet order", 722317905],
      [1683500, "quiet switch", 3367436766],
      [1705500, "quiet switch", 1475669698],
      [1725500, "settle", 2925373208],
    ],
  },
  {
    seed: 2,
    untilMs: 1007034,
    found: "a restart let a slower speed hold before the dwell of its contract was over",
    fault: "a restart cuts a dwell short",
    happened: [
      [944000, "settle", 4161111292],
      [946000, "quiet restart", 2405215916],
      [966000, "after the restart", 2746303503],
      [1006000, "quiet dwell", 2664960012],
      [1007000, "quiet restart", 746402572],
    ],
  },
  {
    seed: 10,
    untilMs: 1404502,
    found: "an order that was released came back when another CPU of its clock did",
    fault: "a released order comes back with another CPU",
    happened: [
      [309639.467, "vCPU is pinned elsewhere", 2106186531],
      [1337500, "settle", 2030497706],
      [1360500, "quiet order", 1709124783],
      [1362500, "quiet switch of another", 3921226617],
      [1382500, "quiet release", 3542296301],
      [1384500, "quiet switch of another", 1505291212],
      [1404500, "settle", 546031947],
    ],
  },
  {
    seed: 3,
    untilMs: 332002,
    found: "verify promised to write a limit again that the daemon leaves alone",
    fault: "verify promises what is not done",
    happened: [
      [72000, "another program writes", 3178792001],
      [110000, "operator orders", 1055604916],
      [300000, "settle", 2222262609],
      [302000, "quiet stop", 3954022906],
      [312000, "quiet start", 3983390087],
      [332000, "settle", 8971817],
    ],
  },
  {
    seed: 31,
    untilMs: 900002,
    found: "what a crash left, and the kernel refused to restore at the next start, was never tried again",
    fault: "what the kernel refused to restore at the start is forgotten",
    happened: [
      [50820, "ask", 478884236],
      [61300, "kernel refuses", 3106318013],
      [62000, "daemon is killed", 3992786279],
      [900000, "settle", 3841982388],
    ],
  },
  {
    seed: 57,
    untilMs: 828032,
    found:
      "an order for the lowest CPU of a clock, which was offline, came back with a restart after its release",
    fault: "an order counts for the other CPUs of a clock",
    happened: [
      [60500, "CPU is switched", 2662772847],
      [800000, "settle", 3494273448],
      [802000, "quiet order", 4255852451],
      [804000, "quiet release", 1545461927],
      [826000, "settle", 1918258297],
      [828000, "quiet restart", 2190162126],
    ],
  },
  {
    seed: 25,
    untilMs: 1204002,
    found: "of two schedules for a vCPU the first counted, not the one with the higher speed",
    fault: "the first schedule wins, not the highest",
    happened: [
      [1134000, "settle", 3993783577],
      [1136000, "quiet schedules", 1311418761],
    ],
  },
  {
    seed: 44,
    untilMs: 73002,
    found: "the floor of a VM's emulator held on while the VM was paused",
    fault: "a floor holds for a paused VM",
    happened: [
      [60000, "settle", 1],
      [62000, "quiet asks", 9051417],
      [63000, "quiet pause", 119705247],
      [73000, "settle", 3],
    ],
  },
  {
    seed: 25,
    untilMs: 65033,
    found:
      "a restart forgot that a guest had switched turbo off before it left a policy, and moved its clock",
    fault: "a restart forgets that turbo was off for a policy",
    happened: [
      [45000, "ask", 11250926],
      [60000, "settle", 1],
      [62000, "quiet policies", 32089088],
      [65000, "quiet restart", 3],
    ],
  },
];
