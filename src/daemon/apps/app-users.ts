import type { Caller } from "../../admin/caller.ts";
import { RequestError } from "../../admin/request.ts";
import type { AppConfig } from "../../config/config.ts";
import { groupId, userId } from "../users.ts";

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
