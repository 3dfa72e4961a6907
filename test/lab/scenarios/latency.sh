# ResumeLatencyUs= in a kernel with sleep states: the CPU of such a VM does not sleep deeper, under the packaged unit with the
# drop-in that vm-power(8) has.
. /usr/local/sbin/lab-words

latency() { cat $CPU/cpu"$1"/power/pm_qos_resume_latency_us; }
latency_is() { [ "$(latency "$1")" = "$2" ]; }
# The deeper of its two sleep states takes 59 µs to leave.
deep() { cat $CPU/cpu"$1"/cpuidle/state2/usage; }
sleeps() { # sleeps CPU: whether it entered that state within two seconds.
	local before
	before=$(deep "$1")
	sleep 2
	[ "$(deep "$1")" -gt "$before" ]
}
awake() { ! sleeps "$1"; }
web1() { # web1 LATENCY
	configure <<-CONF
		[vm web1]
		Vcpus=1
		ResumeLatencyUs=$1
	CONF
	eventually "serving" 10 serving
}

same "the kernel has a deeper sleep state" 59 "$(cat $CPU/cpu1/cpuidle/state2/latency)"
for cpu in 0 1; do
	check "CPU $cpu sleeps" sleeps $cpu
	same "CPU $cpu: as it was found" 0 "$(latency $cpu)"
done

web1 10
eventually "without the drop-in the log says why not" 20 sh -c 'journalctl -u vm-power -o cat | grep "pm_qos_resume_latency_us" | grep -q EROFS'
same "and nothing is changed" 0 "$(latency 1)"

mkdir -p /etc/systemd/system/vm-power.service.d
printf '[Service]\nReadWritePaths=/sys/devices/system/cpu\n' >/etc/systemd/system/vm-power.service.d/latency.conf
systemctl daemon-reload
systemctl restart vm-power
eventually "with the drop-in it holds" 20 latency_is 1 10
same "for no other CPU" 0 "$(latency 0)"
check "CPU 1 does not sleep deeper" awake 1
check "CPU 0 does" sleeps 0

old=$(pid)
kill -KILL "$old"
eventually "killed: started again" 15 replaced "$old"
eventually "killed: it holds again" 20 latency_is 1 10

web1 0
eventually "0 means that the CPU never sleeps" 20 latency_is 1 n/a
check "and it does not" awake 1
systemctl stop vm-power
same "stopped: as it was found" "0 0" "$(latency 0) $(latency 1)"
check "stopped: CPU 1 sleeps again" sleeps 1
