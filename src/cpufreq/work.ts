import type { Answer, SettingRefused } from "./port.ts";

/**
 * Work that needs a back end's answers: the generator yields each answer and gets its value. Thus the same code serves
 * back ends that answer at once and those that answer later.
 */
export type Work<T> = Generator<Answer, T, SettingRefused | undefined>;

/** Runs the work to its end, with a back end that answers at once. */
export function doNow<T>(work: Work<T>): T {
  let step = work.next();
  while (step.done !== true) {
    if (step.value instanceof Promise) throw new Error("Expected a back end that answers at once");
    step = work.next(step.value);
  }
  return step.value;
}

/** Runs the work with any back end. */
export async function doSlowly<T>(work: Work<T>): Promise<T> {
  let step = work.next();
  while (step.done !== true) {
    let answer: SettingRefused | undefined;
    try {
      answer = await step.value;
    } catch (error) {
      // A call that throws was not carried out either.
      answer = { name: "", errno: error instanceof Error ? error.message : String(error) };
    }
    step = work.next(answer);
  }
  return step.value;
}
