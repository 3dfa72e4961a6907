# CPUs on which no VM may run are parked, back with a VM, and put back at the end; a reserved CPU is never touched.
. /usr/local/sbin/lab-words

parked() { for cpu; do grep -qx 1200000 $CPU/cpu"$cpu"/cpufreq/scaling_setspeed || return; done; }

systemctl stop vm-power
for cpu in 0 1 2 3; do echo performance >$CPU/cpu$cpu/cpufreq/scaling_governor; done
mark
configure <<'CONF'
[cpufreq]
Reserved=0
Parked=min
ParkAfterSec=1
[vm web1]
Vcpus=1
CONF
eventually "CPUs that no VM uses are parked" 30 parked 2 3
same "four CPUs: one is reserved, one is a VM's, two are parked" "3 1 1 2" "$(for of in Managed Unmanaged Reserved Parked; do field cpus$of; done | xargs)"
witness "a CPU that no VM uses, at its lowest speed" 2 25
witness "another one" 3 35
witness "the VM's CPU, untouched" 1
witness "the reserved CPU, untouched" 0
mark

printf '[vm db1]\nVcpus=2\n' >>$CONFIG
systemctl reload vm-power
eventually "the CPU is back with its VM" 10 grep -qx performance $CPU/cpu2/cpufreq/scaling_governor
witness "the CPU of the new VM, back" 2 20
witness "the other one, still parked" 3
mark

systemctl restart vm-power
eventually "after a restart" 30 serving
check "the CPU is still parked" parked 3
witness "a restart moves no parked clock" 3
mark

systemctl stop vm-power
same "a stop puts the parked CPU back" performance "$(governor 3)"
witness "it is back" 3 30
witness "the VM's CPU was not touched again" 2
mark
systemctl start vm-power
