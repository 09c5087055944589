# SPDX-License-Identifier: GPL-2.0-only
#
# Turns the tables of Documentation/virt/gunyah/monitors.rst into rows of C: the
# heading, the call, and what it says in each column.

/^====*$/ { if (last != "") monitor = last }
/^==.* =/ { rule = (rule + 1) % 3 }
/^call / { columns = NF - 1 }
rule == 2 && /^``/ {
	gsub(/`|\\/, "")
	step = $1
	for (i = 2; i <= NF - columns; i++)
		step = step " " $i
	printf "\t{ \"%s\", \"%s\", { \"%s\", \"%s\", \"%s\" } },\n", monitor, step,
	       columns == 3 ? $(NF - 2) : "", $(NF - 1), $NF
}
{ last = $0 }
