# apt replaces the package under a running VM by a later version and by the first one again: no clock changes. Its
# removal restores the CPUs and leaves nothing behind.
. /usr/local/sbin/lab-words
export DEBIAN_FRONTEND=noninteractive

version() { dpkg-query -W -f '${Version}' vm-power; }
apt() { apt-get --quiet --quiet --yes --allow-downgrades "$@" >/run/lab/apt.log 2>&1 || { cat /run/lab/apt.log; false; }; }

one_guest

found=$(version)
for step in upgrade reinstall downgrade; do
	mark
	old=$(pid)
	which=next expected=$found+next
	[ $step != downgrade ] || which=first expected=$found
	check "$step: apt does it" apt install --reinstall /run/lab/vm-power-$which.deb
	same "$step: it is the $which version" "$expected" "$(version)"
	eventually "$step: the new daemon runs" 30 replaced "$old"
	same "$step: its guest is found again" open "$(ask accept web1.0)"
	same "$step: held" "userspace 1200000" "$(governor 1) $(cat $CPU/cpu1/cpufreq/scaling_setspeed)"
	for cpu in 0 1 2 3; do witness "$step: no clock changed" $cpu; done
	mark
	same "$step: served" ACK "$(ask send web1.0 464 up)"
	same "$step: served" ACK "$(ask send web1.0 464 min)"
	witness "$step: obeyed" 1 14 15
done
same "it was a restart, no failure" 0 "$(systemctl show -P NRestarts vm-power)"

mark
check "remove: apt does it" apt remove vm-power
witness "remove: the speed it had reached CPU 1" 1 10
for cpu in 0 2 3; do witness "remove: no other clock changed" $cpu; done
for cpu in 0 1 2 3; do same "remove: CPU $cpu is as it was found" performance "$(governor $cpu)"; done
check "remove: the configuration stays" test -e /etc/vm-power.conf
check "remove: the daemon is gone" sh -c '! pgrep -x vm-power'
check "remove: the unit is gone" sh -c '! systemctl cat vm-power'
mark

ask close web1.0 >/dev/null
rm -r "$(dirname $CONFIG)"
check "purge: apt does it" apt purge vm-power
left=$(find / -xdev \( -path /proc -o -path /sys -o -path /run/lab -o -path /var/log/journal \) -prune -o \
	\( -name '*vm-power*' -o -name 'vmpower*' -o -name powermonitor \) -print
	find /run /tmp -xdev -not -path '/run/lab*' \( -name '*vm-power*' -o -name powermonitor \))
same "purge: no file of ours is left" "" "$left"
same "purge: no user or group of ours is left" "" "$(grep -h vm-power /etc/passwd /etc/group)"
same "purge: nothing of ours is in systemd" "" "$(systemctl list-unit-files --no-legend '*vm-power*')"
for cpu in 0 1 2 3; do witness "purge: no clock changed" $cpu; done
mark
