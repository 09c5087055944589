#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make run" as the README has it: with a disk that is kept, and on a terminal.

. "$(dirname "$0")/../suite.sh"

number=0
echo "KTAP version 1"

# result STATUS NAME
result()
{
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number $2"
	else
		echo "not ok $number $2"
	fi
}

# Eight megabytes of the guest's have to be in the file, with its checksum.
disk_is_kept()
{
	local disk said kept status=0

	disk=$(mktemp)
	truncate -s 16M "$disk"
	DISK=$disk MEM=1G VCPUS=4 boot run-disk --mode run --timeout 300
	echo "# ${BOOT_WHY:-the boot is good}"
	result "$BOOT_STATUS" disk
	said=$(sed -n 's/^guest: wrote.* on the virtio disk, sha256 \([0-9a-f]*\).*/\1/p' \
		"$BOOT_LOG")
	kept=$(head -c 8388608 "$disk" | sha256sum | cut -c1-16)
	echo "# the guest wrote ${said:-nothing}, the file has $kept"
	[ "$said" = "$kept" ] || status=1
	result $status disk.kept
	rm -f "$disk"
}

# Somebody sits there, and types.
terminal()
{
	local log=$LOGS/run-terminal.txt status=0

	CI=$CI expect > "$log" 2>&1 <<- 'EOF' || status=$?
		set timeout 240
		proc wanted {text} {
			expect {
				-re $text { return }
				timeout { puts "\nnot seen: $text"; exit 1 }
				eof { puts "\nended before: $text"; exit 1 }
			}
		}
		spawn $env(CI)/boot.sh --name run-terminal --mode run
		wanted "guest: a shell"
		wanted "# "
		send "echo \$((6 * 7))\r"
		wanted "\n42\r"
		send "exit\r"
		wanted "the guest powered off"
		wanted "good"
		expect eof
		exit [lindex [wait] 3]
	EOF
	[ "$status" -eq 0 ] || sed -n 's/^not seen/# &/p; s/^ended before/# &/p' "$log"
	result $status terminal
}

disk_is_kept
terminal
echo "1..$number"
