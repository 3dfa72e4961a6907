import { expect, test } from "bun:test";
import { rmSync, statSync } from "node:fs";
import { watchDirectory } from "../../src/channels/watch.ts";
import { makeMemoryDirectory } from "../cpufreq/memory-directory.ts";

/** Longer than a watch needs to be certain that it works. */
const LONG_MS = 700;

/** Follows a directory that nobody changes. */
function quietWatch() {
  const directory = makeMemoryDirectory("watch");
  const seen = { calls: 0 };
  const { follow, close } = watchDirectory(directory, () => void seen.calls++);
  return {
    ...{ seen, close },
    follow: () => follow(statSync(directory).ino),
    [Symbol.dispose]() {
      close();
      rmSync(directory, { recursive: true });
    },
  };
}

test("a watch that was opened asks for one more look, because it may have begun after a change", async () => {
  using watch = quietWatch();
  watch.follow();
  watch.follow();
  await Bun.sleep(LONG_MS);
  expect(watch.seen.calls).toBe(1);
});

test("a watch that was closed asks for nothing more", async () => {
  using watch = quietWatch();
  watch.follow();
  watch.close();
  await Bun.sleep(LONG_MS);
  expect(watch.seen.calls).toBe(0);
});
