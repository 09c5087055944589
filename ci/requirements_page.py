#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Make Documentation/virt/gunyah/requirements.rst of ci/requirements.md: the same
sentences by the same numbers, for readers of the kernel's tree. What is "Open" is
left out.

Without arguments the page is printed, with --write it is written. page_text() is what
it has to be.
"""

import os
import re
import sys
import textwrap

CI = os.path.dirname(os.path.abspath(__file__))
LIST = os.path.join(CI, 'requirements.md')
PAGE = os.path.join(CI, '../Documentation/virt/gunyah/requirements.rst')

WIDTH = 90
HEAD = """\
.. SPDX-License-Identifier: GPL-2.0

============
Requirements
============

What the drivers have to hold, by number: comments in the code, in the tests and in these
pages name the number that they are about, as in (R57). "RM" is the resource manager.
"""
SECTION = re.compile(r'## [A-Z]\. (.*)')
ENTRY = re.compile(r'- (R\d+) (.*)')


def page_text():
    """The page."""
    out = [HEAD]
    with open(LIST, encoding='utf-8') as file:
        lines = file.read().partition('\n## Open\n')[0].splitlines()
    for line in lines:
        section, entry = SECTION.fullmatch(line), ENTRY.fullmatch(line)
        if section:
            title = section[1]
            out.append(f'\n{title}\n{"=" * len(title)}\n\n')
        elif entry:
            text = textwrap.fill(entry[2].replace('`', '``'), WIDTH, initial_indent='    ',
                                 subsequent_indent='    ', break_on_hyphens=False)
            out.append(f'{entry[1]}\n{text}\n')
    return ''.join(out)


def main():
    if sys.argv[1:] == ['--write']:
        with open(PAGE, 'w', encoding='utf-8') as file:
            file.write(page_text())
    elif sys.argv[1:]:
        sys.exit('use: requirements_page.py [--write]')
    else:
        sys.stdout.write(page_text())
    return 0


if __name__ == '__main__':
    sys.exit(main())
