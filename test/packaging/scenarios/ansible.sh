# The role for Ansible: a first and a second run, a reload and a restart where each is needed, and a configuration that is wrong.
. /scenario/words
package=$(echo /packages/vm-power_*_"$(dpkg --print-architecture)".deb)
drop_in=/etc/vm-power.conf.d/50-ansible.conf
dpkg-deb -x "$package" /unpacked
export ANSIBLE_ROLES_PATH=/unpacked/usr/share/ansible/roles ANSIBLE_LOCALHOST_WARNING=False HOME=/root LC_ALL=C.UTF-8
install -d -o libvirt-qemu -g kvm -m 0750 /tmp/powermonitor # as the package does
simulate

play() { # VARIABLES: runs the role on this host.
	cat >/play.yml <<-PLAY
		- hosts: localhost
		  connection: local
		  gather_facts: true
		  vars: $1
		  roles: [{ role: vm_power, vm_power_package_file: "$package", vm_power_operators: [alice] }]
	PLAY
	ansible-playbook -i localhost, /play.yml >/tmp/play 2>&1 || { cat /tmp/play; return 1; }
}
changed() { sed -n 's/.* changed=\([0-9]*\) .*/\1/p' /tmp/play; }
contract() { vmpowerctl --json contract web1 | grep -o "\"key\":\"$1\",\"value\":\"[^\"]*\"" | cut -d '"' -f 8; }

contracts='vm_power_vms: { "*": { Turbo: false }, web1: { Class: gold, Vcpus: "2,3" } }, vm_power_classes: { gold: { MaxKhz: 1.7GHz } }, vm_power_states: { eco: { MaxKhz: 1.2GHz } }'
check "the first run installs and configures" play "{ $contracts }"
check "the daemon runs, with that contract" test "$(systemctl is-active vm-power) $(contract MaxKhz) $(contract Turbo)" = "active 1.7GHz no"
check "with the state" sh -c "vmpowerctl state | grep -q eco"
check "and alice is an operator" sh -c "id -nG alice | grep -qw vm-power"
before="$(pid) $(stat -c %Y.%i "$drop_in")"
check "the second run succeeds" play "{ $contracts }"
same "and changes nothing" 0 "$(changed)"
same "neither the file nor the process" "$before" "$(pid) $(stat -c %Y.%i "$drop_in")"

process=$(pid)
check "another contract" play "{ ${contracts/1.7GHz/2GHz} }"
same "is in force in the same process" "2GHz $process" "$(contract MaxKhz) $(pid)"
check "what a reload cannot change" play "{ ${contracts/1.7GHz/2GHz}, vm_power_settings: { cpufreq: { ManagedCpus: 2-3 } } }"
eventually "is in force in another one" sh -c "vmpowerctl --json status | grep -q '\"cpusManaged\":2'"
check "which nothing but that has started" test "$process" != "$(pid)"

process=$(pid) sum=$(cksum "$drop_in")
if play "{ ${contracts/1.7GHz/fast} }" >/tmp/refused; then echo "not ok a wrong value is refused"; else echo "ok a wrong value is refused"; fi
check "with its place" grep -q '50-ansible.conf:[0-9]*: .*fast' /tmp/refused
printf '[class silver]\nMaxKhz=1.4GHz\n' >/etc/vm-power.conf.d/60-other.conf
check "what another file has is known" play "{ ${contracts/Class: gold/Class: silver}, vm_power_settings: { cpufreq: { ManagedCpus: 2-3 } } }"
same "and the refused file never was there" "1.4GHz $process" "$(contract MaxKhz) $(pid)"
check "nothing is left of the checks" sh -c '! ls /tmp/tmp.* 2>/dev/null'
