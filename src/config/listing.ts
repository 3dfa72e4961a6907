import type { Config, ListedSetting } from "./config.ts";
import type { KeysOf } from "./key.ts";
import { KEYS } from "./keys.ts";
import type { Gathered, Settings } from "./settings.ts";

/** All settings: those of the sections with fixed names with their defaults, the others as they are written. */
export function listSettings(daemon: Config["daemon"], gathered: Gathered): ListedSetting[] {
  const fixed = Object.entries(KEYS).flatMap(([section, keys]) =>
    withDefaults(section, keys, gathered.sections.get(section)),
  );
  // Their default follows from the runtime directory.
  const sockets: Readonly<Record<string, string>> = {
    ControlSocket: daemon.controlSocket,
    MonitorSocket: daemon.monitorSocket,
  };
  const followed = fixed.map((each) =>
    each.place === undefined ? { ...each, text: sockets[each.key] ?? each.text } : each,
  );
  return [
    ...followed,
    ...ofNamed("schedule", gathered.schedules),
    ...ofNamed("vm", gathered.patterns),
    ...ofNamed("class", gathered.classes),
    ...ofNamed("state", gathered.states),
    ...ofNamed("vm", gathered.vms),
    ...ofNamed("app", gathered.apps),
  ];
}

function withDefaults(section: string, keys: KeysOf, settings: Settings | undefined): ListedSetting[] {
  return Object.entries(keys).map(([key, { default: text }]) => {
    const written = settings?.get(key);
    return written?.value === undefined
      ? { section, key, text, place: undefined }
      : { section, key, text: written.text, place: written.place };
  });
}

function ofNamed(word: string, sections: ReadonlyMap<string, Settings>): ListedSetting[] {
  return [...sections].flatMap(([name, settings]) =>
    [...settings].flatMap(([key, { value, text, place }]) =>
      value === undefined ? [] : [{ section: `${word} ${name}`, key, text, place }],
    ),
  );
}
