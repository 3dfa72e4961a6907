import type { Verb } from "../verb.ts";
import { APP_VERBS } from "./app.ts";
import { ATTACH_CHANNELS } from "./attach-channels.ts";
import { CHANNEL_VERBS } from "./channel.ts";
import { CHANNEL_CONFIG } from "./channel-config.ts";
import { CONTRACT_VERBS } from "./contract.ts";
import { CPU_VERBS } from "./cpu.ts";
import { DOCTOR } from "./doctor.ts";
import { ENERGY } from "./energy.ts";
import { EVENTS } from "./events.ts";
import { LIST } from "./list.ts";
import { METRICS } from "./metrics.ts";
import { POLICY } from "./policy.ts";
import { RECORD } from "./record.ts";
import { REPORT } from "./report.ts";
import { RUN } from "./run.ts";
import { SCHEMA } from "./schema.ts";
import { SHELL } from "./shell.ts";
import { STATE } from "./state.ts";
import { STATUS } from "./status.ts";
import { TOP } from "./top.ts";
import { VCPU_VERBS } from "./vcpu.ts";
import { VERIFY } from "./verify.ts";
import { VM_VERBS } from "./vm.ts";
import { WHY } from "./why.ts";

/** All commands, in the order of `--help`. */
export const VERBS: readonly Verb[] = [
  STATUS,
  LIST,
  ...VM_VERBS,
  ...CONTRACT_VERBS,
  STATE,
  ...VCPU_VERBS,
  ...CHANNEL_VERBS,
  CHANNEL_CONFIG,
  ATTACH_CHANNELS,
  POLICY,
  ...CPU_VERBS,
  RUN,
  ...APP_VERBS,
  WHY,
  VERIFY,
  DOCTOR,
  TOP,
  ENERGY,
  REPORT,
  METRICS,
  EVENTS,
  RECORD,
  SHELL,
  SCHEMA,
];
