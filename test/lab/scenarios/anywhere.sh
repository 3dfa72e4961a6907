# Channels wherever they lie: of a VM whose definition names no path, of one that gets them while it runs, and of one that gets
# them at its start. Nothing is in the channel directory.
. /run/lab/real-guest.sh

# As "elsewhere" left it.
check "anywhere: libvirtd runs" systemctl start $SOCKETS libvirtd.service
eventually "anywhere: libvirt is followed" 60 state connected
virsh destroy web1 2>/dev/null
rm -rf "${DIRECTORY:?}"/*

step "no path"
virsh undefine web1
pathless() { echo "<channel type='unix'><target type='virtio' name='virtio.serial.port.poweragent.$1'/></channel>"; }
pins="<vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/>"
domain "<vcpu placement='static'>2</vcpu><cputune>$pins</cputune>" 2 "$(pathless 0; pathless 1)" >/run/lab/web1.xml
check "no path: defined" virsh define /run/lab/web1.xml
mark
check "no path: started" virsh start web1
boots "no path"
for cpu in 0 1 2 3; do witness "no path: a guest that boots moves no clock" $cpu; done
mark
asks "no path" 0 min
asks "no path" 1 min
witness "no path: the CPU under vCPU 0 obeys" 2 25
witness "no path: the CPU under vCPU 1 obeys" 3 35
for cpu in 0 1; do witness "no path: and no other" $cpu; done
same "no path: nothing is in the channel directory" "" "$(ls $DIRECTORY)"
same "no path: both channels are where libvirt put them" 2 \
	"$(vmpowerctl list --channels --json | grep -oE '"path": *"(/var/lib|/run)/libvirt/qemu/channel/' | wc -l)"
mark
check "no path: destroyed" virsh destroy web1
for cpu in 2 3; do eventually "no path: CPU $cpu is given back" 20 put_back $cpu; done


step "attach"
# plugged WHY: the guest, which booted without a channel, opens both of them and is obeyed.
plugged() {
	local vcpu
	for vcpu in 0 1; do same "$1: the guest sees channel $vcpu" open "$(order plug "$vcpu")"; done
	asks "$1" 0 min
	asks "$1" 1 min
	witness "$1: the CPU under vCPU 0 obeys" 2 25
	witness "$1: the CPU under vCPU 1 obeys" 3 35
	same "$1: nothing is in the channel directory" "" "$(ls $DIRECTORY)"
	mark
	check "$1: destroyed" virsh destroy web1
	for cpu in 2 3; do eventually "$1: CPU $cpu is given back" 20 put_back $cpu; done
	mark
}
check "attach: another definition" virsh undefine web1
domain "<vcpu placement='static'>2</vcpu><cputune>$pins</cputune>" 0 "<controller type='virtio-serial' index='0'/>" >/run/lab/web1.xml
check "attach: defined" virsh define /run/lab/web1.xml
check "attach: the helper can be reached" systemctl start vm-power-attach.socket
check "attach: started" virsh start web1
eventually "attach: its guest boots" 60 booted
mark
check "attach: the running VM gets its channels" vmpowerctl attach-channels web1 --yes
plugged attach
mkdir -p "$(dirname $CONFIG)"
printf '[vm web*]\nAttachAtStart=yes\n' >$CONFIG
check "attach at start: reloaded" systemctl reload vm-power
check "attach at start: started" virsh start web1
eventually "attach at start: its guest boots" 60 booted
mark
plugged "attach at start"
rm $CONFIG
systemctl reload vm-power
