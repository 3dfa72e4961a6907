import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PACKAGES } from "./container.ts";

const ROOT = join(import.meta.dir, "../..");

/** A blob of an image, as a manifest names it. */
interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
}

/** Makes the image anew, and returns its bytes. */
function make(): Uint8Array {
  const { exitCode, stdout, stderr } = Bun.spawnSync([join(ROOT, "packaging/image"), "amd64"]);
  expect([exitCode, `${stderr}`]).toEqual([0, ""]);
  return readFileSync(join(ROOT, `${stdout}`.trim()));
}

describe.skipIf(PACKAGES === undefined)("the image for Kubernetes (make packages runs this)", () => {
  test("is the same to the bit each time, and every blob is what its name says", () => {
    const directory = mkdtempSync(join(tmpdir(), "vm-power-image-"));
    try {
      const image = make();
      expect(sha256(make())).toBe(sha256(image));
      Bun.spawnSync(["tar", "-xf", "-", "-C", directory], { stdin: image });
      const blob = ({ digest, size }: Descriptor) => {
        const bytes = readFileSync(join(directory, "blobs", digest.replace(":", "/")));
        expect([sha256(bytes), bytes.length]).toEqual([digest, size]);
        return bytes;
      };
      const json = (bytes: Uint8Array) => JSON.parse(`${Buffer.from(bytes)}`);
      const index = json(readFileSync(join(directory, "index.json")));
      const { config, layers } = json(blob(index.manifests[0]));
      expect(layers.length).toBe(1);
      const layer = Bun.gunzipSync(new Uint8Array(blob(layers[0])));
      expect(json(blob(config)).rootfs).toEqual({ type: "layers", diff_ids: [sha256(layer)] });
      expect(readdirSync(join(directory, "blobs/sha256")).length).toBe(3);
      const root = join(directory, "root");
      Bun.spawnSync(["mkdir", root]);
      Bun.spawnSync(["tar", "-xf", "-", "-C", root], { stdin: layer });
      const script = 'mount -t proc none "$0/proc" && exec chroot "$0" /usr/bin/vm-power --version';
      const { stdout, exitCode } = Bun.spawnSync(["unshare", "--mount", "sh", "-c", script, root]);
      expect([exitCode, `${stdout}`]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }, 180_000);
});
