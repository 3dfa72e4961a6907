#!/bin/sh
# Makes the root of a Debian VM that asks its host for the speed that it needs: guest-image.sh PACKAGE PORTS TARGET, like
#
#   guest-image.sh vm-power-guest-js_0.1.0_all.deb 0-3 guest.tar
#
# TARGET is a directory, or a file that ends with .tar, .ext4 or .squashfs. It needs mmdebstrap. An image that exists is
# changed with virt-customize instead (these lines have not been tried):
#
#   virt-customize -a guest.qcow2 --copy-in vm-power-guest-js_0.1.0_all.deb:/root \
#     --run-command 'apt-get update && apt-get install -y /root/vm-power-guest-js_0.1.0_all.deb' \
#     --run-command 'printf "[agent]\nPorts=0-3\n" >/etc/vm-power-guest.conf && systemctl enable vm-power-guest'
set -eu
package=$1 ports=$2 target=$3
mmdebstrap --variant=apt --include=systemd-sysv,udev,linux-image-cloud-amd64,nodejs \
	--customize-hook="copy-in '$package' /root" \
	--customize-hook="chroot \"\$1\" sh -c 'apt-get install --yes /root/${package##*/} && rm /root/${package##*/}'" \
	--customize-hook="printf '[agent]\nPorts=%s\n' '$ports' >\"\$1/etc/vm-power-guest.conf\"" \
	--customize-hook='chroot "$1" systemctl enable vm-power-guest' \
	bookworm "$target"
