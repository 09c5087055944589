# SPDX-License-Identifier: GPL-2.0-only
#
# Turns the tables "Calls and states" of Documentation/virt/gunyah/vm-manager.rst
# into rows of C, so that the test is the documentation's: the flow that the table is
# of, the call, and a cell for each state.  Where a cell holds a footnote only, there
# is nothing to test.

# Where the columns of the table begin, by the line above it.
function columns(	i)
{
	n = 0
	for (i = 1; i <= length($0); i++)
		if (substr($0, i, 1) == "=" && (i == 1 || substr($0, i - 1, 1) == " "))
			start[++n] = i
}

function cell(i,	text)
{
	text = i < n ? substr($0, start[i], start[i + 1] - start[i]) : substr($0, start[i])
	gsub(/`/, "", text)
	sub(/ *$/, "", text)
	return text
}

/^Calls and states$/ { section = 1; next }
section && /^==* *$/ { section++ }
section == 3 { exit }
section && /^==*  *=/ {
	if (++rules == 1)
		columns()
	if (rules == 3) {
		rules = 0
		tables++
	}
	next
}
rules == 2 {
	printf "\t{ %s, \"%s\", {", tables ? "PAGED" : "EAGER", cell(1)
	for (i = 2; i <= n; i++) {
		text = cell(i)
		sub(/ *\([0-9]\)$/, "", text)
		printf "%s \"%s\"", (i == 2 ? "" : ","), text
	}
	printf " } },\n"
}
