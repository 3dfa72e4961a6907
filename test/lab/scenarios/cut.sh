# Sends requests in an endless loop, during which the power is cut.
. /usr/local/sbin/lab-words

one_guest
sync
echo "cut the power"
while :; do ask burst web1.0 100 100 >/dev/null; done
