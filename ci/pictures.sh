#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Draw the pictures of the README from the sources in the documentation, which the
# kernel's own build draws by itself, and that of performance.rst. Needs dot, of Debian's package graphviz; a
# picture says which source it was drawn from, and check-docs.py compares that.

set -euo pipefail

CI=$(cd "$(dirname "$0")" && pwd -P)
SOURCES=$CI/../Documentation/virt/gunyah

for source in "$SOURCES"/*.dot; do
	name=$(basename "$source" .dot)
	sum=$(sha256sum "$source" | cut -d' ' -f1)
	{
		printf '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
		printf '<!-- SPDX-License-Identifier: GPL-2.0 -->\n'
		printf '<!-- Drawn by ci/pictures.sh from %s.dot, sha256 %s -->\n' "$name" "$sum"
		dot -Tsvg "$source" | sed -n '/^<svg/,$p'
	} > "$CI/pictures/$name.svg.new"
	mv "$CI/pictures/$name.svg.new" "$CI/pictures/$name.svg"
done

# That of the benchmark is drawn from the table in the page.
"$CI/bench_picture.py"
