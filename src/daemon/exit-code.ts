/** A failure; the log says why. */
export const EXIT_FAILED = 1;

/** Wrong usage. */
export const EXIT_USAGE = 2;

/** The configuration is wrong, so starting again will not help (sysexits(3)). */
export const EXIT_CONFIG = 78;
