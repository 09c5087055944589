# SPDX-License-Identifier: GPL-2.0-only
#
# Turns the table "Errors of the calls" of Documentation/virt/gunyah/vm-manager.rst
# into rows of C: a call, and the errnos that it may fail with.

function flush() {
	if (call != "")
		printf "\t{ \"%s\", {%s 0 } },\n", call, errnos
	call = errnos = ""
}

/^Errors of the calls$/ { section = 1 }
section && /^===.*  ===/ { rules++ }
rules == 3 { flush(); exit }
rules == 2 && !/^===/ {
	if (/^``/) {
		flush()
		call = substr($0, 1, index($0, "  ") - 1)
		gsub(/`/, "", call)
	}
	for (i = 1; i <= NF; i++)
		if ($i ~ /^E[A-Z0-9]+$/)
			errnos = errnos " " $i ","
}
