import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { BunPlugin } from "bun";
import { version } from "../../../package.json" with { type: "json" };

// Builds the guest's side as a package for Node and Bun: the library, the command, and their types.
//
// usage: build.ts DIRECTORY

const HERE = import.meta.dir;
const ROOT = join(HERE, "../../..");
const [to = ""] = process.argv.slice(2);

/** Modules that need Bun; beside them in node/ is what takes their place. */
const REPLACED = /\/src\/(?:os\/(?:seqpacket|datagram|clock-time)|terminal\/columns)\.ts$/;

const replaced: BunPlugin = {
  name: "replaced",
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ path, importer }) => {
      const module = join(importer, "..", path);
      if (!REPLACED.test(module) || importer.startsWith(join(HERE, "node"))) return undefined;
      return { path: join(HERE, "node", basename(module)) };
    });
  },
};

rmSync(to, { recursive: true, force: true });
mkdirSync(to, { recursive: true });
const built = await Bun.build({
  entrypoints: [join(HERE, "vm-power-guest.ts"), join(HERE, "command.ts")],
  outdir: to,
  root: HERE,
  target: "node",
  format: "esm",
  splitting: true,
  minify: { whitespace: true, syntax: true },
  external: ["bun:ffi"],
  plugins: [replaced],
  naming: { entry: "[name].js", chunk: "part-[hash].js" },
});
if (!built.success) throw new AggregateError(built.logs, "The package cannot be built");
const command = join(to, "command.js");
writeFileSync(command, `#!/usr/bin/env node\n${readFileSync(command, "utf8")}`);
chmodSync(command, 0o755);
const text = readFileSync(join(HERE, "package.json.in"), "utf8");
writeFileSync(join(to, "package.json"), text.replace("VERSION", version));
for (const file of [join(HERE, "README.md"), join(ROOT, "LICENSE")]) cpSync(file, join(to, basename(file)));
const tsc = [
  join(ROOT, "node_modules/.bin/tsc"),
  "-p",
  join(HERE, "tsconfig.json"),
  "--outDir",
  join(to, "types"),
];
const { exitCode, stdout } = Bun.spawnSync(tsc);
if (exitCode !== 0) throw new Error(`The types cannot be made:\n${stdout}`);
