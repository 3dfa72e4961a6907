#!/usr/bin/python3
"""KubeVirt's hook onDefineDomain: gives a VM the channels of vm-power, and the contract in its annotations.

A VM asks for it by an annotation, hooks.kubevirt.io/hookSidecars, that names the ConfigMap with this file. Its contract
is in annotations "contract.vm-power/KEY", like contract.vm-power/MaxKhz: "2400000"; the daemon judges what they say. They
go to QEMU's command line as OEM strings, because that is what a daemon outside of the pod can read.
"""
import argparse
import json
import sys
import xml.etree.ElementTree as ET
from xml.sax.saxutils import quoteattr

# More channels than this the daemon does not serve.
CHANNELS_MAX = 1024

# Writable for QEMU in the pod; with a path that libvirt makes up, a long name would not fit into a socket's.
SOCKET = "/var/run/kubevirt-private/vm-power.{}"
PORT = "virtio.serial.port.poweragent.{}"
ANNOTATION = "contract.vm-power/"
OEM_STRING = "type=11,value=io.vmpower.contract:{}={}"
QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0"


def channel(number):
    """The device of one channel."""
    return (
        f'<channel type="unix"><source mode="bind" path="{SOCKET.format(number)}"/>'
        f'<target type="virtio" name="{PORT.format(number)}"/></channel>'
    )


def command_line(contract):
    """The element that adds these words to QEMU's command line; in a value of QEMU a comma is written twice."""
    words = [OEM_STRING.format(key, value.replace(",", ",,")) for key, value in sorted(contract.items())]
    arguments = "".join(f'<qemu:arg value="-smbios"/><qemu:arg value={quoteattr(word)}/>' for word in words)
    return f'<qemu:commandline xmlns:qemu="{QEMU_NAMESPACE}">{arguments}</qemu:commandline>' if words else ""


def with_channels(domain, vmi):
    """The domain's XML with what is missing. The rest of it stays as it is, to the byte."""
    root = ET.fromstring(domain)
    if root.find(f"devices/channel/target[@name='{PORT.format(0)}']") is not None:
        return domain
    vcpus = min(int(root.findtext("vcpu", "1")), CHANNELS_MAX)
    annotations = vmi.get("metadata", {}).get("annotations") or {}
    contract = {
        key[len(ANNOTATION) :]: value for key, value in annotations.items() if key.startswith(ANNOTATION)
    }
    channels = "".join(channel(number) for number in range(vcpus))
    head, devices_end, tail = domain.rpartition("</devices>")
    tail, domain_end, rest = tail.rpartition("</domain>")
    return head + channels + devices_end + tail + command_line(contract) + domain_end + rest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vmi", required=True, type=json.loads, help="the VM instance, as JSON")
    parser.add_argument("--domain", required=True, help="the domain, as libvirt's XML")
    arguments, _ = parser.parse_known_args()
    sys.stdout.write(with_channels(arguments.domain, arguments.vmi))


if __name__ == "__main__":
    main()
