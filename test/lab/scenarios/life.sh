# Stop, kill, restart, reload: the original settings are restored as configured, or stay over a restart, and the service
# continues.
. /usr/local/sbin/lab-words

start_guests
scale() { # scale WHAT: a daemon that holds CPU 1 at its lowest speed
	same "$1: connected" open "$(ask open web1.0)"
	same "$1: asked" ACK "$(ask send web1.0 464 min)"
	same "$1: held" "userspace 1200000" "$(governor 1) $(cat $CPU/cpu1/cpufreq/scaling_setspeed)"
}
configure <<'CONF'
[vm web1]
Vcpus=1
CONF
eventually "serving" 10 serving

scale stop
mark
systemctl stop vm-power
witness "stop: the speed it had reached CPU 1" 1 10
same "stop: put back" performance "$(governor 1)"
same "stop: nothing is left in the journal" "" "$(ls -A /run/vm-power/restore 2>/dev/null)"
ask close web1.0 >/dev/null
mark

systemctl start vm-power
scale kill
mark
old=$(pid)
kill -KILL "$old"
eventually "kill: started again by systemd" 15 replaced "$old"
witness "kill: the speed it had reached CPU 1" 1 10
same "kill: put back" performance "$(governor 1)"
same "kill: its guest is found again" open "$(ask accept web1.0)"
mark
same "kill: and served" ACK "$(ask send web1.0 464 down)"
witness "kill: and obeyed" 1 11
mark
systemctl restart vm-power
same "restart: its guest is found again" open "$(ask accept web1.0)"
for cpu in 0 1 2 3; do witness "restart: no clock changed" $cpu; done
mark
same "restart: and served" ACK "$(ask send web1.0 464 down)"
witness "restart: from where it was" 1 12
mark

printf '[vm web1]\nMinKhz=1700000\nVcpus=1\n[hypervisor]\nDriver=static\n' >$CONFIG
systemctl reload vm-power
sleep 1
mark
same "reload: the new contract holds" ACK "$(ask send web1.0 464 min)"
witness "reload: and bounds the speed" 1 13
mark
printf 'nonsense\n' >>$CONFIG
systemctl reload vm-power
sleep 1
check "a bad file does not end a running daemon" serving
systemctl restart vm-power
eventually "but it does not start with it" 5 sh -c "systemctl is-failed --quiet vm-power"
same "and is not tried again" 78 "$(systemctl show -P ExecMainStatus vm-power)"
same "the clock is as it was found" performance "$(governor 1)"
rm $CONFIG
systemctl reset-failed vm-power
systemctl start vm-power
eventually "serving again" 10 serving
