/** Looking takes no more of one turn of the event loop: guests' packets come between. */
const TURN_MS = 0.3;

/** Makes what is awaited between two looks: it ends the turn where that was long enough. */
export function turns(): () => Promise<void> {
  let beganMs = performance.now();
  return async () => {
    if (performance.now() - beganMs < TURN_MS) return;
    await new Promise((resume) => setImmediate(resume));
    beganMs = performance.now();
  };
}
