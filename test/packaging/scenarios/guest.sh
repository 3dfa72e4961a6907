# The package for guests: its files, alone and beside the host's package, and its complete removal.
. /scenario/words
listing() { find / -xdev \( -path /proc -o -path /sys -o -path /scenario -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune -o -print 2>/dev/null | sort; }
architecture=$(dpkg --print-architecture)
listing >/before
check "install" install_package /packages/vm-power-guest_*_"$architecture".deb
check "the command runs" vm-power-guest --version
vm-power-guest max 0 >/tmp/said 2>&1
same "without a port it says so, with the status for that" 10 $?
check "in one sentence" test "$(wc -l </tmp/said)" -eq 1
check "ports are for a group that is there" getent group vm-power
same "the agent is off" "disabled inactive" "$(systemctl is-enabled vm-power-guest) $(systemctl is-active vm-power-guest)"
check "its unit is understood" systemd-analyze verify --man=no vm-power-guest.service
check "its configuration is sound" vm-power-guest agent --check-config

check "the host's side goes beside it" install_package /packages/vm-power_*_"$architecture".deb
eventually "and runs" vmpowerctl status
check "purge of the host's side" apt-get purge -y vm-power
check "leaves the group to the guest's" getent group vm-power
check "purge" apt-get purge -y vm-power-guest
same "no user and no group of ours stays" "" "$(grep vm-power /etc/passwd /etc/group /etc/shadow /etc/gshadow)"
rm -f /tmp/said
listing >/after
same "nothing of ours stays" "" "$(comm -13 /before /after | grep -i -e vm-power -e vmpower -e powermonitor)"
