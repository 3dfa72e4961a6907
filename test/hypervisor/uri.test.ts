import { expect, test } from "bun:test";
import { addressOf } from "../../src/hypervisor/libvirt/uri.ts";

test.each([
  [
    "qemu:///system",
    ["virtqemud-sock-ro", "virtqemud-sock", "libvirt-sock-ro", "libvirt-sock"],
    "/run/libvirt/qemu",
  ],
  [
    "qemu:///session",
    ["virtqemud-sock-ro", "virtqemud-sock", "libvirt-sock-ro", "libvirt-sock"],
    "/run/libvirt/qemu/run",
  ],
  ["xen:///system", ["virtxend-sock-ro", "virtxend-sock", "libvirt-sock-ro", "libvirt-sock"], undefined],
  ["test:///default", ["libvirt-sock-ro", "libvirt-sock"], undefined],
])(
  "addressOf(%p) returns the sockets, and where the processes of domains are told",
  (uri, names, pidFiles) => {
    expect(addressOf(uri, undefined, "/run/libvirt")).toEqual({
      ok: true,
      value: { uri, sockets: names.map((name) => `/run/libvirt/${name}`), pidFiles },
    });
  },
);

test.each([
  ["qemu:///system", "/a/sock", "qemu:///system", "/a/sock", "/a/qemu"],
  [
    "qemu+unix:///system?socket=/b%20c/sock&mode=direct",
    undefined,
    "qemu:///system",
    "/b c/sock",
    "/b c/qemu",
  ],
  ["qemu+unix:///session?socket=/b/sock", "/a/sock", "qemu:///session", "/a/sock", "/a/qemu/run"],
])("addressOf(%p) with socket %p", (given, socket, uri, path, pidFiles) => {
  expect(addressOf(given, socket, "/run")).toEqual({ ok: true, value: { uri, sockets: [path], pidFiles } });
});

test.each([
  [
    "qemu+ssh://host/system",
    '"qemu+ssh://host/system" names another machine; only this one\'s CPUs can be scaled',
  ],
  ["qemu://host/system", '"qemu://host/system" names another machine; only this one\'s CPUs can be scaled'],
  ["qemu+tcp:///system", '"qemu+tcp:///system" names another machine; only this one\'s CPUs can be scaled'],
  ["qemu", '"qemu" is not a libvirt URI such as qemu:///system'],
  ["", '"" is not a libvirt URI such as qemu:///system'],
])("addressOf(%p) returns a reason", (uri, why) => {
  expect(addressOf(uri, undefined, "/run")).toEqual({ ok: false, why });
});
