# A local user who prepares the channel directory or floods the control socket, and a guest that does all it can.
. /usr/local/sbin/lab-words

nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
# The log of this daemon, not of an earlier one.
told() { journalctl --no-pager --quiet -o cat _SYSTEMD_INVOCATION_ID="$(systemctl show -P InvocationID vm-power)" | grep -q -- "$1"; }
# The daemon connects to none of their channels; a listener would have reported a connection.
listen_as() { # listen_as UID FILE: a socket that tells, in /run/lab/caught, that somebody connected
	setpriv --reuid="$1" --regid="$1" --clear-groups python3 - "$2" >>/run/lab/caught 2>&1 <<-'PYTHON' &
		import os, socket, sys
		listener = socket.socket(socket.AF_UNIX)
		listener.bind(sys.argv[1])
		os.chmod(sys.argv[1], 0o777)
		listener.listen(8)
		listener.accept()
		print("connected to", sys.argv[1], flush=True)
	PYTHON
	LISTENER=$!
	eventually "$2 is planted" 10 test -S "$2"
}
: >/run/lab/caught

configure <<'CONF'
[vm web1]
Vcpus=1
[vm evil]
Vcpus=2
CONF
eventually "serving" 30 serving
systemctl stop vm-power
rm -rf --one-file-system $DIRECTORY

nobody mkdir -m 0777 $DIRECTORY
listen_as 65534 $DIRECTORY/web1.0
systemctl start vm-power
eventually "a stranger's directory is reported" 20 told 'it is not used'
same "and left as it is" nobody "$(stat -c %U $DIRECTORY)"
eventually "the daemon serves its operators all the same" 10 serving
kill $LISTENER
systemctl stop vm-power
rm -rf --one-file-system $DIRECTORY

# The target of the link would be accepted.
install -d -o libvirt-qemu -g kvm -m 0750 /run/lab/good
nobody ln -s /run/lab/good $DIRECTORY
listen_as "$(id -u libvirt-qemu)" /run/lab/good/web1.0 2>/dev/null
systemctl start vm-power
eventually "a symbolic link is reported" 20 told 'is not a directory'
check "and left as it is" test -L $DIRECTORY
kill $LISTENER
systemctl stop vm-power
rm -f $DIRECTORY

nobody touch $DIRECTORY
systemctl start vm-power
eventually "a file in its place is reported" 20 told 'is not a directory'
check "and left as it is" test -f $DIRECTORY
rm -f $DIRECTORY
systemctl restart vm-power
eventually "what nobody planted is made as it should be" 20 sh -c "[ \"\$(stat -c '%U %G %a' $DIRECTORY)\" = 'libvirt-qemu kvm 750' ]"
eventually "serving" 30 serving
check "a stranger can neither see nor make channels" sh -c "! setpriv --reuid=65534 --regid=65534 --clear-groups ls $DIRECTORY && ! setpriv --reuid=65534 --regid=65534 --clear-groups touch $DIRECTORY/web1.0"

start_guests
same "web1 is connected" open "$(ask open web1.0)"
# Names that QEMU could have used, created by others: each is reported, and none is connected to.
chmod 777 $DIRECTORY
listen_as 65534 $DIRECTORY/evil.1
chmod 750 $DIRECTORY
eventually "a stranger's socket is reported" 20 told 'belongs to the untrusted user 65534'
ln -s web1.0 $DIRECTORY/evil.2
eventually "a symbolic link to a channel is reported" 20 told 'it is a symbolic link'
touch $DIRECTORY/evil.3
eventually "a file is reported" 20 told 'it is not a socket'
same "the other guest is served" ACK "$(ask send web1.0 464 min)"
same "nobody was connected who should not be" "" "$(cat /run/lab/caught)"
kill $LISTENER
rm $DIRECTORY/evil.[123]

old=$(pid)
served() { # served NAME: 20 requests of the other guest, each answered, obeyed and witnessed
	local bytes='' answers=''
	ask send web1.0 464 min >/dev/null
	mark
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		answers+=$(ask send web1.0 464 up)$(ask send web1.0 464 min)
		bytes+=' 14 15'
	done
	same "$1: the other guest is answered" "$(printf 'ACK%.0s' {1..20})" "$answers"
	witness "$1: and obeyed" 1 $bytes
	for cpu in 0 3; do witness "$1: nobody else's clock moves" $cpu; done
	mark
	same "$1: it is the same daemon" "$old" "$(pid)"
}
flooded() { # flooded WHO COMMAND...: the control sockets are flooded while the other guest is served
	local who=$1 socket met
	shift
	for socket in control monitor; do
		: >/run/lab/met
		"$@" flood.py /run/vm-power/$socket.sock >/run/lab/met &
		local flood=$!
		eventually "$who: $socket is flooded" 20 grep -q . /run/lab/met
		met=$(cat /run/lab/met)
		if [ "$who" = strangers ]; then
			same "$who: none got through to $socket" EACCES "$met"
		else
			check "$who: $socket was reached" grep -q connected /run/lab/met
		fi
		served "$who flood $socket"
		eventually "$who flood $socket: an operator is answered" 10 vmpowerctl status
		kill $flood
		wait $flood 2>/dev/null
	done
}
flooded strangers nobody
flooded members setpriv --reuid=65534 --regid=vm-power --groups vm-power-monitor
eventually "after the floods: status is answered" 10 vmpowerctl status

same "evil is connected" open "$(ask open evil.0)"
for what in packets garbage; do
	same "evil floods: $what" flooding "$(ask flood evil.0 $what)"
	served "evil floods $what and reads nothing"
	check "evil floods $what: an operator is answered" vmpowerctl status
	echo "figure bytes that evil could send: $(ask calm evil.0)"
done
ask close evil.0 >/dev/null
eventually "evil's CPU is given back" 20 grep -q performance $CPU/cpu2/cpufreq/scaling_governor
same "evil comes again" open "$(ask open evil.0)"
ask half evil.0 >/dev/null
served "evil sends half a packet"
ask close evil.0 >/dev/null
memory=$(awk '/VmHWM/ {print $2}' /proc/"$old"/status)
echo "figure rss at most $memory kB"
check "memory stayed within bounds" test "$memory" -lt 262144
check "and so did the log" sh -c '[ "$(journalctl --no-pager --quiet -u vm-power -o cat | wc -l)" -lt 1000 ]'

rm $CONFIG
systemctl restart vm-power
