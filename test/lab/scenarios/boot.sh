# The unit after a boot: it serves, it is what it promised to be, and nothing listens that should not.
. /usr/local/sbin/lab-words

eventually "the unit is active and ready" 30 serving
same "the unit was not restarted" 0 "$(systemctl show -P NRestarts vm-power)"
same "every CPU of this host is managed" "$(nproc)" "$(field cpusManaged)"
same "the driver is the kernel's own" acpi-cpufreq "$(cat $CPU/cpu0/cpufreq/scaling_driver)"
eventually "libvirt is followed" 30 sh -c 'vmpowerctl status --json | grep -q "\"state\": *\"connected\""'

exposure=$(systemd-analyze security vm-power.service --no-pager 2>/dev/null | sed -nE 's/.*exposure level for vm-power.service: ([0-9.]+).*/\1/p')
echo "figure exposure $exposure"
check "exposure is at most 1.5" python3 -c "import sys; sys.exit(not ${exposure:-10} <= 1.5)"

same "the control socket is for its group" "srw-rw---- vm-power vm-power" "$(stat -c '%A %U %G' /run/vm-power/control.sock)"
same "the channel directory is QEMU's, and strangers may not write" "libvirt-qemu kvm" "$(stat -c '%U %G' $DIRECTORY)"
check "others may not write to the channel directory" sh -c "! stat -c %A $DIRECTORY | grep -q '.......[^-]w.'"
same "the state directory is nobody else's" "vm-power" "$(stat -c %U /var/lib/vm-power)"
pid=$(systemctl show -P MainPID vm-power)
same "it has no internet socket" "" "$(ss -H -tulnp | grep "pid=$pid," || true)"
check "a user who is in no group may not command" sh -c '! setpriv --reuid=65534 --regid=65534 --clear-groups vmpowerctl --socket /run/vm-power/control.sock restore'
same "nothing was written before a guest asked" "" "$(ls -A /run/vm-power/restore 2>/dev/null)"
echo "figure rss $(awk '/VmRSS/ {print $2}' /proc/"$pid"/status) kB"
