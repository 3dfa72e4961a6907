# A sequence that is repeated: the daemon is killed before its first write to a CPU's files, before its second, …, until
# it runs to the end. Each time the clock is restored, and the next daemon serves.
. /usr/local/sbin/lab-words

FILES=$CPU/cpu1/cpufreq
speed() { cat $FILES/scaling_setspeed; }
settings() { cat $CPU/cpu[0-9]*/cpufreq/scaling_{governor,min_freq,max_freq}; }
limit() { # limit KHZ: what web1 may ask for at least
	printf '[hypervisor]\nDriver=static\n[vm web1]\nVcpus=1\nMinKhz=%s\n' "$1" >$CONFIG
	systemctl reload vm-power
}
reached() { # reached COMMAND...: it becomes true soon, while the daemon lives
	local left=200
	until "$@" || [ $((left--)) -eq 0 ] || ! kill -0 "$DAEMON" 2>/dev/null; do sleep 0.1; done
	"$@"
}
runs_at() { [ "$(speed)" = "$1" ]; }
put_back() { [ "$(settings)" = "$FOUND" ]; }
asked() { [ "$(ask send web1.0 464 "$1")" = ACK ]; }
serves() { asked min && runs_at 1200000; }

# Steps of its own CPU, a limit that changes the speed, and the end of its VM.
story() {
	asked min && asked up && asked max && asked min &&
		limit 1700000 && reached runs_at 1700000 &&
		asked up && ask close web1.0 && reached put_back
}

mkdir -p /run/systemd/system/vm-power.service.d
printf '[Service]\nRestartSec=100ms\nWatchdogSec=0\n' >/run/systemd/system/vm-power.service.d/lab.conf
systemctl daemon-reload
start_guests
configure <<'CONF'
[vm web1]
Vcpus=1
MinKhz=1200000
CONF
eventually "serving" 30 serving
FOUND=$(settings)

# Only writes to the CPU's files are counted; the kill comes before the write is made.
watched=()
for file in governor setspeed min_freq max_freq; do watched+=(-P "$(realpath $FILES)/scaling_$file"); done
for ((point = 1; point <= 50; point++)); do
	DAEMON=$(pid)
	same "before write $point: the guest is connected" open "$(ask open web1.0)"
	mark
	strace -p "$DAEMON" "${watched[@]}" -e trace=write,pwrite64 -e inject=write,pwrite64:signal=KILL:when=$point \
		-o /run/lab/strace 2>/run/lab/attached &
	tracer=$!
	eventually "before write $point: traced" 20 grep -q attached /run/lab/attached
	story >/dev/null 2>&1 && told=whole && break
	eventually "killed before write $point: systemd starts another" 60 replaced "$DAEMON"
	wait $tracer
	check "killed before write $point: it was then" sh -c "grep -q SIGKILL /run/lab/strace && [ \$(grep -c '= [0-9]' /run/lab/strace) = $((point - 1)) ]"
	# The first two writes are governor and speed: before the second nothing has reached the hardware.
	if [ "$point" -le 2 ]; then
		witness "killed before write $point: nothing reached CPU 1" 1
	else
		witness "killed before write $point: the last that reached CPU 1 is the speed it had" 1 ends 10
	fi
	same "killed before write $point: everything is as it was found" "$FOUND" "$(settings)"
	same "killed before write $point: nothing is left to put back" "" "$(ls -A /run/vm-power/restore 2>/dev/null)"
	mark
	limit 1200000
	again=open
	[ ! -S $DIRECTORY/web1.0 ] || again=accept
	same "killed before write $point: its guest is found again" open "$(ask $again web1.0)"
	eventually "killed before write $point: its guest is served" 20 serves
	ask close web1.0 >/dev/null
	eventually "killed before write $point: and its CPU given back" 20 put_back
done
kill -INT $tracer
wait $tracer 2>/dev/null
same "it lived through the story in the end" "whole $DAEMON" "${told:-} $(pid)"
same "and everything is as it was found" "$FOUND" "$(settings)"
witness "with all that it wrote" 1 ends 10
mark
echo "figure writes that it was killed before: $((point - 1))"
check "they were enough to tell" test "$point" -gt 6

rm -r /run/systemd/system/vm-power.service.d $CONFIG
systemctl daemon-reload
systemctl restart vm-power
