# Asks for speeds without end; the power goes in the middle of it.
. /usr/local/sbin/lab-words

one_guest
sync
echo "cut the power"
while :; do ask burst web1.0 100 100 >/dev/null; done
