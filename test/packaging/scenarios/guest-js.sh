# The guest's side for Node: the command, the agent as a service, the library, and both ways between the two packages.
. /scenario/words
architecture=$(dpkg --print-architecture)
check "install" install_package /packages/vm-power-guest-js_*_all.deb
check "with the Node of this release" node --version
same "the command is JavaScript" "#!/usr/bin/env node" "$(head -n 1 /usr/bin/vm-power-guest)"
check "and runs" vm-power-guest --version
vm-power-guest max 0 >/tmp/said 2>&1
same "without a port it says so, with the status for that" 10 $?
check "its configuration is sound" vm-power-guest agent --check-config
same "the agent is off" "disabled inactive" "$(systemctl is-enabled vm-power-guest) $(systemctl is-active vm-power-guest)"

# There is no port here to which the unit could be bound.
sed 's/^BindsTo=.*//; s/^After=.*//' /lib/systemd/system/vm-power-guest.service >/etc/systemd/system/vm-power-guest.service
printf '[agent]\nPorts=0\n' >/etc/vm-power-guest.conf
systemctl daemon-reload
check "the agent starts in its sandbox, and tells systemd that it is ready" systemctl start vm-power-guest
eventually "with its status" sh -c "systemctl show -P StatusText vm-power-guest | grep -qx 'Asking for 1 vCPU'"
check "it stops" systemctl stop vm-power-guest
same "in order" "success 0" "$(systemctl show -P Result vm-power-guest) $(systemctl show -P ExecMainStatus vm-power-guest)"
printf '[agent]\nPorts=0\nSource=dpdk-telemetry\n' >/etc/vm-power-guest.conf
systemctl start vm-power-guest 2>/dev/null
same "what Node cannot do is refused, and not tried again" 78 "$(systemctl show -P ExecMainStatus vm-power-guest)"

cat >/tmp/program.mjs <<'PROGRAM'
import { openPower } from "/usr/share/vm-power-guest/vm-power-guest.js";
console.log((await openPower().init(0)).kind);
PROGRAM
same "a program uses the library" "no-port" "$(node /tmp/program.mjs)"

rm /etc/systemd/system/vm-power-guest.service /tmp/program.mjs /tmp/said
systemctl daemon-reload
check "the compiled package takes its place" install_package /packages/vm-power-guest_*_"$architecture".deb
same "alone" "vm-power-guest" "$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'vm-power-guest*' | sed -n 's/ installed$//p')"
check "and runs" vm-power-guest --version
check "and the way back" install_package /packages/vm-power-guest-js_*_all.deb
check "runs too" vm-power-guest --version
check "purge" apt-get purge -y vm-power-guest-js vm-power-guest
same "nothing of ours stays" "" "$(find / -xdev \( -path /proc -o -path /sys -o -path /scenario -o -path /var/cache -o -path /var/lib/dpkg \) -prune -o -name '*vm-power*' -print)"
