# Packets of every release change exactly the CPU under the vCPU. The witness shows what reached the hardware.
. /usr/local/sbin/lab-words

start_guests
configure <<'CONF'
[vm web1]
Vcpus=1
[vm old]
Vcpus=2
[vm mid]
Vcpus=3
CONF
for channel in web1.0 old.0 mid.0; do same "$channel is connected" open "$(ask open $channel)"; done
ask connect old.0 16 >/dev/null
ask connect mid.0 456 >/dev/null
sleep 1

mark
same "464 bytes: min is acknowledged" ACK "$(ask send web1.0 464 min)"
witness "min reached CPU 1" 1 15
for cpu in 0 2 3; do witness "and no other" $cpu; done
mark
for step in up up up up up up; do same "464 bytes: $step is acknowledged" ACK "$(ask send web1.0 464 $step)"; done
witness "up, step by step, and no further than the top" 1 14 13 12 11 10
mark
for step in down down down down down down; do ask send web1.0 464 $step >/dev/null; done
witness "down, step by step, and no further than the bottom" 1 11 12 13 14 15
mark
same "no turbo is acknowledged" ACK "$(ask send web1.0 464 no-turbo)"
same "max is acknowledged" ACK "$(ask send web1.0 464 max)"
same "turbo is acknowledged" ACK "$(ask send web1.0 464 turbo)"
witness "max without turbo, then with it" 1 11 10
mark
same "16 bytes: obeyed, not answered" silence "$(ask send old.0 16 min)"
same "456 bytes: obeyed, not answered" silence "$(ask send mid.0 456 min)"
witness "16 bytes reached CPU 2" 2 25
witness "456 bytes reached CPU 3" 3 35
mark
same "a vCPU that it has not is refused" NACK "$(ask send web1.0 464 min 1)"
for cpu in 0 1 2 3; do witness "a refusal reaches nothing" $cpu; done
refusal=(--no-pager --quiet -u vm-power MESSAGE_ID="$(message_id 'was refused')" VMPOWER_VM=web1 -n 1)
check "a refusal is in the journal, with its VM, channel and reason" \
	sh -c "journalctl ${refusal[*]} -o json | grep '\"VMPOWER_CHANNEL\":\"0\"' | grep '\"VMPOWER_REASON\":\"[^\"]' | grep '\"PRIORITY\":\"5\"'"
check "and explained by name" sh -c "journalctl ${refusal[*]} -x | grep 'A request of web1 was refused'"
mark
ask raw web1.0 3000 >/dev/null
sleep 1
same "after nonsense it is served as before" ACK "$(ask send web1.0 464 min)"
witness "and obeyed" 1 15
mark
ask close web1.0 >/dev/null
eventually "the CPU of a VM that went is given back" 10 governed 1 performance
witness "to the speed that it had" 1 10
mark
