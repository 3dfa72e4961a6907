# Two VMs on one clock: the highest claim wins, and a vCPU that never asked is not slowed down.
. /usr/local/sbin/lab-words

same "the kernel says that the last two CPUs share a clock" "2 3" "$(cat $CPU/cpu2/cpufreq/related_cpus)"
start_guests
configure <<'CONF'
[vm a]
Vcpus=2
[vm b]
Vcpus=3
CONF
for channel in a.0 b.0; do same "$channel is connected" open "$(ask open $channel)"; done
sleep 1
# Each CPU of a shared clock is written, on the port of the first one: every byte comes twice.
mark
same "a asks for the minimum" ACK "$(ask send a.0 464 min)"
same "b never asked, so the clock stays as it was found" performance "$(governor 2)"
witness "nothing reached the clock" 2
mark
same "b asks too" ACK "$(ask send b.0 464 down)"
witness "b's claim is the highest" 2 21 21
mark
same "b goes down to a" ACK "$(ask send b.0 464 min)"
witness "both are at the minimum" 2 25 25
mark
same "a wants the highest" ACK "$(ask send a.0 464 max)"
same "b wants the minimum still" ACK "$(ask send b.0 464 min)"
witness "the highest wins" 2 20 20
mark
ask close a.0 >/dev/null
sleep 3
same "b is served on" ACK "$(ask send b.0 464 down)"
same "a never asked again, so it keeps the baseline" performance "$(governor 2)"
