/** Waits until a condition is true; the error after a while shows the condition. */
export async function until(holds: () => boolean, withinMs = 10_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`Still not so after ${withinMs} ms: ${holds}`);
    await Bun.sleep(2);
  }
}
