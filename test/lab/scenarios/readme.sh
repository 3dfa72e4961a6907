# An operator follows README.md, section "Use it", word for word, on a new host: its commands, and its XML for the VM.
# They are read from README.md, so that it stays correct.
. /run/lab/real-guest.sh
export DEBIAN_FRONTEND=noninteractive

cp /run/lab/guest-kernel /run/lab/guest-initramfs $IMAGES/
# The VM before any channel was added.
domain "<vcpu placement='static'>2</vcpu>" 2 >/run/lab/web1.xml
check "the host: its VM is defined" virsh define /run/lab/web1.xml
check "the host: without our package" apt-get --quiet --quiet --yes purge vm-power
check "the host: nothing of ours is there" sh -c "! command -v vmpowerctl && ! test -e $DIRECTORY"

# block LANGUAGE: the first block of that language in the section.
block() {
	python3 - "$1" <<-'PYTHON'
		import re, sys
		section = re.search(r"^## Use it\n(.*?)^## ", open("/run/lab/README.md").read(), re.M | re.S)[1]
		print(re.search(rf"^```{sys.argv[1]}\n(.*?)^```", section, re.M | re.S)[1], end="")
	PYTHON
}
# "virsh edit" opens an editor: this one inserts the XML at its place.
block xml >/run/lab/readme.xml
cat >/usr/local/bin/hands <<'PYTHON'
#!/usr/bin/python3
import re, sys
cpus, devices = open("/run/lab/readme.xml").read().split("...\n")
definition = open(sys.argv[1]).read()
definition = re.sub(r"<vcpu .*?</vcpu>\n", lambda _: cpus, definition)
open(sys.argv[1], "w").write(definition.replace("</devices>", devices + "</devices>"))
PYTHON
chmod +x /usr/local/bin/hands
export EDITOR=/usr/local/bin/hands
# The lab is root already, and has no sudo.
sudo() { command "$@"; }

mkdir -p /run/lab/project/dist
mv /run/lab/vm-power_*.deb /run/lab/project/dist/
cd /run/lab/project || exit
mark
commands=0
while read -r -u 3 line; do
	commands=$((commands + 1))
	# The package was built with the project; this is the result.
	case $line in "make deb"*) continue ;; esac
	check "README: ${line%%  *}" eval "$line"
done 3< <(block "")
echo "figure commands to the first obeyed request $commands"
check "README: five commands at most, and not none" [ "$commands" -ge 4 -a "$commands" -le 5 ]
boots "README"
for cpu in 0 1 2 3; do witness "README: a guest that boots moves no clock" $cpu; done
for vcpu in 0 1; do
	mark
	asks "README" $vcpu min
	for cpu in 0 1 2 3; do
		if [ $cpu = $((vcpu + 2)) ]; then witness "README: vCPU $vcpu: its CPU obeys" $cpu ${cpu}5
		else witness "README: vCPU $vcpu: and no other" $cpu; fi
	done
done
mark
