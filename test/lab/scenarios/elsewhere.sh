# The same guest gets vCPUs while it runs, migrates to another host and back, and ends while libvirtd is stopped.
. /run/lab/real-guest.sh

# neighbour: another host from libvirt's view: a libvirtd with its own name, number, sockets, domains and channels.
NEIGHBOUR=/run/lab/neighbour
THERE="qemu+unix:///system?socket=$NEIGHBOUR/libvirt-sock"
neighbour() {
	mkdir -m 1777 $NEIGHBOUR && mkdir $NEIGHBOUR/etc
	printf 'host_uuid = "7a1b0a1c-3d4e-4f50-8a61-0123456789ab"\nunix_sock_dir = "%s"\n' $NEIGHBOUR >$NEIGHBOUR/libvirtd.conf
	printf 'auth_unix_rw = "none"\n' >>$NEIGHBOUR/libvirtd.conf
	# It does not use what exists once per machine and belongs to the libvirtd of the first host: cgroups, the owners of
	# files, and systemd's list of machines on the system bus.
	printf 'dynamic_ownership = 0\nremember_owner = 0\nnamespaces = []\ncgroup_controllers = []\nstdio_handler = "file"\n' >$NEIGHBOUR/etc/qemu.conf
	echo "127.0.1.1 neighbour" >>/etc/hosts
	unshare --mount --uts --propagation private sh -eu -c '
		hostname neighbour
		mount --bind "$1/etc" /etc/libvirt
		for own in /run/libvirt /run/dbus /var/lib/libvirt/qemu "$2"; do mount -t tmpfs -o mode=1777 tmpfs "$own"; done
		exec libvirtd --config "$1/libvirtd.conf" --pid-file "$1/pid"' - $NEIGHBOUR $DIRECTORY >$NEIGHBOUR/log 2>&1 &
}
there() { timeout 300 virsh --quiet --connect "$THERE" "$@"; }
order_there() { nsenter --target "$(cat $NEIGHBOUR/pid)" --mount order.py $ORDERS 40 "$@" 2>&1; }
told() { journalctl --quiet -u vm-power -o cat | grep -qF "$1"; }
# runs VCPU CPU: whether the daemon knows that this vCPU is on this CPU.
runs() { vmpowerctl why "web1:$1" | grep -q "on CPU $2"; }

channel() {
	echo "<channel type='unix'><source mode='bind' path='$DIRECTORY/web1.$1'/>"
	echo "<target type='virtio' name='virtio.serial.port.poweragent.$1'/></channel>"
}
pins="<vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/><vcpupin vcpu='2' cpuset='1'/>"
domain "<vcpu placement='static' current='2'>4</vcpu><cputune>$pins</cputune>" 4 \
	"$(for n in 0 1 2 3; do channel $n; done)" >/run/lab/web1.xml
check "another definition: removed" virsh undefine web1
check "another definition: defined" virsh define /run/lab/web1.xml
mark
check "another definition: started" virsh start web1
boots "another definition"
for cpu in 0 1 2 3; do witness "another definition: a guest that boots moves no clock" $cpu; done

step "plug in"
mark
# libvirt sends no event for that: the daemon learns of it by the guest's first request.
check "plugged in: libvirt does it" virsh setvcpus web1 3 --live
same "plugged in: the guest uses it" online "$(order online 2)"
order ask 2 min-2 >/dev/null
eventually "plugged in: the daemon knows where it is" 20 runs 2 1
asks "plugged in" 2 min
witness "plugged in: its CPU obeys" 1 15
for cpu in 0 2 3; do witness "plugged in: and no other" $cpu; done
mark
# An operator then pins the vCPU, for which libvirt sends an event.
check "plugged in and pinned: libvirt does it" virsh setvcpus web1 4 --live
check "plugged in and pinned: it is pinned" virsh vcpupin web1 3 0 --live
same "plugged in and pinned: the guest uses it" online "$(order online 3)"
eventually "plugged in and pinned: the daemon knows where it is" 20 runs 3 0
asks "plugged in and pinned" 3 min
witness "plugged in and pinned: its CPU obeys" 0 05
for cpu in 1 2 3; do witness "plugged in and pinned: and no other" $cpu; done

step "pause"
waits() { for _ in $(seq 300); do "$@" && return; sleep 0.1; done; return 1; }
scaled() { [ "$(governor "$1")" = userspace ]; }
fails() { ! "$@"; }
mark
asks "before the pauses" 0 min
witness "before the pauses: its CPU obeys" 2 25
mark
again=0
for _ in $(seq 20); do
	virsh suspend web1 >/dev/null && waits put_back 2 && virsh resume web1 >/dev/null && waits scaled 2 && again=$((again + 1))
done
same "paused: its CPU is given back, and its speed holds again, 20 times" 20 $again
witness "paused: the hardware saw it" 2 $(for _ in $(seq 20); do echo 20 25; done)

step "migrate"
neighbour
eventually "the neighbour is there" 60 there list
# Without --live libvirt pauses it first.
check "a migration that fails: libvirt says so" fails virsh migrate web1 "$THERE" --migrateuri unix://$NEIGHBOUR/no/such/way
same "a migration that fails: it runs here" running "$(virsh domstate web1 | head -n 1)"
eventually "a migration that fails: its CPU has its speed" 20 scaled 2
mark
asks "before it leaves" 0 min
witness "before it leaves: its CPU obeys" 2 25
mark
check "migrated: libvirt does it" virsh migrate --live web1 "$THERE" --migrateuri unix://$NEIGHBOUR/away
step "it is away"
if ! there list --name | grep -qx web1; then
	echo "not ok migrated: it is not there"
	tail -n 9 $NEIGHBOUR/log $LOGS/web1.log | sed 's/^/    /'
	exit 1
fi
same "migrated: it runs there" running "$(there domstate web1 | head -n 1)"
same "migrated: and here no more" "shut off (migrated)" "$(virsh domstate --reason web1 | head -n 1)"
for cpu in 0 1 2; do eventually "migrated: CPU $cpu is given back" 20 put_back $cpu; done
check "migrated: the journal says so" told "web1 is gone (migrated to another host): its claims end"
for cpu in 0 1 2; do witness "migrated: CPU $cpu is as fast as it was found" $cpu ${cpu}0; done
witness "migrated: no other clock moves" 3
same "migrated: the guest goes on" hello "$(order_there hello)"
mark
same "migrated: nobody takes its requests there" "not sent" "$(order_there send 0 min-0)"
for cpu in 0 1 2 3; do witness "migrated: what it asks there moves no clock here" $cpu; done
mark
check "back: libvirt does it" there migrate --live web1 qemu:///system --migrateuri unix://$NEIGHBOUR/back
step "it is back"
eventually "back: the guest goes on" 60 booted
eventually "back: min is acknowledged" 5 acknowledged 0
witness "back: and obeyed" 2 25
moved "back" 2

step "stop"
systemctl stop vm-power
witness "stopped: as fast as it was found" 2 20
mark
systemctl start vm-power
eventually "started: serving" 30 serving
eventually "started: min is acknowledged" 5 acknowledged 0
witness "started: and obeyed" 2 25

mark
check "libvirtd away: masked" systemctl mask --runtime --now libvirtd.service $SOCKETS
check "libvirtd away: the daemon restarts" systemctl restart vm-power
eventually "libvirtd away: it serves its operators" 30 serving
for cpu in 0 1 2 3; do witness "libvirtd away: that moves no clock" $cpu; done
mark
kill -KILL "$(qemu)"
eventually "QEMU killed, libvirtd away: its CPU is given back" 20 put_back 2
witness "QEMU killed, libvirtd away: as fast as it was found" 2 20
mark
systemctl --quiet unmask --runtime libvirtd.service $SOCKETS
