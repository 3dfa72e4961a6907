import { checkSpeeds } from "./contract/check-rules.ts";
import { type Problem, problem, quote, warning } from "./problem.ts";
import type { Gathered, Settings } from "./settings.ts";

/** The most `[app NAME]` sections: each is compared with each caller. */
const APPS_MAX = 128;

/** Finds contradictions in the sections about applications. */
export function checkApps({ apps, sections }: Gathered): Problem[] {
  const problems = [...apps].flatMap(([name, settings]) => checkApp(name, settings));
  const fifos = sections.get("channels")?.get("Fifos");
  const mayUseFifos = [...apps.values()].some((settings) => Array.isArray(settings.get("Cpus")?.value));
  if (fifos?.value === true && !mayUseFifos)
    problems.push(
      warning(
        fifos.place,
        "Fifos=yes, but no [app NAME] has a list of CPUs",
        "no FIFO is read: set Cpus=2-5 there",
      ),
    );
  const last = [...apps.values()].flatMap((settings) => [...settings.values()]).at(-1);
  if (apps.size > APPS_MAX && last !== undefined)
    problems.push(problem(last.place, `There are ${apps.size} applications, more than ${APPS_MAX}`));
  return problems;
}

function checkApp(name: string, settings: Settings): Problem[] {
  const whose = `application ${quote(name)}`;
  const [first] = settings.values();
  const isSet = (key: string) => settings.get(key)?.value !== undefined;
  const problems = checkSpeeds(whose, settings);
  // A section without a single key says nothing and permits nothing.
  if (first === undefined) return problems;
  if (!isSet("User") && !isSet("Group"))
    problems.push(problem(first.place, `[app ${name}] names nobody who may ask`, "set User or Group"));
  if (!isSet("Cpus"))
    problems.push(problem(first.place, `[app ${name}] names no CPU`, "set Cpus=2-5, or Cpus=cpuset"));
  return problems;
}
