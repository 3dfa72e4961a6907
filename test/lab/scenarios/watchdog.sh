# Unplanned ends: frozen, out of memory, and killed in a burst of requests. The clock is restored after each, and the
# next daemon serves.
. /usr/local/sbin/lab-words

put_back() { [ "$(governor 1)" = performance ]; }
# The journal of this unit also reports how each daemon ended.
told() { journalctl --no-pager --quiet -u vm-power -o cat | grep -q -- "$1"; }

# The real times are 30 s for the watchdog and 15 s to end a frozen daemon.
mkdir -p /run/systemd/system/vm-power.service.d
printf '[Service]\nWatchdogSec=3\nTimeoutAbortSec=2\nRestartSec=100ms\n' >/run/systemd/system/vm-power.service.d/lab.conf
systemctl daemon-reload
start_guests
configure <<'CONF'
[vm web1]
Vcpus=1
CONF
eventually "serving" 30 serving
same "connected" open "$(ask open web1.0)"

same "frozen: asked" ACK "$(ask send web1.0 464 min)"
mark
old=$(pid)
kill -STOP "$old"
eventually "frozen: systemd ends it and starts another" 60 replaced "$old"
check "frozen: it was the watchdog" told "Failed with result 'watchdog'"
witness "frozen: the speed it had reached CPU 1" 1 10
check "frozen: put back" put_back
same "frozen: its guest is found again" open "$(ask accept web1.0)"
mark
same "frozen: and served" ACK "$(ask send web1.0 464 min)"
witness "frozen: and obeyed" 1 15

# The rest does not test the watchdog, which must not end the daemon on a slow machine.
sed -i /WatchdogSec/d /run/systemd/system/vm-power.service.d/lab.conf
systemctl daemon-reload
mark
old=$(pid)
cgroup=/sys/fs/cgroup$(systemctl show -P ControlGroup vm-power)
# The write ends when the kernel has killed a process for lack of memory. The next daemon gets the memory of the last
# one.
limit=$(cat "$cgroup/memory.max")
echo 1M >"$cgroup/memory.max"
echo "$limit" >"$cgroup/memory.max"
eventually "out of memory: systemd starts another" 60 replaced "$old"
check "out of memory: it was the kernel's killer" told "Failed with result 'oom-kill'"
witness "out of memory: the speed it had reached CPU 1" 1 10
check "out of memory: put back" put_back
same "out of memory: its guest is found again" open "$(ask accept web1.0)"
mark
same "out of memory: and served" ACK "$(ask send web1.0 464 min)"
witness "out of memory: and obeyed" 1 15

# 100 requests at once; the daemon is killed when the guest has read this many replies.
for answers in 1 8 55; do
	mark
	old=$(pid)
	same "killed after $answers answers" killed "$(ask burst web1.0 100 $answers "$old")"
	eventually "killed after $answers answers: another was started" 60 replaced "$old"
	witness "killed after $answers answers: the last that reached CPU 1 is the speed it had" 1 ends 10
	check "killed after $answers answers: put back" put_back
	same "killed after $answers answers: nothing is left to put back" "" "$(ls -A /run/vm-power/restore 2>/dev/null)"
	same "killed after $answers answers: its guest is found again" open "$(ask accept web1.0)"
done
mark
same "and served" ACK "$(ask send web1.0 464 min)"
witness "and obeyed" 1 15
mark
for cpu in 0 2 3; do same "CPU $cpu is as it was found" performance "$(governor $cpu)"; done

rm -r /run/systemd/system/vm-power.service.d $CONFIG
systemctl daemon-reload
systemctl restart vm-power
