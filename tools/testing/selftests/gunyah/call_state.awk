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
	if (NF == 6)
		printf " \"%s\", \"\", \"%s\", \"%s\", \"%s\", \"%s\" } },\n", $2, $3, $4, $5, $6
	else
		printf " \"%s\", \"%s\", \"%s\", \"%s\", \"%s\", \"%s\" } },\n", $2, $3, $4, $5, $6, $7
}
