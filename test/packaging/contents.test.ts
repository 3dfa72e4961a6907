import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import { must, PACKAGES, packageFile } from "./container.ts";

const ROOT = join(import.meta.dir, "../..");
const NATIVE = process.arch === "x64" ? { deb: "amd64", rpm: "x86_64" } : { deb: "arm64", rpm: "aarch64" };
const NAMES = ["vm-power", "vm-power-guest"] as const;
const PAGE = "cockpit-vm-power";

// Some of it is large.
setDefaultTimeout(60_000);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "vm-power-contents-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** The contents of a package for this architecture, and its file. */
function deb(name: string, arch = NATIVE.deb): string {
  return packageFile(`${name}_`, `_${arch}.deb`);
}
function rpm(name: string, arch = NATIVE.rpm): string {
  return packageFile(`${name}-${version}`, `.${arch}.rpm`);
}

/** Unpacks a package; returns the directory. */
function unpack(file: string): string {
  const target = mkdtempSync(join(directory, "unpacked-"));
  if (file.endsWith(".deb")) must("dpkg-deb", "-x", file, target);
  else must("sh", "-c", `cd "${target}" && rpm2cpio "${file}" | cpio --quiet -idm`);
  return target;
}

describe.skipIf(PACKAGES === undefined)("the packages (make packages runs this)", () => {
  test.each([
    ["deb", deb],
    ["rpm", rpm],
  ])(
    "%s: the installed file is the program, by each of its names, and not the bare runtime",
    (_kind, file) => {
      const host = unpack(file("vm-power"));
      const guest = unpack(file("vm-power-guest"));
      expect(must(join(host, "usr/bin/vm-power"), "--version")).toBe(version);
      expect(must(join(host, "usr/bin/vmpowerctl"), "--version")).toBe(version);
      expect(must(join(host, "usr/bin/vmpowerctl"), "--help")).toContain("vm-power daemon");
      expect(must(join(guest, "usr/bin/vm-power-guest"), "--version")).toContain(version);
      expect(
        must(join(host, "usr/bin/vm-power"), "--check-config", "--config", join(host, "etc/vm-power.conf")),
      ).toContain("are sound");
    },
  );

  test("deb and rpm have the same files, except for paths that differ between the distributions", () => {
    const places = (file: string) =>
      must("sh", "-c", `cd "${unpack(file)}" && find . ! -type d | sort`)
        .split("\n")
        .filter((path) => !path.includes("/doc/") && !path.includes("/licenses/"))
        .map((path) =>
          path.replace("zsh/vendor-completions", "zsh/site-functions").replace(/^\.\/lib/, "./usr/lib"),
        )
        .filter((path) => !path.includes("lintian"))
        .sort();
    for (const name of NAMES) expect(places(deb(name))).toEqual(places(rpm(name)));
    expect(places(deb(PAGE, "all"))).toEqual(places(rpm(PAGE, "noarch")));
  });

  test("the page for Cockpit is where Cockpit looks, for every architecture, and needs its bridge alone", () => {
    const file = deb(PAGE, "all");
    expect(
      must("sh", "-c", `cd "${unpack(file)}" && find usr/share/cockpit usr/share/metainfo -type f | sort`),
    ).toBe(
      [
        "usr/share/cockpit/vm-power/index.html",
        "usr/share/cockpit/vm-power/manifest.json",
        "usr/share/cockpit/vm-power/page.css",
        "usr/share/cockpit/vm-power/page.js",
        "usr/share/metainfo/io.vmpower.cockpit.metainfo.xml",
      ].join("\n"),
    );
    expect(must("dpkg-deb", "-f", file, "Depends")).toBe("cockpit-bridge");
    expect(must("rpm", "-qp", "--requires", rpm(PAGE, "noarch"))).toMatch(
      /^cockpit-bridge\n(rpmlib\(.*\n?)*$/,
    );
  });

  test("the package for Node has the files of the guest's other one, and less than 300 kB", () => {
    const [other, js] = [unpack(deb("vm-power-guest")), unpack(deb("vm-power-guest-js", "all"))];
    const files = (root: string) =>
      must("sh", "-c", `cd "${root}" && find . ! -type d | sort`)
        .split("\n")
        .filter((path) => !path.startsWith("./usr/share/vm-power-guest/"))
        .map((path) => path.replace("vm-power-guest-js", "vm-power-guest"));
    expect(files(js)).toEqual(files(other));
    const sizes = must("find", js, "-type", "f", "-printf", "%s\\n").split("\n").map(Number);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(300_000);
  });

  test("lintian finds nothing", () => {
    const files = [...NAMES.map((name) => deb(name)), deb("vm-power-guest-js", "all"), deb(PAGE, "all")];
    expect(must("lintian", "--allow-root", "--fail-on", "warning", ...files)).toBe("");
  });

  test("rpmlint finds nothing", () => {
    const config = join(ROOT, "packaging/rpm/rpmlint.toml");
    const said = must("rpmlint", "--config", config, ...NAMES.map((name) => rpm(name)), rpm(PAGE, "noarch"));
    expect(said).toContain("0 errors, 0 warnings");
  });

  test("for arm64 there is an executable that starts", () => {
    const file = join(unpack(deb("vm-power", "arm64")), "usr/bin/vm-power");
    expect(must("qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", file, "--version")).toBe(version);
  });

  test("a second build from the same sources, at another place and time, is identical", () => {
    const copy = join(directory, "copy");
    const sources = must("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard").split(
      "\n",
    );
    for (const source of sources) {
      mkdirSync(join(copy, dirname(source)), { recursive: true });
      cpSync(join(ROOT, source), join(copy, source), { recursive: true, verbatimSymlinks: true });
    }
    // A link would lead out of the copy, and the parts of the executable are named after the places of their sources in it.
    must("cp", "-R", "--preserve=mode,links", join(ROOT, "node_modules"), join(copy, "node_modules"));
    const epoch = must("git", "-C", ROOT, "log", "-1", "--format=%ct");
    const settings = `SOURCE_DATE_EPOCH=${epoch} TZ=Asia/Tokyo PATH="${dirname(process.execPath)}:$PATH"`;
    must("sh", "-c", `umask 077; cd "${copy}" && ${settings} make deb rpm`);
    const sums = (place: string, files: readonly string[]) =>
      must("sh", "-c", `cd "${place}" && sha256sum ${files.join(" ")}`).split("\n");
    const built = readdirSync(join(copy, "dist")).filter((file) => /\.(deb|rpm)$/.test(file));
    expect(built.length).toBe(7);
    expect(sums(PACKAGES ?? "", built)).toEqual(sums(join(copy, "dist"), built));
  }, 180_000);
});
