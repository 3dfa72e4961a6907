import { expect } from "bun:test";
import { ctlWith } from "./harness.ts";

/** A terminal of 80 columns without colours. */
export const TERMINAL = { isTty: true, columns: 80, env: { TERM: "xterm", NO_COLOR: "1" } };

/** The lines that a command shows on a terminal, after which it ends with 0. */
export async function shown(command: string, control = {}, io = TERMINAL): Promise<string[]> {
  const { code, out, err } = await ctlWith(control, command, io);
  expect([code, err]).toEqual([0, ""]);
  return out.replace(/since [-0-9]+ [:0-9]+/, "since THEN").split("\n");
}
