# QEMUs that no libvirt knows: the unit with the drop-ins of the examples sees them, and obeys a real guest on the CPU that
# taskset or a cpuset gave it. A container and a stranger are refused.
. /run/lab/real-guest.sh
EXAMPLES=/usr/share/doc/vm-power/examples
DROPINS=/etc/systemd/system/vm-power.service.d
ORDERS=/run/lab/orders
LOGS=/run/lab

drop_in() { install -D -m 644 "$EXAMPLES/$1" "$DROPINS/$1" && systemctl daemon-reload && systemctl restart vm-power; }
says() { vmpowerctl status | grep -qF "$1"; }
# runs VM:VCPU CPU: whether the daemon knows that this vCPU is on this CPU.
runs() { vmpowerctl why "$1" | grep -q "on CPU $2"; }
connected() { vmpowerctl list --channels | grep -q "^$1 .*connected"; }
# process NAME: the QEMU of that name.
process() { pgrep -x -f "qemu-system-x86_64 -name $1,.*"; }
# thread NAME VCPU: the thread of a vCPU.
thread() { grep -l "^CPU $2/" /proc/"$(process "$1")"/task/*/comm | cut -d/ -f5; }
exposure() { systemd-analyze security vm-power.service --no-pager 2>/dev/null | sed -nE 's/.*exposure level for .*: ([0-9.]+).*/\1/p'; }
# still NAME SOCKET [COMMAND...]: a QEMU that waits for an order to begin, started by a command.
still() {
	local name=$1 socket=$2
	shift 2
	"$@" qemu-system-x86_64 -name "$name,debug-threads=on" -S -machine pc -accel tcg -smp 1 -m 32 -nodefaults -display none \
		-device virtio-serial-pci -chardev "socket,id=c0,path=$socket,server=on,wait=off" \
		-device virtserialport,chardev=c0,name=virtio.serial.port.poweragent.0 >/run/lab/still.log 2>&1 &
}

step "the unit as it is installed"
mkdir -p "$(dirname $CONFIG)"
printf '[hypervisor]\nDriver=qemu\n' >$CONFIG
check "it starts" systemctl restart vm-power
eventually "hidden: it says which drop-in is missing" 30 says qemu.conf
echo "figure exposure as installed $(exposure)"
check "with qemu.conf" drop_in qemu.conf
eventually "with qemu.conf: the processes are followed" 30 state connected
echo "figure exposure with qemu.conf $(exposure)"

step "a QEMU of a script"
mark
options=$(vmpowerctl channel-config plain --vcpus 2 --format qemu)
eval "qemu-system-x86_64 -name plain,debug-threads=on -machine pc -cpu Nehalem -accel tcg,thread=multi -smp 2 -m 128 \
	-nodefaults -display none -kernel /run/lab/guest-kernel -initrd /run/lab/guest-initramfs \
	-append 'console=ttyS1 mitigations=off panic=-1 channels=2' -serial unix:$ORDERS,server=on,wait=off \
	-serial file:/run/lab/guest-console.log $options" >/run/lab/plain.log 2>&1 &
eventually "a script: known" 30 sh -c 'vmpowerctl list | grep -q "^plain "'
check "a script: vCPU 0 is pinned" taskset -p -c 2 "$(thread plain 0)"
check "a script: vCPU 1 is pinned" taskset -p -c 3 "$(thread plain 1)"
eventually "a script: its pins are known" 2 runs plain:0 2
eventually "a script: its channels are served" 10 connected plain
boots "a script"
for cpu in 0 1 2 3; do witness "a script: a guest that boots moves no clock" $cpu; done
mark
asks "a script" 0 min
witness "a script: its CPU obeys" 2 25
witness "a script: and no other" 3
mark
asks "a script" 1 min
witness "a script: the other vCPU's CPU obeys" 3 35
mark
check "a script: vCPU 0 is pinned elsewhere" taskset -p -c 1 "$(thread plain 0)"
eventually "a script: that is known within two seconds" 2 runs plain:0 1
witness "a script: the new CPU obeys" 1 15
witness "a script: the old one is as fast as it was found" 2 20
mark
check "a script: a restart of the daemon" systemctl restart vm-power
eventually "a script: it is known again" 30 runs plain:0 1
for cpu in 0 1 2 3; do witness "a script: a restart moves no clock" $cpu; done
mark

# systemd is about to use cpusets, and a kernel before 6.2 forgets the affinity of each process then.
step "the end of it"
mark
check "QEMU is killed" kill -KILL "$(process plain)"
eventually "killed: its CPU is given back" 5 put_back 1
witness "killed: as fast as it was found" 1 10
witness "killed: and the other" 3 30
mark

step "a cpuset"
still set /run/lab/set.0 systemd-run --quiet --scope --unit=vm-power-lab-set -p AllowedCPUs=0
eventually "a cpuset pins" 30 runs set:0 0
check "a cpuset is changed" systemctl set-property --runtime vm-power-lab-set.scope AllowedCPUs=2
eventually "a cpuset: that is known within two seconds" 2 runs set:0 2

step "a stranger"
install -d -o nobody /run/lab/stranger
still set /run/lab/stranger/0 setpriv --reuid=nobody --clear-groups
eventually "a stranger is refused, with the reason" 30 says "untrusted user $(id -u nobody)"
check "a stranger: the VM of that name is served" runs set:0 2
check "a stranger ends" pkill -u nobody -f qemu-system

step "a container"
still boxed /tmp/boxed.0 unshare --mount --pid --fork --kill-child --mount-proc sh -c 'mount -t tmpfs none /tmp && exec "$@"' sh
eventually "a container is refused, with the reason" 30 says "runs in a container"
printf 'Containers=yes\n' >>$CONFIG
check "a container: with the other drop-in" drop_in qemu-containers.conf
eventually "a container: its channel is served" 30 connected "boxed@[0-9]*"
echo "figure exposure with both drop-ins $(exposure)"
for cpu in 0 1 2 3; do witness "a container: nothing of this moves a clock" $cpu; done
