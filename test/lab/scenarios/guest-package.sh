# A guest with its own systemd and udev, and the package for guests: its ports, its command and its agent. The host is
# the daemon outside; the witness shows what happened to the CPUs.
. /usr/local/sbin/lab-words

PORT=/dev/virtio-ports/virtio.serial.port.poweragent.0
as() { setpriv --reuid=65534 --regid="$1" --clear-groups "${@:2}"; }
access() { stat -L -c '%U %G %a' "$1"; }
running() { systemctl is-active --quiet vm-power-guest; }
stopped() { ! running; }
restarts() { systemctl show -P NRestarts vm-power-guest; }
apt() { apt-get --quiet --quiet --yes "$@"; }

# The host's package is installed on every machine of the lab; this one is not a host.
systemctl stop vm-power
eventually "the kernel has the ports" 20 sh -c 'grep -q . /sys/class/virtio-ports/*/name'
check "apt installs the package" apt install /run/lab/vm-power-guest.deb
same "the port has its name, and is the group's" "root vm-power 660" "$(access $PORT)"
same "the agent is off" "disabled inactive" "$(systemctl is-enabled vm-power-guest) $(systemctl is-active vm-power-guest)"

mark
check "min" vm-power-guest min
witness "min reached the CPU under vCPU 0" 0 05
witness "min reached the CPU under vCPU 1" 1 15
mark
check "a member of the group may ask" as vm-power vm-power-guest up 1
witness "the member is obeyed" 1 14
witness "the member is obeyed: and no other CPU moves" 0
check "the host tells the speed" sh -c 'vm-power-guest freq 1 | grep -q "1\.4"'
mark
same "a stranger may not, and is told so" 4 "$(as nogroup vm-power-guest max >/dev/null 2>&1; echo $?)"
same "what has no port is told so" 10 "$(vm-power-guest max 3 >/dev/null 2>&1; echo $?)"
for cpu in 0 1; do witness "who may not reaches nothing" $cpu; done
mark

# The agent has one port. The speed of its vCPU is queried through the other port, which costs time.
steady() { # steady SPEED: for some seconds
	local look
	for look in 1 2 3; do
		taskset -c 1 vm-power-guest --port 1 freq 0 | grep -q "$1" || return
		sleep 1
	done
}
printf '[agent]\nPorts=0\nIntervalMs=500\nCooldownMs=1000\n' >/etc/vm-power-guest.conf
check "the agent is enabled and started" timeout 60 systemctl enable --now vm-power-guest
same "it runs, and was not restarted" "active 0" "$(systemctl is-active vm-power-guest) $(restarts)"
eventually "a vCPU with little to do is made slow" 60 steady "1\.2"
mark
taskset -c 0 sh -c 'while :; do :; done' &
load=$!
eventually "a busy one is made fast" 60 steady "2\.301"
witness "busy: at full speed" 0 ends 00
mark
kill $load
eventually "and slow again" 60 steady "1\.2"
witness "idle: at the lowest speed" 0 ends 05
witness "a vCPU without an agent is left alone" 1
mark
systemctl kill --signal=KILL vm-power-guest
again() { running && [ "$(restarts)" = 1 ]; }
eventually "killed: systemd starts another" 60 again
eventually "killed: it asks" 60 steady "1\.2"
mark
check "stopped" systemctl stop vm-power-guest
witness "stopped: full speed, as the fallback says" 0 ends 00
mark

systemctl start vm-power-guest
driver=/sys/bus/virtio/drivers/virtio_console
device=$(basename "$(realpath /sys/class/virtio-ports/vport*p1/../..)")
check "its port is unplugged" sh -c "echo $device >$driver/unbind"
eventually "unplugged: the agent ends with its port" 30 stopped
check "its port is plugged in" sh -c "echo $device >$driver/bind"
eventually "plugged in: the agent is there again" 30 running
mark
eventually "plugged in: it asks" 60 steady "1\.2"
witness "plugged in: and is obeyed" 0 ends 05
mark
echo "figure exposure of the agent $(systemd-analyze security vm-power-guest.service --no-pager 2>/dev/null | sed -nE 's/.*exposure level for .*: ([0-9.]+).*/\1/p')"

check "apt purges the package" apt purge vm-power-guest
check "purged: the agent is gone" sh -c '! pgrep -x vm-power-guest'
same "purged: the port is root's alone" "root root 660" "$(access /dev/vport*p1)"
