# Programs that set clocks on other hosts: their changes of a CPU that a guest scales are noticed, logged and
# overwritten, and the operator gets their names.
. /usr/local/sbin/lab-words

held() { [ "$(governor 1) $(cat $CPU/cpu1/cpufreq/scaling_setspeed)" = "userspace 1200000" ]; }
# drifts: how many log lines report another program.
drifts() { journalctl --no-pager --quiet -u vm-power -o cat | grep -c "by another program"; }
undone() { [ "$(drifts)" -gt "$1" ] && held; }
named() { vmpowerctl doctor | grep -q "$1"; }
tries() { # tries WHO BYTE COMMAND...: it sets the guest's CPU to the speed of that byte
	local who=$1 byte=$2 before
	shift 2
	before=$(drifts)
	mark
	check "$who does it" "$@"
	eventually "$who: the guest's speed is written again" 30 undone "$before"
	witness "$who: its speed, then the guest's" 1 "$byte" 15
	mark
}

one_guest
check "doctor names no tuner where there is none" sh -c '! vmpowerctl doctor | grep tuned'

tries "cpupower, a governor," 10 cpupower --cpu 1 frequency-set --governor performance
tries "cpupower, a speed," 12 cpupower --cpu 1 frequency-set --freq 2000000

mkdir -p /etc/tuned/lab
printf '[main]\nsummary=the lab\n[cpu]\ngovernor=performance\n' >/etc/tuned/lab/tuned.conf
echo lab >/etc/tuned/active_profile
echo manual >/etc/tuned/profile_mode
tries "TuneD" 10 systemctl start tuned
check "doctor names TuneD" named "tuned.service runs"
systemctl stop tuned
same "the guest is served as before" ACK "$(ask send web1.0 464 up)"
same "the guest is served as before" ACK "$(ask send web1.0 464 min)"
mark
systemctl stop vm-power
witness "as fast as it was found" 1 10
mark
rm -r $CONFIG /etc/tuned/lab
systemctl start vm-power
