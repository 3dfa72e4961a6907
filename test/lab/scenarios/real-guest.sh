# Functions for scenarios with a real guest, which gets orders over its serial port. Sourced by each of them.
. /usr/local/sbin/lab-words

# Without it, every wait would last until its limit.
if [ -e /run/lab/no-guest ]; then
	echo "not ok ${0##*/}: there is no guest"
	exit 1
fi

ORDERS=/var/lib/libvirt/qemu/orders
IMAGES=/var/lib/libvirt/images
LOGS=/var/log/libvirt/qemu
SOCKETS="libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket"

order() { order.py $ORDERS 40 "$@" 2>&1; }
# An attempt takes up to five seconds: the limits of "eventually" count attempts.
booted() { [ "$(order.py $ORDERS 5 hello 2>/dev/null)" = hello ]; }
state() { vmpowerctl status --json | grep -q "\"state\": *\"$1\""; }
put_back() { [ "$(governor "$1")" = performance ]; }
# The scenario's "virsh" must not hang for ever.
virsh() { timeout 300 virsh --quiet --connect qemu:///system "$@"; }
step() { echo "-- $(cut -d' ' -f1 /proc/uptime) s: $*"; }
qemu() { cat /run/libvirt/qemu/web1.pid; }

# reply VCPU up|min: what a guest reads back: the size, then resource id, unit and command 1, which is ACK.
reply() {
	local unit=1
	[ "$2" = min ] && unit=4
	printf '464 0%d000000000000000%d00000001000000' "$1" "$unit"
}
asks() { # asks WHY VCPU up|min: it is acknowledged
	same "$1: vCPU $2: $3 is acknowledged" "$(reply "$2" "$3")" "$(order ask "$2" "$3-$2")"
}
# A guest that was just restored may be too slow for its first request: it sends it again, as applications do.
acknowledged() { [ "$(order ask "$1" "min-$1")" = "$(reply "$1" min)" ]; }
moved() { # moved WHY CPU: the guest's vCPU 0, on that CPU, goes up one step from the lowest speed and back
	mark
	asks "$1" 0 up
	asks "$1" 0 min
	witness "$1: the guest's packets are obeyed" "$2" "${2}4" "${2}5"
	mark
}
boots() { # boots WHY: waits for the guest, whose process says CONNECT then
	eventually "$1: its guest boots" 60 booted
	if ! booted; then
		tail -n 15 $LOGS/*.log | sed 's/^/    /'
		touch /run/lab/no-guest
		exit 1
	fi
	step "the guest has booted"
	for vcpu in 0 1; do same "$1: vCPU $vcpu says CONNECT" sent "$(order send $vcpu connect-$vcpu)"; done
}

# domain VCPUS CHANNELS [DEVICES]: the definition of a VM that boots our guest, which waits for so many channels. VCPUS and
# DEVICES are XML.
domain() {
	cat <<-XML
		<domain type='qemu'>
		  <name>web1</name>
		  <memory unit='MiB'>128</memory>
		  $1
		  <os>
		    <type arch='x86_64' machine='pc'>hvm</type>
		    <kernel>$IMAGES/guest-kernel</kernel>
		    <initrd>$IMAGES/guest-initramfs</initrd>
		    <cmdline>console=ttyS1 mitigations=off panic=-1 channels=$2</cmdline>
		  </os>
		  <features><acpi/></features>
		  <cpu mode='custom' match='exact' check='none'><model>Nehalem</model></cpu>
		  <on_reboot>restart</on_reboot>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <controller type='usb' model='none'/>
		    <serial type='unix'><source mode='bind' path='$ORDERS'/><target port='0'/></serial>
		    <serial type='file'><source path='$LOGS/guest-console.log'/><target port='1'/></serial>
		    <memballoon model='none'/>
		    $3
		  </devices>
		</domain>
	XML
}
