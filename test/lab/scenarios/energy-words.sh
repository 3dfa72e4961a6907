# Functions for the scenarios with meters.

# load_meters: the kernel's drivers of the power meter, and of RAPL in memory-mapped registers.
load_meters() {
	modprobe acpi_power_meter
	modprobe processor_thermal_device_pci_legacy
	echo '1234 1111 ffffffff ffffffff 0 0 1' >/sys/bus/pci/drivers/proc_thermal/new_id
	eventually "the kernel has a RAPL zone" 30 test -r /sys/class/powercap/intel-rapl-mmio:0/energy_uj
	eventually "and a power meter" 30 sh -c 'cat /sys/class/hwmon/hwmon*/device/power1_average'
}

metered_by() { vmpowerctl --timeout 60 energy | grep -q "metered by $1"; }
# account: up to which time of this host (in ms) the account goes, and how many joules it has.
account() { vmpowerctl --timeout 60 energy --since 7d --json | python3 -c 'import json, sys; told = json.load(sys.stdin); print(told["toMs"], told["joules"])'; }
begin_joules() { BEGAN=$(account); }

# end_joules NAME: the judge compares the joules since the beginning with the trace. A byte in the trace, and the time at which
# it was written, tell it how this host's time differs from that of the emulator.
end_joules() {
	local ended written
	ended=$(account)
	TRACE_MARK=$((${TRACE_MARK:-0} + 1))
	written=$(python3 -c "
import os, time
port = os.open('/dev/port', os.O_RDWR)
print(time.time())
os.pwrite(port, bytes([$TRACE_MARK]), 0x54F)")
	echo "joules $TRACE_MARK $written $BEGAN $ended : $1"
}

# Ten seconds at each of some speeds.
speeds() {
	local order
	for order in "web1.0 464 min" "db1.0 464 min" "db1.0 464 min 1" "web1.0 464 max" "db1.0 464 up 1"; do
		same "$order" ACK "$(ask send $order)"
		sleep 10
	done
}

# 1 if all VMs, the host and idle are together the host's joules, to a thousandth.
sum_of_all() {
	vmpowerctl --timeout 60 energy --json | python3 -c '
import json, sys
told = json.load(sys.stdin)
parts = told["idleJoules"] + told["hostJoules"] + sum(vm["joules"] for vm in told["vms"])
print(int(abs(parts / told["joules"] - 1) < 0.001))'
}
