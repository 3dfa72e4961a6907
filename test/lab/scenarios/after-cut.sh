# The host boots again after a power cut: its CPUs have the settings of any boot, and the daemon serves.
. /usr/local/sbin/lab-words

eventually "the unit is active again" 60 serving
same "without a failure before" 0 "$(systemctl show -P NRestarts vm-power)"
same "every CPU is managed" "$(nproc)" "$(field cpusManaged)"
for cpu in 0 1 2 3; do same "CPU $cpu is as at any boot" performance "$(governor $cpu)"; done
same "nothing is left to put back" "" "$(ls -A /run/vm-power/restore 2>/dev/null)"
same "the channel directory was made again" "libvirt-qemu kvm" "$(stat -c '%U %G' $DIRECTORY)"
one_guest
