# CPUs go offline and come back, the driver is replaced, another program changes settings, and a host has no cpufreq.
. /usr/local/sbin/lab-words

is_managed() { [ "$(field cpusManaged)" = "$1" ]; }
one_guest

echo performance >$CPU/cpu1/cpufreq/scaling_governor
eventually "another program's governor is noticed and written over" 40 grep -q userspace $CPU/cpu1/cpufreq/scaling_governor
check "and told" sh -c 'journalctl -u vm-power -o cat | grep -q "by another program"'
witness "the other's speed, then ours again" 1 10 15
mark

echo 0 >$CPU/cpu1/online
eventually "an offline CPU is left alone" 40 is_managed $(($(nproc --all) - 1))
same "its guest is refused" NACK "$(ask send web1.0 464 min)"
echo 1 >$CPU/cpu1/online
eventually "back online it is managed" 40 is_managed "$(nproc --all)"
same "and its guest served" ACK "$(ask send web1.0 464 min)"
same "at the speed asked for" 1200000 "$(cat $CPU/cpu1/cpufreq/scaling_setspeed)"

configure <<'CONF'
[cpufreq]
OnDrift=yield
[vm web1]
Vcpus=1
CONF
same "with OnDrift=yield: its guest is found again" open "$(ask accept web1.0)"
mark
echo performance >$CPU/cpu1/cpufreq/scaling_governor
eventually "another program's governor is told" 40 sh -c 'journalctl -u vm-power -o cat | grep -q "\"performance\" instead of \"userspace\": yielded"'
same "and left" performance "$(governor 1)"
same "until its guest asks again" ACK "$(ask send web1.0 464 min)"
witness "the other's speed, then ours when asked" 1 10 15
mark

ask close web1.0 >/dev/null
eventually "given back" 10 grep -q performance $CPU/cpu1/cpufreq/scaling_governor
modprobe -r acpi-cpufreq
eventually "without the driver no CPU is managed" 40 is_managed 0
systemctl restart vm-power
eventually "a host without cpufreq is served all the same" 10 serving
check "and says what is missing" sh -c 'vmpowerctl show-cpu-freq 0 | grep -qi cpufreq'
modprobe acpi-cpufreq
eventually "the driver came back" 40 is_managed "$(nproc --all)"
