/** The configuration of a calm host. Flooding guests may ask little, so that they are quarantined. */
export const GOOD_CONFIG = `[energy]
Meters=off
[vm flooding*]
RequestsPerSecond=5
Burst=5
`;

/** Configurations that a reload must follow. */
export const GOOD_RELOADS: readonly string[] = [
  `${GOOD_CONFIG}[daemon]\nLogLevel=debug\n`,
  `${GOOD_CONFIG}[cpufreq]\nOnDrift=reassert\n[channels]\nStrictDirectory=no\n`,
];

/** Configurations that must be refused as a whole. */
export const BAD_CONFIGS: readonly string[] = [
  `${GOOD_CONFIG}[cpufreq]\nMultiPin=perhaps\n`,
  `${GOOD_CONFIG}[daemon]\nMonitorAccess=everyone\n`,
  "[vm",
  `${GOOD_CONFIG}[hypervisor]\nUri=test:///default\n`,
];
