import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { UID } from "./app-host.ts";
import { APP, fifoHost, ON, power } from "./fifo-host.ts";
import { until } from "./until.ts";

const fifos = fifoHost();
const { fifo, lines, makeFifo, say, serve, speed, speeds } = fifos;
const GID = process.getgid?.() ?? 0;
const isRoot = UID === 0;
const FOUND = "<unsupported>";

describe("owner and mode of a FIFO tell whose it is", () => {
  test("what everyone may write, what is no FIFO, and links are not read; the others are (S9)", async () => {
    fifos.make({ sections: `${ON}[app mine]\nUser=${UID}\nCpus=0-5\n` });
    makeFifo(0, "602");
    writeFileSync(fifo(1), power("SCALE_MIN"));
    makeFifo(2);
    renameSync(fifo(2), join(fifos.host.channels, "real"));
    symlinkSync("real", fifo(2));
    makeFifo(3);
    await fifos.host.start();
    await until(() => lines('fifo3"').length === 1);
    expect(
      lines("channels/fifo")
        .map((line) => line.slice(line.indexOf("Z ") + 2).replaceAll(fifos.host.channels, ""))
        .sort(),
    ).toEqual([
      'info    Reads "/fifo3"',
      'warning "/fifo0" can be written by everyone, it is not read; chmod o-w fifo0',
      'warning "/fifo1" is not a FIFO, it is not read',
      'warning "/fifo2" is not a FIFO, it is not read',
    ]);
    const told = fifos.host.ask("apps")["fifos"] as {
      cpu: number;
      path: string;
      reason?: string;
      remedy?: string;
    }[];
    expect(told.sort((a, b) => a.cpu - b.cpu)).toEqual([
      { cpu: 0, path: fifo(0), reason: "can be written by everyone", remedy: "chmod o-w fifo0" },
      { cpu: 1, path: fifo(1), reason: "is not a FIFO" },
      { cpu: 2, path: fifo(2), reason: "is not a FIFO" },
      { cpu: 3, path: fifo(3) },
    ]);
    await say(3, power("SCALE_MIN"));
    await until(() => speed(3) === "1200000");
    expect(speeds(0, 1, 2)).toEqual([FOUND, FOUND, FOUND]);
  });

  test.skipIf(!isRoot)("user and group must be those of one application (skipped without root)", async () => {
    const team = "[app team]\nUser=4242\nGroup=4343\nCpus=0-5\n";
    fifos.make({
      sections: `${ON}[app mine]\nUser=4244\nCpus=1\n[app set]\nUser=4245\nCpus=cpuset\n${team}`,
    });
    const made: readonly (readonly [cpu: number, uid: number, gid: number, mode: string])[] = [
      [0, 4242, GID, "600"], // the user's
      [1, 0, 4343, "620"], // root's, for the group
      [2, 4242, 4300, "620"], // for another group
      [3, 4244, GID, "600"], // for a CPU that its application does not have
      [4, 4245, GID, "600"], // of an application without a list of CPUs
      [5, 0, 0, "640"], // root's alone
    ];
    for (const [cpu, uid, gid, mode] of made) {
      makeFifo(cpu, mode);
      chownSync(fifo(cpu), uid, gid);
    }
    await fifos.host.start();
    await until(() => lines("Reads").length === 2);
    expect(lines("Reads").map((line) => line.at(-2))).toEqual(["0", "1"]);
    const refused = lines("which are not those of an application").map((line) =>
      line.slice(line.indexOf("fifo")),
    );
    expect(refused[0]).toBe(
      'fifo2" is written by user 4242 and group 4300, which are not those of an application whose Cpus= lists CPU 2, it is not read; see User= and Group= in [app NAME]',
    );
    expect(refused.map((line) => line.slice(0, 5))).toEqual(["fifo2", "fifo3", "fifo4", "fifo5"]);
  });

  test("it is judged again before each look, and opened for reading only", async () => {
    await serve(APP);
    await until(() => lines("Reads").length === 2);
    expect(openFlags("fifo2")).toEqual([0]);
    chmodSync(fifo(2), 0o602);
    await until(() => lines("can be written by everyone").length === 1);
    expect(openFlags("fifo2")).toEqual([]);
    // A reload looks at once; else it takes up to 14 s.
    chmodSync(fifo(2), 0o600);
    fifos.host.signal("SIGHUP");
    await until(() => lines("Reads").length === 3);
    // Another file at the same path is another FIFO.
    rmSync(fifo(2));
    makeFifo(2);
    fifos.host.signal("SIGHUP");
    await until(() => openFlags("fifo2").length === 1);
    await say(2, power("SCALE_MIN"));
    await until(() => speed(2) === "1200000");
    fifos.host.configure(APP.replace("2-3", "3"));
    fifos.host.signal("SIGHUP");
    await until(() => openFlags("fifo2").length === 0);
    expect(openFlags("fifo3")).toEqual([0]);
    fifos.host.configure(APP.replace("yes", "no"));
    fifos.host.signal("SIGHUP");
    await until(() => openFlags("fifo2").length + openFlags("fifo3").length === 0);
  });
});

/** The access modes with which the daemon has files of a name open: 0 is for reading only. */
function openFlags(name: string): number[] {
  const { pid } = fifos.host.ask("status") as { pid: number };
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      if (!readlinkSync(`/proc/${pid}/fd/${fd}`).endsWith(`/${name}`)) return [];
      const [, flags = "3"] =
        /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8")) ?? [];
      return [Number.parseInt(flags, 8) & 3];
    } catch {
      return []; // closed meanwhile
    }
  });
}
