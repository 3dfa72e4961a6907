# Install, restart, upgrade, downgrade, crash, remove, purge: clocks stay or are restored.
. /scenario/words
find / -xdev \( -path /proc -o -path /sys -o -path /scenario -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune \
	-o -print 2>/dev/null | sort >/before
another 0.0.1
another 99.0.0
FOUND="schedutil <unsupported>"

check "install" install_package /packages/vm-power_*_"$(dpkg --print-architecture)".deb
check "it is enabled" systemctl is-enabled vm-power
eventually "and answers" vmpowerctl status
same "the channel directory is QEMU's alone" "libvirt-qemu:kvm 750" "$(stat -c '%U:%G %a' /tmp/powermonitor)"

simulate
systemctl restart vm-power
eventually "the guest's channels are connected" connected
same "a guest asks" ACK "$(ask 0 min)"
same "and is obeyed" "userspace 1200000" "$(clock 2)"
same "the other CPU is as it was" "$FOUND" "$(clock 3)"
forget

for how in "systemctl restart vm-power" "install_package /another-99.0.0.deb" \
	"install_package /another-0.0.1.deb" "systemctl try-restart vm-power"; do
	before=$(pid)
	check "$how" $how
	check "$how: it is another process" test "$before" != "$(pid)"
	eventually "$how: connected again" connected
	eventually "$how: taken over" sh -c "journalctl -u vm-power _PID=$(pid) | grep -q 'Took over.*: web1'"
	same "$how: no clock was touched" "" "$(seen)"
	same "$how: the guest goes on" ACK "$(ask 0 up)"
	same "$how: from where it was" "userspace 1400000" "$(clock 2)"
	ask 0 down >/dev/null
	forget
done

systemctl stop vm-power
same "a stop puts back" "$FOUND" "$(clock 2)"
same "and leaves no journal" "" "$(ls /run/vm-power/restore)"
systemctl start vm-power
eventually "connected after the stop" connected
ask 0 min >/dev/null
before=$(pid)
kill -KILL "$before"
eventually "after SIGKILL the clock is put back" found
eventually "and systemd starts it again" again "$before"
eventually "connected after SIGKILL" connected
ask 0 min >/dev/null
before=$(pid)
kill -ABRT "$before" # what a watchdog that waits in vain does
eventually "after SIGABRT the clock is put back" found
eventually "and it runs again" again "$before"

eventually "connected before the bad configuration" connected
ask 0 min >/dev/null
echo "[nonsense]" >/etc/vm-power.conf.d/zz.conf
systemctl restart vm-power 2>/dev/null
same "a restart into a wrong configuration fails" 78 "$(systemctl show -P ExecMainStatus vm-power)"
same "and puts back" "$FOUND" "$(clock 2)"
rm /etc/vm-power.conf.d/zz.conf
systemctl reset-failed vm-power
systemctl start vm-power
eventually "connected again" connected
ask 0 min >/dev/null

systemctl restart --no-block vm-power
systemctl stop vm-power
same "a restart that becomes a stop puts back" "inactive $FOUND" "$(systemctl is-active vm-power) $(clock 2)"
systemctl start vm-power
eventually "connected for the last time" connected
ask 0 min >/dev/null

check "remove" apt-get remove -y vm-power
same "remove puts back" "$FOUND" "$(clock 2)"
same "its configuration stays" "/etc/vm-power.conf" "$(ls /etc/vm-power.conf)"
rm -rf /etc/vm-power.conf.d /etc/systemd/system/vm-power.service.d
systemctl stop guests
check "purge" apt-get purge -y vm-power
same "no user and no group of ours stays" "" "$(grep vm-power /etc/passwd /etc/group /etc/shadow /etc/gshadow)"
rm -rf /another-* /sim
find / -xdev \( -path /proc -o -path /sys -o -path /scenario -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune \
	-o -print 2>/dev/null | sort >/after
same "nothing of ours stays" "" "$(comm -13 /before /after | grep -i -e vm-power -e vmpower -e powermonitor)"
