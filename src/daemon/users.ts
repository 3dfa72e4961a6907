import { readFileSync } from "node:fs";

/** The numbers of users given by name or number. Names that this host does not have are left out. */
export function resolveUsers(users: readonly string[], passwd = "/etc/passwd"): ReadonlySet<number> {
  const byName = idsByName(passwd);
  const ids = new Set<number>();
  for (const user of users) {
    const id = /^\d+$/.test(user) ? Number(user) : byName.get(user);
    if (id !== undefined) ids.add(id);
  }
  // The daemon's own user is always trusted.
  const self = process.getuid?.();
  return self === undefined ? ids : ids.add(self);
}

/** Whether this host has a user of that name. A number always counts. */
export function hasUser(user: string, passwd = "/etc/passwd"): boolean {
  return /^\d+$/.test(user) || idsByName(passwd).has(user);
}

/** The number of a group, if this host has it. */
export function resolveGroup(group: string, groups = "/etc/group"): number | undefined {
  return idsByName(groups).get(group);
}

/** The number of a user given by name or number, if this host has it. */
export function userId(user: string, passwd = "/etc/passwd"): number | undefined {
  return /^\d+$/.test(user) ? Number(user) : idsByName(passwd).get(user);
}

/** The number of a group given by name or number, if this host has it. */
export function groupId(group: string, groups = "/etc/group"): number | undefined {
  return /^\d+$/.test(group) ? Number(group) : idsByName(groups).get(group);
}

/** The name of a user, if this host has it. */
export function userName(uid: number, passwd = "/etc/passwd"): string | undefined {
  for (const [name, id] of idsByName(passwd)) if (id === uid) return name;
  return undefined;
}

/** Reads passwd(5) or group(5): the name is the first field, the number the third. */
function idsByName(file: string): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Without the file there are no names, but numbers still work.
  }
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name !== undefined && id !== undefined && /^\d+$/.test(id)) ids.set(name, Number(id));
  }
  return ids;
}
