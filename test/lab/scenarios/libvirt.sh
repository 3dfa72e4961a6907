# Nothing is simulated: libvirt runs the real guest that "readme" started, and its own packets take effect, whatever
# happens to the domain and to libvirt. Its vCPU 0 is on CPU 2, vCPU 1 on CPU 3; both are at their lowest speed.
. /run/lab/real-guest.sh

eventually "serving" 30 serving
eventually "libvirt is followed" 60 state connected

step save
mark
check "saved" virsh save web1 $IMAGES/saved
eventually "saved: CPU 2 is given back" 20 put_back 2
eventually "saved: CPU 3 is given back" 20 put_back 3
witness "saved: CPU 2 is as fast as it was found" 2 20
witness "saved: CPU 3 is as fast as it was found" 3 30
mark
check "restored" virsh restore $IMAGES/saved
eventually "restored: the guest goes on" 60 booted
witness "restored: what it asked for before holds again" 2 25
witness "restored: and for its other vCPU" 3 35
mark
eventually "restored: min is acknowledged" 5 acknowledged 0
witness "restored: and changes nothing" 2

step re-pin
mark
check "re-pinned" virsh vcpupin web1 0 1
eventually "re-pinned: the old CPU is given back" 20 put_back 2
witness "re-pinned: the new CPU obeys" 1 15
witness "re-pinned: the old one is as fast as it was found" 2 20
moved re-pinned 1

step "libvirtd goes"
check "libvirtd restarts" systemctl restart libvirtd
eventually "libvirtd restarted: followed again" 60 state connected
moved "libvirtd restarted" 1
check "libvirtd stops" systemctl stop $SOCKETS libvirtd.service
eventually "libvirtd stopped: noticed" 60 state unreachable
moved "libvirtd stopped" 1
check "libvirtd is masked" systemctl mask --runtime libvirtd.service $SOCKETS
check "libvirtd masked: the daemon restarts" systemctl restart vm-power
eventually "libvirtd masked: it serves its operators" 30 serving
# Earlier versions waited this long for libvirt's list, and then restored the CPUs.
sleep 12
for cpu in 0 1 2 3; do witness "libvirtd masked: a restart moves no clock" $cpu; done
moved "libvirtd masked" 1
check "libvirtd masked: and libvirtd was not started" sh -c '! systemctl is-active --quiet libvirtd'
systemctl --quiet unmask --runtime libvirtd.service $SOCKETS
check "libvirtd comes back" systemctl start $SOCKETS libvirtd.service
eventually "libvirtd back: followed" 60 state connected
for cpu in 0 1 2 3; do witness "libvirtd back: that moves no clock" $cpu; done
moved "libvirtd back" 1

step reset
check "reset" virsh reset web1
eventually "reset: the CPU is given back" 20 put_back 1
witness "reset: as fast as it was found" 1 10
boots "reset"
mark
asks "reset" 0 min
witness "reset: and obeyed" 1 15

step destroy
mark
check "destroyed" virsh destroy web1
eventually "destroyed: the CPU is given back" 20 put_back 1
witness "destroyed: as fast as it was found" 1 10
mark
