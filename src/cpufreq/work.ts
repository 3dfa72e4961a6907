import type { Answer, SettingRefused } from "./port.ts";

/**
 * A piece of work that needs a back end's answers: it yields each one and goes on with what was said. So it is written
 * once, for back ends that answer at once and for those that answer later.
 */
export type Work<T> = Generator<Answer, T, SettingRefused | undefined>;

/** Does it now, with a back end that answers at once. */
export function doNow<T>(work: Work<T>): T {
  let step = work.next();
  while (step.done !== true) {
    if (step.value instanceof Promise) throw new Error("Expected a back end that answers at once");
    step = work.next(step.value);
  }
  return step.value;
}

/** Does it in its own time, with any back end. */
export async function doSlowly<T>(work: Work<T>): Promise<T> {
  let step = work.next();
  while (step.done !== true) {
    let answer: SettingRefused | undefined;
    try {
      answer = await step.value;
    } catch (error) {
      // A call that fails otherwise has not been carried out either.
      answer = { name: "", errno: error instanceof Error ? error.message : String(error) };
    }
    step = work.next(answer);
  }
  return step.value;
}
