import { version } from "../package.json" with { type: "json" };

/** The version. package.json is its only source. */
export const VERSION: string = version;
