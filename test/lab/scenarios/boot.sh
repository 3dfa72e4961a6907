# The unit after a boot: it serves, has the promised properties, and nothing listens that should not.
. /usr/local/sbin/lab-words

eventually "the unit is active and ready" 30 serving
same "the unit was not restarted" 0 "$(systemctl show -P NRestarts vm-power)"
same "every CPU of this host is managed" "$(nproc)" "$(field cpusManaged)"
same "the driver is the kernel's own" acpi-cpufreq "$(cat $CPU/cpu0/cpufreq/scaling_driver)"
eventually "libvirt is followed" 30 sh -c 'vmpowerctl status --json | grep -q "\"state\": *\"connected\""'

# rt_priority and policy in stat (proc(5)): SCHED_FIFO is 1.
is_realtime() {
	[ "$(sed 's/.*) //' /proc/"$(systemctl show -P MainPID vm-power)"/task/*/stat | awk '{ print $39 ":" $38 }' | sort -u | xargs)" = 1:1 ]
}
# While it needs more than half of a CPU, as a slow host does at the start, it is an ordinary process.
eventually "every thread has the lowest realtime priority" 30 is_realtime

exposure=$(systemd-analyze security vm-power.service --no-pager 2>/dev/null | sed -nE 's/.*exposure level for vm-power.service: ([0-9.]+).*/\1/p')
echo "figure exposure $exposure"
check "exposure is at most 1.5" python3 -c "import sys; sys.exit(not ${exposure:-10} <= 1.5)"

same "the control socket is for its group" "srw-rw---- vm-power vm-power" "$(stat -c '%A %U %G' /run/vm-power/control.sock)"
same "the channel directory is QEMU's, and strangers may not write" "libvirt-qemu kvm" "$(stat -c '%U %G' $DIRECTORY)"
check "others may not write to the channel directory" sh -c "! stat -c %A $DIRECTORY | grep -q '.......[^-]w.'"
same "the state directory is nobody else's" "vm-power" "$(stat -c %U /var/lib/vm-power)"
same "the monitor socket is for its group" "srw-rw---- vm-power vm-power-monitor" "$(stat -c '%A %U %G' /run/vm-power/monitor.sock)"
same "it has no internet socket" "" "$(ss -H -tulnp | grep "pid=$(pid)," || true)"
check "a user who is in no group may not command" sh -c '! setpriv --reuid=65534 --regid=65534 --clear-groups vmpowerctl --socket /run/vm-power/control.sock restore'
same "nothing was written before a guest asked" "" "$(ls -A /run/vm-power/restore 2>/dev/null)"
echo "figure rss $(awk '/VmRSS/ {print $2}' /proc/"$(pid)"/status) kB"

same "systemd finds nothing wrong with the units" "" "$(systemd-analyze verify --man=no vm-power.service vm-power-metrics.socket 2>&1 | grep vm-power)"
ready=(--no-pager --quiet -u vm-power MESSAGE_ID="$(message_id 'is ready')")
same "the journal has the ready daemon under its message's id" 1 "$(journalctl "${ready[@]}" -o cat | wc -l)"
check "and explains it" sh -c "journalctl ${ready[*]} -x | grep 'guests can ask for the clock speed'"

# As described in vm-power-metrics.socket.
systemctl --quiet enable vm-power-metrics.socket && systemctl restart vm-power vm-power-metrics.socket
metrics() { python3 -c 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:9101/metrics").read().decode())'; }
told() { metrics | grep '^vmpower_build_info'; }
for time in "" "a second time" "a third time"; do check "metrics are told out of the sandbox, over systemd's socket $time" told; done
systemctl --quiet disable --now vm-power-metrics.socket
systemctl restart vm-power
eventually "without them it serves as before" 30 serving
