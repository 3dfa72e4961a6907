import type { Caller } from "../../admin/caller.ts";
import { RequestError } from "../../admin/request.ts";
import type { Pcpu } from "../../base/domain.ts";
import { failure, type Result, success } from "../../base/result.ts";
import type { FileRights } from "../../channels/fifos/fifo.ts";
import type { Objection } from "../../channels/judge.ts";
import type { AppConfig } from "../../config/config.ts";
import { groupId, userId } from "../users.ts";

const ROOT = 0;
const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;

/** An application with the numbers of its user and group. */
interface KnownApp {
  readonly app: AppConfig;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** Tells which applications a caller is. Names of users are looked up again after a reload only. */
export class AppUsers {
  readonly #apps: () => readonly AppConfig[];
  #from: readonly AppConfig[] | undefined;
  #known: readonly KnownApp[] = [];

  constructor(apps: () => readonly AppConfig[]) {
    this.#apps = apps;
  }

  /** The applications that a caller is: by its user, its group, or one of its further groups. */
  of({ uid, gid, groups = [] }: Caller): readonly AppConfig[] {
    const isMember = (id: number | undefined) => id !== undefined && (id === gid || groups.includes(id));
    return this.#lookUp()
      .filter((known) => known.uid === uid || isMember(known.gid))
      .map(({ app }) => app);
  }

  /** The application of this name, or the first that a caller is. Throws if it is none. */
  chosen(caller: Caller, named: string | undefined): AppConfig {
    const chosen = this.of(caller).find(({ name }) => named === undefined || name === named);
    if (chosen === undefined) throw new RequestError("NoSuchApplication", {});
    return chosen;
  }

  /**
   * The application that a FIFO of a CPU belongs to: nobody but root and the application may be able to write into it,
   * and its section must name the CPU.
   */
  writing(cpu: Pcpu, { uid, gid, mode }: FileRights): Result<AppConfig, Objection> {
    if ((mode & OTHERS_WRITE) !== 0)
      return failure({ reason: "can be written by everyone", remedy: `chmod o-w fifo${cpu}` });
    const forGroup = (mode & GROUP_WRITES) !== 0;
    const found = this.#lookUp().find(({ app, ...known }) => {
      const isOwners = uid === known.uid || (uid === ROOT && forGroup);
      return isOwners && (!forGroup || gid === known.gid) && app.cpus !== "cpuset" && app.cpus?.includes(cpu);
    });
    if (found !== undefined) return success(found.app);
    const writers = forGroup ? `user ${uid} and group ${gid}` : `user ${uid}`;
    return failure({
      reason: `is written by ${writers}, which are not those of an application whose Cpus= lists CPU ${cpu}`,
      remedy: "see User= and Group= in [app NAME]",
    });
  }

  #lookUp(): readonly KnownApp[] {
    const apps = this.#apps();
    if (this.#from !== apps) {
      this.#from = apps;
      this.#known = apps.map((app) => ({
        app,
        uid: app.user === undefined ? undefined : userId(app.user),
        gid: app.group === undefined ? undefined : groupId(app.group),
      }));
    }
    return this.#known;
  }
}
