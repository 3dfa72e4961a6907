# Rules that stand while a real guest runs under a real libvirt: contracts by pattern and by metadata, which are changed while
# it runs, and a guest policy by traffic, with the packets that its tap carries.
. /run/lab/real-guest.sh

MAC=52:54:00:12:34:56
channel() {
	echo "<channel type='unix'><source mode='bind' path='$DIRECTORY/web1.$1'/>"
	echo "<target type='virtio' name='virtio.serial.port.poweragent.$1'/></channel>"
}
interface="<interface type='ethernet'><mac address='$MAC'/><target dev='lab0'/><model type='virtio'/></interface>"
pins="<vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/>"
domain "<vcpu placement='static'>2</vcpu><cputune>$pins</cputune>" 2 "$(channel 0)$(channel 1)$interface" >/run/lab/web1.xml
virsh undefine web1 2>/dev/null
check "defined" virsh define /run/lab/web1.xml
check "started" virsh start web1
boots "standing rules"
mark
asks "standing rules" 0 min
witness "without a rule: the lowest speed" 2 25

rules() { # rules NAME LINE...: replaces the configuration, and reloads it
	local name=$1
	shift
	mkdir -p "$(dirname $CONFIG)"
	printf '%s\n' "$@" >$CONFIG
	check "$name: reloaded" systemctl reload vm-power
}
metadata() { virsh metadata web1 urn:vm-power:contract:1 --key vmpower --live "$@"; }

step "contracts"
mark
rules "by pattern" '[class gold]' 'MinKhz=2.3GHz' '[vm w?b*]' 'MinKhz=1.7GHz'
eventually "by pattern: it holds at once" 5 runs_at 2 1700000
witness "by pattern: no slower than that" 2 23
for cpu in 0 1 3; do witness "by pattern: no other clock" $cpu; done
mark
check "by metadata: set" metadata --set '<contract minKhz="2GHz"/>'
eventually "by metadata: it holds at once, before the pattern" 5 runs_at 2 2000000
witness "by metadata: no slower than that" 2 22
mark
check "by metadata: another class" metadata --set '<contract class="gold"/>'
eventually "by metadata: that of the class holds at once" 5 runs_at 2 2300000
witness "by metadata: no slower than that of its class" 2 21
check "by metadata: and is told" sh -c 'vmpowerctl contract web1 | grep MinKhz | grep -q gold'
mark
check "by metadata: removed" metadata --remove
eventually "by metadata: the pattern holds again" 5 runs_at 2 1700000
witness "by metadata: the pattern again" 2 23
mark
rm $CONFIG
check "by pattern: removed" systemctl reload vm-power
eventually "by pattern: what the guest asked for holds again" 5 runs_at 2 1200000
witness "by pattern: the lowest speed again" 2 25

step "traffic"
mark
check "traffic: the tap is quiet" sysctl -qw net.ipv6.conf.lab0.disable_ipv6=1
same "traffic: the guest's interface is up" up "$(order up)"
same "traffic: its policy is acknowledged" "464 00000000000000000000000001000000" "$(order ask 0 traffic)"
# The last setting was the lowest already, so the hardware hears nothing new.
eventually "traffic: no packets, the lowest speed" 20 runs_at 2 1200000
mark
# So many packets a second for the guest's interface, until it is ended.
python3 - $MAC <<-'PYTHON' &
	import socket, sys, time
	tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	tap.bind(("lab0", 0))
	frame = bytes.fromhex(sys.argv[1].replace(":", "")) + bytes(6) + b"\x88\xb5" + bytes(46)
	while True:
	    tap.send(frame)
	    time.sleep(0.005)
PYTHON
sender=$!
eventually "traffic: many packets, the highest speed" 40 runs_at 2 2301000
witness "traffic: the highest speed" 2 ends 20
for cpu in 0 1 3; do witness "traffic: no other clock" $cpu; done
check "traffic: the rate is told" sh -c 'vmpowerctl policy list web1 --json | grep -Eq "\"packetsPerSecond\": *[1-9]"'
mark
kill $sender
eventually "traffic: none any more, the lowest speed" 40 runs_at 2 1200000
witness "traffic: the lowest speed" 2 ends 25
mark
check "destroyed" virsh destroy web1
eventually "destroyed: the CPU is given back" 20 put_back 2
witness "destroyed: as fast as it was found" 2 20
mark
