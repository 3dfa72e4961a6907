# The small guest, libvirt/init and its packets, for scripts that run in the top directory, with a directory "$work".

# The bytes of a packet of a current guest (464 of them): resource id, unit, command, then zeros.
packet() {
  # shellcheck disable=SC2059 # The format is made of the numbers.
  printf "$(printf '\\x%02x\\0\\0\\0\\0\\0\\0\\0\\x%02x\\0\\0\\0\\x%02x\\0\\0\\0' "$1" "$2" "$3")"
  head -c 448 /dev/zero
}

initramfs() {
  local root=$work/root kernel=$1 busybox=$2 vcpu module
  mkdir -p "$root"/{bin,modules,packets,proc,sys,dev}
  cp "$busybox/bin/busybox" "$root/bin/busybox"
  cp interop/libvirt/init "$root/init"
  chmod 755 "$root/init"
  for module in virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_console; do
    cp "$(find "$kernel/lib/modules" -name "$module.ko")" "$root/modules/"
  done
  for vcpu in 0 1; do
    packet "$vcpu" 0 2 >"$root/packets/connect-$vcpu"
    packet "$vcpu" 1 1 >"$root/packets/up-$vcpu"
    packet "$vcpu" 2 1 >"$root/packets/down-$vcpu"
    packet "$vcpu" 3 1 >"$root/packets/max-$vcpu"
    packet "$vcpu" 4 1 >"$root/packets/min-$vcpu"
  done
  packet 9 4 1 >"$root/packets/min-9"
  (cd "$root" && find . | busybox_of_host cpio -o -H newc 2>/dev/null) >"$work/initramfs"
}

busybox_of_host() { "$busybox/bin/busybox" "$@"; }
