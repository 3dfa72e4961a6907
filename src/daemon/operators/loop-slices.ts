/** A long job takes no more of one turn of the event loop: guests' packets come between. */
const SLICE_MS = 0.3;

/** Cuts a long job into slices: the function that is answered is awaited between its steps, and ends a turn that was long enough. */
export function loopSlices(): () => Promise<void> {
  let beganMs = performance.now();
  return async () => {
    if (performance.now() - beganMs < SLICE_MS) return;
    await new Promise((resume) => setImmediate(resume));
    beganMs = performance.now();
  };
}
