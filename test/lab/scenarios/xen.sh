# A Xen host with real guests: our package in the guest, DPDK's own test there, and what happens to a domain and to the
# daemon while its guest has asked for a speed.
. /usr/local/sbin/lab-words

in_guest() { ask run web1 "$@"; }
asks() { # asks WORDS: the guest's command succeeds; what it said explains a failure.
	local said
	# The emulated machine is slow: a reply may take longer than a guest waits by itself.
	said=$(ask run web1 "vm-power-guest --timeout 5 $*")
	echo "$said"
	[ "${said%% *}" = 0 ]
}
drops_to() { [ "$(xenpm get-cpufreq-para "$1" | sed -n 's/^scaling frequency.*cur \[\(.*\)\]/\1/p')" = "$2" ]; }

for name in $(xl list | sed -n '3,$s/ .*//p'); do xl destroy "$name"; done
start_guests
domain web1 1,2 package
domain web2 3
configure <<'CONF'
[vm *]
Query=yes
CONF
eventually "serving" 60 serving
check "the host is found to be Xen" sh -c 'vmpowerctl status --json | grep -q "\"xen\""'
check "doctor has no complaint about Xen" sh -c '! vmpowerctl doctor | grep -i "cpufreq=\|xen-acpi-processor"'
same "web1 boots" open "$(ask open web1.0)"
same "web1 has its second channel" open "$(ask open web1.1)"

same "the package names the channels" "0 poweragent.0 | poweragent.1" "$(in_guest ls /dev/xen-channels)"
same "and as DPDK does" "0 virtio.serial.port.poweragent.0 | virtio.serial.port.poweragent.1" "$(in_guest ls /dev/virtio-ports)"
same "they are the group's" "0 root vm-power 660" "$(in_guest stat -L -c "'%U %G %a'" /dev/xen-channels/poweragent.0)"
mark
check "min" asks min
witness "min reached the CPU under vCPU 0" 1 15
witness "min reached the CPU under vCPU 1" 2 25
for cpu in 0 3; do witness "and no other" $cpu; done
mark
check "up" asks up 0
check "up again" asks up 0
check "down" asks down 0
check "max" asks max 0
witness "each step reached CPU 1" 1 14 13 14 10
check "the host tells the speed" asks "freq 0 | grep -q '2\.3'"
mark
tested=$(in_guest "cd /tmp && DPDK_TEST=power_kvm_vm_autotest dpdk-test --lcores 0@0,1@0 --no-huge --no-pci --no-shconf --no-telemetry -m 64 2>&1 </dev/null")
same "DPDK's own test of a guest passes" "Test OK" "$(grep -o 'Test OK' <<<"$tested" || echo "$tested")"
witness "DPDK's test moved CPU 1" 1 ends 11
mark

check "re-pinned" xl vcpu-pin web1 0 3
check "after it the old CPU is given back" asks min 0
eventually "re-pinned: the guest's wish moves to CPU 3" 30 drops_to 3 1200000
eventually "re-pinned: CPU 1 is given back" 30 governed 1 performance
witness "re-pinned: CPU 3 is at its lowest" 3 ends 35
mark
same "web2 boots" open "$(ask open web2.0)"
same "two guests on one clock: web2 asks for the minimum, too" ACK "$(ask send web2.0 464 min)"
witness "two guests on one clock: both have it" 3 ends 35
mark
same "two guests on one clock: web2 asks for the maximum" ACK "$(ask send web2.0 464 max)"
witness "two guests on one clock: the highest wins" 3 30
mark
ask close web2.0 >/dev/null
eventually "web2 destroyed: what web1 asked for holds" 30 drops_to 3 1200000
witness "web2 destroyed: CPU 3 has web1's speed" 3 35
mark

check "paused" xl pause web1
eventually "paused: shown" 30 sh -c "vmpowerctl list | grep web1 | grep -qi paused"
check "continued" xl unpause web1
# Xen tells nobody that a domain goes on: it is looked at in intervals.
eventually "continued: it is served" 5 asks up 0
check "continued: and again" asks min 0

mark
check "restart" systemctl restart vm-power
eventually "restart: serving" 60 serving
check "restart: CPU 3 has web1's speed" drops_to 3 1200000
for cpu in 0 1 2 3; do witness "restart: no clock changed" $cpu; done
mark
old=$(pid)
kill -KILL "$old"
eventually "kill: started again by systemd" 60 replaced "$old"
witness "kill: CPU 3 has the speed it had" 3 ends 30
for cpu in 1 2 3; do same "kill: CPU $cpu is put back" performance "$(governor $cpu)"; done
mark
eventually "kill: the guest is served" 60 asks min 0

check "saved" xl save web1 /var/lib/web1.save
eventually "saved: its CPUs are given back" 30 governed 3 performance
check "restored" xl restore /var/lib/web1.save
same "restored: connected" open "$(ask open web1.0)"
eventually "restored: served" 60 asks min 0
eventually "restored: at its lowest speed" 10 governed 1 userspace
mark
ask close web1.0 >/dev/null
for cpu in 1 2 3; do eventually "destroyed: CPU $cpu is given back" 30 governed $cpu performance; done
