# Asks for speeds without end; the power goes in the middle of it.
. /usr/local/sbin/lab-words

start_guests
configure <<'CONF'
[vm web1]
Vcpus=1
CONF
eventually "serving" 30 serving
same "connected" open "$(ask open web1.0)"
mark
same "asked" ACK "$(ask send web1.0 464 min)"
witness "obeyed" 1 15
sync
mark
echo "cut the power"
while :; do ask burst web1.0 100 100 >/dev/null; done
