# Nothing simulated: libvirt runs a real guest in QEMU, and the guest's own packets are obeyed, whatever happens to the
# domain and to libvirt.
. /usr/local/sbin/lab-words

ORDERS=/var/lib/libvirt/qemu/orders
order() { order.py $ORDERS 40 "$@" 2>&1; }
# A try takes up to five seconds: the limits below count tries.
booted() { [ "$(order.py $ORDERS 5 hello 2>/dev/null)" = hello ]; }
state() { vmpowerctl status --json | grep -q "\"state\": *\"$1\""; }
clock() { echo "$(governor "$1") $(cat $CPU/cpu"$1"/cpufreq/scaling_setspeed)"; }
at() { [ "$(clock "$1")" = "userspace $2" ]; }
put_back() { [ "$(governor "$1")" = performance ]; }
virsh() { timeout 120 virsh --quiet --connect qemu:///system "$@"; }
# What a guest reads back: the size, then resource id, unit and command 1, which is ACK.
MIN_0="464 00000000000000000400000001000000"
UP_0="464 00000000000000000100000001000000"
MIN_1="464 01000000000000000400000001000000"
greet() { # a guest's process begins
	same "$1: vCPU 0 says CONNECT" sent "$(order send 0 connect-0)"
	same "$1: vCPU 1 says CONNECT" sent "$(order send 1 connect-1)"
}
moved() { # moved WHY CPU: the guest's vCPU 0, on that CPU, goes up one step from the lowest speed and back
	mark
	same "$1: up is acknowledged" "$UP_0" "$(order ask 0 up-0)"
	same "$1: min is acknowledged" "$MIN_0" "$(order ask 0 min-0)"
	witness "$1: the guest's packets are obeyed" "$2" "${2}4" "${2}5"
	mark
}

cp /run/lab/guest-kernel /run/lab/guest-initramfs /var/lib/libvirt/images/
channel() {
	echo "<channel type='unix'><source mode='bind' path='$DIRECTORY/guest.$1'/>"
	echo "<target type='virtio' name='virtio.serial.port.poweragent.$1'/></channel>"
}
cat >/run/lab/guest.xml <<XML
<domain type='qemu'>
  <name>guest</name>
  <memory unit='MiB'>128</memory>
  <vcpu placement='static'>2</vcpu>
  <cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/></cputune>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>/var/lib/libvirt/images/guest-kernel</kernel>
    <initrd>/var/lib/libvirt/images/guest-initramfs</initrd>
    <cmdline>console=ttyS1 mitigations=off panic=-1</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact' check='none'><model>Nehalem</model></cpu>
  <on_reboot>restart</on_reboot>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <serial type='unix'><source mode='bind' path='$ORDERS'/><target port='0'/></serial>
    <serial type='file'><source path='/var/log/libvirt/qemu/guest-console.log'/><target port='1'/></serial>
    $(channel 0)
    $(channel 1)
    <memballoon model='none'/>
  </devices>
</domain>
XML
explain_guest() { tail -n 15 /var/log/libvirt/qemu/guest*.log | sed 's/^/    /'; }

eventually "serving" 30 serving
eventually "libvirt is followed" 60 state connected
mark
check "the domain is defined" virsh define /run/lab/guest.xml
check "and started" virsh start guest
eventually "its guest boots" 120 booted
booted || explain_guest
for cpu in 0 1 2 3; do witness "a guest that boots moves no clock" $cpu; done
echo "figure guest booted $(cut -d' ' -f1 /proc/uptime)"

greet start
mark
same "vCPU 0: min is acknowledged" "$MIN_0" "$(order ask 0 min-0)"
witness "vCPU 0: its CPU obeys" 2 25
for cpu in 0 1 3; do witness "vCPU 0: and no other" $cpu; done
mark
same "vCPU 1: min is acknowledged" "$MIN_1" "$(order ask 1 min-1)"
witness "vCPU 1: its CPU obeys" 3 35
for cpu in 0 1 2; do witness "vCPU 1: and no other" $cpu; done

mark
check "saved" virsh save guest /var/lib/libvirt/images/saved
eventually "saved: CPU 2 is given back" 20 put_back 2
eventually "saved: CPU 3 is given back" 20 put_back 3
witness "saved: CPU 2 is as fast as it was found" 2 20
witness "saved: CPU 3 is as fast as it was found" 3 30
mark
check "restored" virsh restore /var/lib/libvirt/images/saved
eventually "restored: the guest goes on" 60 booted
for cpu in 2 3; do witness "restored: who asked before has to ask again" $cpu; done
mark
# A guest that was just restored may be too slow for its own first request: it asks again, as applications do.
asked() { [ "$(order ask 0 min-0)" = "$MIN_0" ]; }
eventually "restored: min is acknowledged" 5 asked
witness "restored: and obeyed" 2 25

mark
check "re-pinned" virsh vcpupin guest 0 1
eventually "re-pinned: the claim moves" 20 at 1 1200000
eventually "re-pinned: the old CPU is given back" 20 put_back 2
witness "re-pinned: the new CPU obeys" 1 15
witness "re-pinned: the old one is as fast as it was found" 2 20
moved re-pinned 1

check "libvirtd restarts" systemctl restart libvirtd
eventually "libvirtd restarted: followed again" 60 state connected
moved "libvirtd restarted" 1
sockets="libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket"
check "libvirtd stops" systemctl stop $sockets libvirtd.service
eventually "libvirtd stopped: noticed" 60 state unreachable
moved "libvirtd stopped" 1
mark
check "libvirtd is masked" systemctl mask --runtime libvirtd.service $sockets
check "libvirtd masked: the daemon restarts" systemctl restart vm-power
eventually "libvirtd masked: it serves its operators" 30 serving
# It waits ten seconds for libvirt's word on what runs.
eventually "libvirtd masked: a CPU that nobody is known to be on is given back" 40 put_back 1
witness "libvirtd masked: as fast as it was found" 1 10
check "libvirtd masked: and libvirtd was not started" sh -c '! systemctl is-active --quiet libvirtd'
systemctl --quiet unmask --runtime libvirtd.service $sockets
check "libvirtd comes back" systemctl start $sockets libvirtd.service
eventually "libvirtd back: followed" 60 state connected
mark
same "libvirtd back: min is acknowledged" "$MIN_0" "$(order ask 0 min-0)"
witness "libvirtd back: and obeyed" 1 15
moved "libvirtd back" 1

check "reset" virsh reset guest
eventually "reset: the CPU is given back" 20 put_back 1
witness "reset: as fast as it was found" 1 10
eventually "reset: its guest boots again" 120 booted
greet reset
mark
same "reset: min is acknowledged" "$MIN_0" "$(order ask 0 min-0)"
witness "reset: and obeyed" 1 15

mark
check "destroyed" virsh destroy guest
eventually "destroyed: the CPU is given back" 20 put_back 1
witness "destroyed: as fast as it was found" 1 10
mark
check "started again" virsh start guest
eventually "started again: its guest boots" 120 booted
greet "started again"
mark
# The new pin was the running domain's; the next one is where its definition says.
same "started again: min is acknowledged" "$MIN_0" "$(order ask 0 min-0)"
witness "started again: and obeyed" 2 25
for cpu in 0 1 3; do witness "started again: and no other" $cpu; done
mark
systemctl stop vm-power
witness "stopped: as fast as it was found" 2 20
mark
virsh destroy guest
systemctl start vm-power
