/** Numbers of libvirt's RPC. The protocol only grows, so a number keeps its meaning. */

/** The program of all hypervisor calls. */
export const REMOTE_PROGRAM = 0x20008086;

/** The program of PING and PONG. */
export const KEEPALIVE_PROGRAM = 0x6b656570;

/** Both programs are at version 1. */
export const PROGRAM_VERSION = 1;

/** Types of frames. */
export const FRAME_TYPE = { call: 0, reply: 1, message: 2 } as const;

/** Status of a reply. */
export const FRAME_STATUS = { ok: 0, error: 1 } as const;

/** Procedures of the keepalive program. */
export const KEEPALIVE = { ping: 1, pong: 2 } as const;

/** The calls that we use. */
export const CALL = {
  open: 1,
  close: 2,
  domainXml: 14,
  vcpus: 20,
  lookupByName: 23,
  interfaceStats: 65,
  authList: 66,
  authPolkit: 70,
  isPersistent: 151,
  attachDevice: 160,
  setVcpus: 199,
  vcpuCount: 200,
  domainState: 212,
  pinVcpu: 225,
  vcpuPins: 230,
  listDomains: 273,
  registerEvent: 316,
  domainStats: 344,
  defineXml: 350,
  registerClose: 360,
} as const;

/** Kinds of authentication. */
export const AUTH = { none: 0, sasl: 1, polkit: 2 } as const;

/** Events to register for, and the procedure by which each arrives. */
export const EVENT = {
  lifecycle: { id: 0, procedure: 318 },
  reboot: { id: 1, procedure: 319 },
  deviceRemoved: { id: 15, procedure: 333 },
  tunable: { id: 17, procedure: 346 },
  deviceAdded: { id: 19, procedure: 354 },
  metadataChange: { id: 23, procedure: 379 },
} as const;

/** Reports that the daemon behind a proxy (virtproxyd) ended; it has no event id. */
export const CONNECTION_CLOSED = 362;

/** Read-only: libvirt refuses every call that could change a domain. */
export const OPEN_READ_ONLY = 1;

/** Only domains that exist now, running or paused. */
export const LIST_ACTIVE = 1;

/** The running domain, not its definition. */
export const AFFECT_LIVE = 1;

/** The definition. With neither flag: the running domain if it runs, else the definition. */
export const AFFECT_CONFIG = 2;

/** The highest number of vCPUs, not the number of online ones. */
export const VCPU_MAXIMUM = 4;

/** The definition, not the running domain. */
export const XML_INACTIVE = 2;

/** With passwords: a definition that is sent back without them would lose them. */
export const XML_SECURE = 1;

/** The group of statistics about the CPUs of a domain. */
export const STATS_CPU_TOTAL = 2;

/** Only statistics that can be had at once: a domain whose emulator hangs is not waited for. */
export const STATS_NOWAIT = 0x2000_0000;

/** Types of the values of named parameters. */
export const PARAMETER = { int: 1, uint: 2, llong: 3, ullong: 4, double: 5, boolean: 6, string: 7 } as const;

/** The error codes that are handled. */
export const ERROR = { noDomain: 42, operationInvalid: 55 } as const;

/** Bounds of libvirt's own protocol description, version 9. */
export const BOUND = {
  stringBytes: 4_194_304,
  domains: 16_384,
  authTypes: 20,
  cpumapsBytes: 8_388_608,
  vcpus: 16_384,
  statistics: 262_144,
} as const;

/** Longest name of a domain that is used; a longer one cannot be part of a channel's file name. */
export const NAME_BYTES_MAX = 1024;
