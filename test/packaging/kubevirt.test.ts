import { describe, expect, test } from "bun:test";
import { join } from "node:path";

const KUBEVIRT = join(import.meta.dir, "../../packaging/kubevirt");
const [PYTHON, KUBECTL] = [Bun.which("python3"), Bun.which("kubectl")];

/** What KubeVirt gets back for a domain and a VM with these annotations. */
function hook(domain: string, annotations?: Readonly<Record<string, string>>): string {
  const vmi = JSON.stringify({ metadata: annotations === undefined ? {} : { annotations } });
  const { exitCode, stdout, stderr } = Bun.spawnSync([
    PYTHON ?? "",
    join(KUBEVIRT, "hook/on-define-domain.py"),
    ...["--vmi", vmi, "--domain", domain],
  ]);
  expect([exitCode, `${stderr}`]).toEqual([0, ""]);
  return `${stdout}`;
}

describe.skipIf(PYTHON === null)("KubeVirt's hook (skipped without python3)", () => {
  const AGENT = `<channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>`;
  const channel = (n: number) =>
    `<channel type="unix"><source mode="bind" path="/var/run/kubevirt-private/vm-power.${n}"/>` +
    `<target type="virtio" name="virtio.serial.port.poweragent.${n}"/></channel>`;
  const domain = (devices: string, end = "") =>
    `<domain type="kvm"><name>a_b</name><!-- é --><vcpu placement="static">2</vcpu><devices>${devices}</devices>${end}</domain>\n`;

  test("adds a channel for each vCPU, and leaves every other byte", () => {
    expect(hook(domain(AGENT))).toBe(domain(AGENT + channel(0) + channel(1)));
  });

  test("puts the contract into QEMU's command line, with commas and marks as QEMU and XML have them", () => {
    const words = (value: string) => `<qemu:arg value="-smbios"/><qemu:arg value=${value}/>`;
    expect(
      hook(domain(AGENT), {
        "contract.vm-power/Operations": "up,down",
        "contract.vm-power/Class": `<"&`,
        "kubevirt.io/other": "x",
      }),
    ).toBe(
      domain(
        AGENT + channel(0) + channel(1),
        `<qemu:commandline xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">` +
          words(`'type=11,value=io.vmpower.contract:Class=&lt;"&amp;'`) +
          words(`"type=11,value=io.vmpower.contract:Operations=up,,down"`) +
          `</qemu:commandline>`,
      ),
    );
  });

  test("changes nothing of a VM that has channels", () => {
    expect(hook(domain(channel(0)), { "contract.vm-power/MaxKhz": "1" })).toBe(domain(channel(0)));
  });
});

test.skipIf(KUBECTL === null)("kubectl makes the DaemonSet and the hook (skipped without kubectl)", () => {
  const kinds = ["", "hook"].map((directory) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync([
      KUBECTL ?? "",
      "kustomize",
      join(KUBEVIRT, directory),
    ]);
    expect([exitCode, `${stderr}`]).toEqual([0, ""]);
    return [...`${stdout}`.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind);
  });
  expect(kinds).toEqual([["Namespace", "ConfigMap", "DaemonSet"], ["ConfigMap"]]);
});

test("the version of the image is that of the package", async () => {
  const { version } = await Bun.file(join(KUBEVIRT, "../../package.json")).json();
  const { images } = Bun.YAML.parse(await Bun.file(join(KUBEVIRT, "kustomization.yaml")).text()) as {
    images: object;
  };
  expect(images).toEqual([{ name: "vm-power", newName: "registry.example/vm-power", newTag: version }]);
});
