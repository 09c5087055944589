# SPDX-License-Identifier: GPL-2.0-only
#
# The counters of gunyah_rm that Documentation/virt/gunyah/message-queue.rst has.

/^Counters are in the folder/ { section = 1 }
section && /^===/ { rules++ }
section && rules == 1 && /^[a-z_]+/ {
	for (i = 1; i <= NF; i++) {
		name = $i
		last = !sub(/,$/, "", name)
		printf "\t\"gunyah_rm/%s\",\n", name
		if (last)
			break
	}
}
