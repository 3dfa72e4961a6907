# The rpm on a host with rpm: the effects of its scripts. Debian has other package names, so dependencies are not
# checked.
. /scenario/words
useradd --system --user-group qemu
listing() { find / -xdev \( -path /proc -o -path /sys -o -path /scenario -o -path /var/lib/rpm -o -path /root \) -prune -o -print 2>/dev/null | sort; }
rpm --initdb
listing >/before
package=$(echo /packages/vm-power-[0-9]*."$(uname -m)".rpm)
check "install" rpm -i --nodeps "$package"
same "the channel directory is QEMU's alone" "qemu:qemu 750" "$(stat -c '%U:%G %a' /tmp/powermonitor)"
same "its directory belongs to its user" "vm-power:vm-power 750" "$(stat -c '%U:%G %a' /var/lib/vm-power)"
check "it can be started" systemctl start vm-power
eventually "and answers" vmpowerctl status
check "the journal explains its lines" sh -c "journalctl --catalog -u vm-power | grep 'Subject: vm-power is ready'"
chmod 777 /tmp/powermonitor
simulate
systemctl restart vm-power
eventually "connected" connected
same "a guest is obeyed" "ACK userspace 1200000" "$(ask 0 min) $(clock 2)"
forget
before=$(pid)
check "upgrade" rpm -U --nodeps --replacepkgs --oldpackage "$package"
eventually "it is another process" again "$before"
eventually "connected after the upgrade" connected
same "no clock was touched" "" "$(seen)"
check "erase" rpm -e vm-power
same "erase puts back" "schedutil <unsupported>" "$(clock 2)"
systemctl stop guests
rm -rf /etc/vm-power.conf.d /etc/systemd/system/vm-power.service.d /sim /tmp/powermonitor
listing >/after
same "nothing of ours stays" "" "$(comm -13 /before /after | grep -i -e vm-power -e vmpower -e powermonitor)"
