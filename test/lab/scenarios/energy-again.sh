# The same host after a boot: its counters began anew, and the account goes on.
. /usr/local/sbin/lab-words
. /run/lab/energy-words.sh

load_meters
start_guests
systemctl restart vm-power
eventually "serving" 60 serving
for channel in web1.0 db1.0; do same "$channel is connected" open "$(ask open $channel)"; done
eventually "the RAPL zone is the meter" 60 metered_by package-0
check "nothing of the account was lost" test "$(account | sed "s/.* //; s/[.].*//")" -ge "$(cat /var/lib/vm-power-total)"
begin_joules
speeds
end_joules "after a boot"
