#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The recorded traces of the published resource manager, played against the
# test hypervisor: a boot and a case for each table. What is not compared, and
# why, stands in tools/testing/gunyah/hyp/tests/exceptions.txt. Time is counted
# in instructions: some requests have to come before what is late by 300 us.
#
# 40-replay.sh [NAME...] plays only the tables whose names begin so.

. "$(dirname "$0")/../suite.sh"

TESTS=$KSRC/tools/testing/gunyah/hyp/tests
OUT=$HYPOUT/tests
DIR=$LOGS/replay

step payloads "building the payloads of the replay in $OUT" \
	make -C "$TESTS" O="$OUT" KSRC="$KSRC" CROSS_COMPILE="$CROSS" \
	CC="ccache ${CROSS}gcc" -j"$JOBS"
rm -rf "$DIR"
mkdir -p "$DIR"

tables=()
for table in "$TESTS"/traces/*.trace; do
	name=$(basename "$table" .trace)
	[ $# -gt 0 ] || tables+=("$name")
	for wanted in "$@"; do
		case $name in "$wanted"*) tables+=("$name") ;; esac
	done
done

# play NAME: its status and what was printed are kept in files.
play()
{
	local table=$TESTS/traces/$1.trace options
	options=$(sed -n 's/^option /ghyp./p' "$table" | tr '\n' ' ')
	PAYLOAD_ICOUNT=1 "$TESTS/run-payload.sh" "$HYPOUT/hyp.bin" "$OUT/replay.bin" \
		"$DIR/$1.log" "$options" "$table" &&
		grep -aq '^replay: [1-9][0-9]* lines, 0 differences' "$DIR/$1.log" ||
		echo failed > "$DIR/$1.failed"
}
export -f play
export TESTS OUT DIR

say "playing ${#tables[@]} recorded traces, logs: $DIR"
# shellcheck disable=SC2016 # $1 is for the inner shell
printf '%s\0' "${tables[@]}" | xargs -0 -n 1 -P "$JOBS" bash -c 'play "$1"' play

echo "KTAP version 1"
echo "1..${#tables[@]}"
number=0
for name in "${tables[@]}"; do
	number=$((number + 1))
	if [ -e "$DIR/$name.failed" ]; then
		tr -d '\r' < "$DIR/$name.log" | grep -a -v '^hyp: [0-9]' |
			head -n 12 | sed 's/^#* */# /'
		echo "not ok $number $name"
	else
		echo "ok $number $name"
	fi
done
