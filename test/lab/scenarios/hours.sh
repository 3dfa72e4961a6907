# A guest policy by time, while the host's clock is set: what the hour wants reaches the hardware within seconds.
. /usr/local/sbin/lab-words

set_clock() { date --set "2026-06-15 $1 UTC" >/dev/null; }

set_clock 09:30:00
start_guests
configure <<'CONF'
[schedule]
TimeZone=UTC
[vm web1]
Vcpus=1
CONF
same "web1 is connected" open "$(ask open web1.0)"
mark
same "a policy by time is acknowledged" ACK "$(ask policy web1.0 10 9)"
witness "in its quiet hour: the lowest speed" 1 15
for cpu in 0 2 3; do witness "and no other clock" $cpu; done
mark
set_clock 09:59:57
eventually "the hour ends" 30 runs_at 1 2301000
witness "in its busy hour: the highest speed" 1 10
for cpu in 0 2 3; do witness "and no other clock" $cpu; done
mark
set_clock 09:10:00
eventually "the clock is set back" 30 runs_at 1 1200000
witness "in its quiet hour again: the lowest speed" 1 15
mark
set_clock 14:00:00
eventually "an hour that it does not name" 30 grep -q performance $CPU/cpu1/cpufreq/scaling_governor
witness "the CPU is as fast as it was found" 1 10
mark
same "and its guest is served" ACK "$(ask send web1.0 464 min)"
witness "and obeyed" 1 15
mark
ask close web1.0 >/dev/null
eventually "given back" 10 grep -q performance $CPU/cpu1/cpufreq/scaling_governor
