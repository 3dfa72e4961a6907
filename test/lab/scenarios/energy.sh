# A host with a kernel's power meter and RAPL zone: what the account tells is what was drawn, over a kill and a restart.
. /usr/local/sbin/lab-words
. /run/lab/energy-words.sh

load_meters
start_guests
configure <<'CONF'
[vm web1]
Vcpus=1
[vm db1]
Vcpus=2,3
[energy]
Interval=2
CONF
eventually "serving" 60 serving
for channel in web1.0 db1.0; do same "$channel is connected" open "$(ask open $channel)"; done
eventually "the RAPL zone is the meter" 60 metered_by package-0
begin_joules
speeds
same "the sum of all is what was measured" 1 "$(sum_of_all)"
end_joules "while guests change their speeds"

begin_joules
before=$(pid)
kill -9 "$before"
eventually "another daemon serves after kill -9" 60 replaced "$before"
for channel in web1.0 db1.0; do same "$channel is found by it" open "$(ask accept $channel)"; done
sleep 10
systemctl restart vm-power
eventually "and another after a restart" 60 serving
for channel in web1.0 db1.0; do same "$channel is found again" open "$(ask accept $channel)"; done
speeds
end_joules "over kill -9 and a restart"

sed -i 's|^Interval=2|Interval=1\nMeters=power_meter/power1|' $CONFIG
systemctl restart vm-power
eventually "the power meter is the meter" 60 metered_by power_meter/power1
for channel in web1.0 db1.0; do same "$channel is found once more" open "$(ask accept $channel)"; done
begin_joules
speeds
end_joules "by the power meter alone"
sed -i '/^Meters=/d' $CONFIG
systemctl stop vm-power
total=$(sed -nE 's/^\{"kind":"total","sums":\[[^,]*,[^,]*,([0-9]+).*/\1/p' /var/lib/vm-power/energy.jsonl)
check "the account is kept for the next boot" test "$total" -gt 1000
echo "$total" >/var/lib/vm-power-total
sync
