# The running unit: its exposure, what it can and cannot do, and that its own work succeeds.
. /scenario/words
# As libvirt 9 leaves it: where sockets lie whose path it made up, and beside it what nobody else may see.
made=/var/lib/libvirt/qemu/channel/target/domain-1-web1
mkdir -p $made /var/lib/libvirt/images
echo secret >/var/lib/libvirt/images/web1.raw
check "install" install_package /packages/vm-power_*_"$(dpkg --print-architecture)".deb
check "its units are understood" systemd-analyze verify --man=no vm-power.service vm-power-metrics.socket \
	vm-power-attach.socket vm-power-attach.service
check "metrics can be had over HTTP" sh -c "systemctl enable vm-power-metrics.socket &&
	systemctl restart vm-power vm-power-metrics.socket && curl --fail --silent http://127.0.0.1:9101/metrics | grep vmpower_"
systemctl disable --now vm-power-metrics.socket 2>/dev/null
simulate
systemctl restart vm-power
eventually "channels of QEMU's user are connected" connected
eventually "libvirt's daemon is reached where it is asked for" sh -c "sed -i s/static/libvirt/ /etc/vm-power.conf.d/sim.conf;
	systemctl restart vm-power; sleep 0.5; vmpowerctl status --json | grep -q '\"state\":\"connected\"'"
sed -i s/libvirt/static/ /etc/vm-power.conf.d/sim.conf
systemctl restart vm-power
eventually "and the fixed map again" connected

exposure=$(systemd-analyze security --no-pager vm-power | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
echo "# exposure $exposure"
check "exposure is at most 1.5" awk "BEGIN { exit !($exposure <= 1.5) }"
of() { sed -n "s/^$1:\t*//p" "/proc/$(pid)/status"; }
same "it runs as its own user, in its own groups" \
	"$(id -u vm-power) $(id -g vm-power) $(getent group vm-power-monitor | cut -d: -f3)" \
	"$(of Uid | cut -f1) $(of Gid | cut -f1) $(of Groups | tr ' ' '\n' | grep -vx "$(id -g vm-power)" | xargs)"
same "with one capability, to gain no more" "0000000000000002 0000000000000002 1" "$(of CapEff) $(of CapBnd) $(of NoNewPrivs)"
same "nothing of the environment is inherited" "BUN_GC_TIMER_DISABLE=1 MIMALLOC_PURGE_DELAY=0" \
	"$(tr '\0' '\n' </proc/"$(pid)"/environ | grep -vE '^(NOTIFY_SOCKET|WATCHDOG_USEC|WATCHDOG_PID|LISTEN_FDS|LISTEN_PID|JOURNAL_STREAM|INVOCATION_ID)=' | xargs)"
ask 0 min >/dev/null
same "its files are its own and its groups'" \
	"control.sock vm-power:vm-power 660 monitor.sock vm-power:vm-power-monitor 660 restore vm-power:vm-power 700" \
	"$(cd /run/vm-power && stat -c '%n %U:%G %a' control.sock monitor.sock restore | xargs)"
same "only these are mounted writable" "/run/vm-power /sim /sys/devices/system/cpu/cpufreq /var/lib/vm-power" \
	"$({ echo /sys/devices/system/cpu/cpufreq; awk '$6 ~ /^rw/ { print $5 }' /proc/"$(pid)"/mountinfo; } |
		grep -v -e '^/dev' -e '^/proc$' -e '^/run/host/' -e '^/run/systemd/incoming' -e '^/sys/fs/cgroup' | sort -u | xargs)"
same "nothing listens on a network" "" "$(ss -Hltnup 2>/dev/null | grep vm-power)"

# An attacker who has taken over the daemon: the same unit with another program, which may be a shell.
{
	systemctl cat vm-power | sed -e '/^#/d' -e '/^Exec/d' -e '/^  /d' -e 's/^Type=.*/Type=oneshot/' \
		-e '/^Restart/d' -e '/^Watchdog/d' -e '/^RuntimeDirectory/d' -e '/^StateDirectory/d' -e '/^\[Install\]/,$d'
	printf '[Service]\nReadWritePaths=/sim /run/vm-power /var/lib/vm-power\nExecStart=/bin/bash /run/thief\n'
} >/run/systemd/system/thief.service
touch /root/x /home/x
thief() { # COMMAND...: whether it succeeds in the sandbox.
	echo "set -e; $*" >/run/thief
	systemctl daemon-reload
	systemctl start thief 2>/dev/null
}
check "the thief can do what the daemon must" thief "echo 1 >/sim/cpu/cpu2/cpufreq/scaling_governor"
echo schedutil >/sim/cpu/cpu2/cpufreq/scaling_governor
while read -r command; do
	if thief "$command"; then echo "not ok the sandbox allows: $command"; else echo "ok the sandbox refuses: $command"; fi
done <<'THEFT'
echo >/etc/vm-power.conf
echo >/usr/bin/vm-power
echo >/tmp/x
echo >/run/x
echo >/var/tmp/x
echo >/dev/shm/x
echo >/root/x
echo >/sys/kernel/uevent_helper
echo >/proc/sys/kernel/hostname
grep . /etc/shadow
ls /root | grep .
ls /home | grep .
cat /var/lib/libvirt/images/web1.raw
find /var/lib/libvirt -mindepth 1 | grep -v -x -e /var/lib/libvirt/qemu -e "/var/lib/libvirt/qemu/channel.*"
echo >/var/lib/libvirt/x
echo >/var/lib/libvirt/qemu/channel/target/domain-1-web1/x
echo >/usr/bin/env
echo >/usr/lib/x
echo >/var/lib/vm-power/x; chmod 755 /var/lib/vm-power/x; /var/lib/vm-power/x
cat /proc/1/environ
ls /proc/1
kill -0 1
touch /run/vm-power/x; chown root /run/vm-power/x
touch /run/vm-power/x; chmod 4755 /run/vm-power/x
unshare --user true
unshare --mount true
mount -t tmpfs none /mnt
systemctl status
busctl list
virsh -c qemu:///system list
renice -n -20 $$
exec 3<>/dev/tcp/127.0.0.1/1
THEFT
systemd-run --quiet --unit=made --socket-property=ListenStream=$made/a --socket-property=SocketMode=0600 sleep 60
# curl is connected, and gets no answer.
check "and so may sockets that libvirt made be connected" \
	thief "curl --silent --max-time 1 --unix-socket $made/a http://made/ || test \$? = 28"
check "libvirt may be read" thief "virsh -r -c qemu:///system list"

# Users who may read, who may change, and who may do neither.
useradd --system --groups vm-power steerer
useradd --system --groups vm-power-monitor watcher
useradd --system stranger
as() { local user=$1 && shift && setpriv --reuid "$user" --regid "$user" --init-groups vmpowerctl "$@"; }
check "an operator may steer" as steerer set-cpu-freq 0 min
check "an operator may put back" as steerer restore 0
check "a watcher may look" as watcher --socket /run/vm-power/monitor.sock status
as watcher --socket /run/vm-power/monitor.sock set-cpu-freq 0 min >/dev/null 2>&1
same "and not steer" 4 $?
as stranger status >/dev/null 2>&1
same "a stranger may do neither" 4 $?

# The helper that may change VMs: who reaches it, and whether it lives in its sandbox.
check "the helper's socket can be enabled" systemctl enable --now vm-power-attach.socket
for user in steerer watcher stranger; do
	setpriv --reuid $user --regid $user --init-groups test -w /run/vm-power/attach.sock
	same "nobody else reaches the helper: $user" 1 $?
done
setpriv --reuid vm-power --regid vm-power --clear-groups vmpowerctl --socket /run/vm-power/attach.sock status >/dev/null 2>&1
check "the daemon's user starts it" systemctl is-active vm-power-attach.service
same "as a user of its own, without capabilities" "$(id -u vm-power-attach) 0000000000000000" \
	"$(stat -c %u "/proc/$(systemctl show -P MainPID vm-power-attach)") $(sed -n 's/^CapEff:\t//p' "/proc/$(systemctl show -P MainPID vm-power-attach)/status")"
check "who may change VMs" sh -c "id -nG vm-power-attach | grep -qw libvirt && ! id -nG vm-power | grep -qw libvirt"
systemctl restart vm-power
check "its socket outlives a restart of the daemon" test -S /run/vm-power/attach.sock
systemctl disable --now vm-power-attach.socket 2>/dev/null

# An application of the host: its socket is for everybody, a FIFO for its own CPU. CPUs 0 and 1 have no vCPU.
useradd --system redis
printf '[channels]\nFifos=yes\n[app redis]\nUser=redis\nCpus=0-1\n' >/etc/vm-power.conf.d/app.conf
printf '%s\n' 'p /tmp/powermonitor/fifo0 0600 redis root -' 'p /tmp/powermonitor/fifo1 0620 root redis -' \
	'z /tmp/powermonitor 0751 - - -' >/etc/tmpfiles.d/fifos.conf
check "FIFOs are made" systemd-tmpfiles --create /etc/tmpfiles.d/fifos.conf
systemctl restart vm-power
eventually "channels are connected beside FIFOs" connected
same "applications have a socket for everybody" "vm-power:vm-power 666" "$(stat -c '%U:%G %a' /run/vm-power/request.sock)"
check "an application asks over it" as redis request max --cpus 1
as redis request max --cpus 2 >/dev/null 2>&1
same "but not for CPUs of others" 1 $?
as stranger request max >/dev/null 2>&1
same "and a stranger for none" 4 $?
into() { # USER CPU UNIT: writes an object into the FIFO of that CPU.
	setpriv --reuid "$1" --regid "$1" --init-groups timeout 5 sh -c \
		"echo '{\"instruction\":{\"command\":\"power\",\"unit\":\"$3\"}}' >/tmp/powermonitor/fifo$2" 2>/dev/null
}
check "an application writes into its FIFO" into redis 0 SCALE_MIN
eventually "and its CPU obeys" grep -q 1200000 /sim/cpu/cpu0/cpufreq/scaling_setspeed
into stranger 0 SCALE_MAX
same "a stranger cannot" 2 $?
check "a FIFO of its group is told as not for its user alone" \
	sh -c "journalctl -u vm-power -o cat | grep -q 'fifo1\" is written by user 0 and group'"
printf '[channels]\nFifos=yes\n[app redis]\nUser=redis\nGroup=redis\nCpus=0-1\n' >/etc/vm-power.conf.d/app.conf
systemctl reload vm-power
check "with Group= its members write into it" into redis 1 SCALE_MIN
eventually "and that CPU obeys" grep -q 1200000 /sim/cpu/cpu1/cpufreq/scaling_setspeed
rm /etc/vm-power.conf.d/app.conf /etc/tmpfiles.d/fifos.conf

# Another user made the channel directory first.
systemctl stop vm-power guests
rm -rf /tmp/powermonitor
setpriv --reuid stranger --regid stranger --clear-groups mkdir -m 0777 /tmp/powermonitor
systemctl start vm-power
same "a stranger's directory is not made ours" "stranger 777" "$(stat -c '%U %a' /tmp/powermonitor)"
check "but told" sh -c "vmpowerctl status | grep -q 'belongs to the untrusted user'"
