# SPDX-License-Identifier: GPL-2.0-only
#
# Turns the table "Calls and states" of Documentation/virt/gunyah/vm-manager.rst
# into rows of C, so that the test is the documentation's.

/^Calls and states$/ { section = 1 }
section && /^===/ { rules++ }
section && rules == 4 { exit }
section && rules == 3 && /^``GUNYAH/ {
	gsub(/\([0-9]\) ?/, "")
	gsub(/`/, "")
	printf "\t{ \"%s\", {", $1
	# Where a cell held a footnote only, there is nothing to test.
	rest = NF == 8 ? 3 : 4
	printf " \"%s\", \"%s\"", $2, NF == 8 ? "" : $3
	for (i = rest; i <= NF; i++)
		printf ", \"%s\"", $i
	printf " } },\n"
}
