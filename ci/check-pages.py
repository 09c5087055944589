#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Our pages as the kernel's own makefiles make HTML of them, with the kernel-doc that
they take from the sources: no page may have a warning. Prints KTAP, a case for each
page and one for all that is about none.
"""

import glob
import os
import re
import shutil
import sys

import check
import ktap

PAGES = 'Documentation/virt/gunyah'
NUMBERS = 'Documentation/userspace-api/ioctl/ioctl-number.rst'
OUT = os.path.join(check.KOUT, 'Documentation/output')
WARNING = re.compile(r'\b(warning|error|severe|critical)\b[:!]', re.I)
DOC = re.compile(r'^\.\. kernel-doc:: (\S+)', re.M)


def build():
    """(status, what is said) of all pages from nothing."""
    shutil.rmtree(OUT, ignore_errors=True)
    # The pages made of netlink's specifications are none of ours.
    return check.run([
        'make', '-C', check.KSRC, f'O={check.KOUT}', 'YNL_INDEX=', 'SPHINXOPTS=-q -N',
        f'SPHINXDIRS={os.path.relpath(PAGES, "Documentation")} '
        f'{os.path.relpath(os.path.dirname(NUMBERS), "Documentation")}', 'htmldocs'])


def made(page):
    path = os.path.relpath(page, 'Documentation').replace('.rst', '.html')
    found = glob.glob(f'{OUT}/**/{os.path.basename(path)}', recursive=True)
    return [] if any(os.path.getsize(f) for f in found) else [f'{page}: no HTML was made']


def listed(page):
    """The index of all pages about virtual machines has ours."""
    with open(os.path.join(check.KSRC, page), encoding='utf-8') as file:
        found = re.search(r'^   gunyah/index$', file.read(), re.M)
    return [] if found else [f'{page}: gunyah/index is not there']


# R84: the documentation is kernel-doc clean.
def main():
    status, said = build()
    left = [line.replace(check.KSRC + '/', '') for line in said.splitlines()
            if WARNING.search(line)]
    cases = []
    pages = sorted(glob.glob(os.path.join(check.KSRC, PAGES, '*.rst')))
    for path in [*pages, os.path.join(check.KSRC, NUMBERS)]:
        page = os.path.relpath(path, check.KSRC)
        with open(path, encoding='utf-8') as file:
            names = [page, *DOC.findall(file.read())]
        mine = [line for line in left if any(name in line for name in names)]
        left = [line for line in left if line not in mine]
        cases.append((page, [f'{page}: {line}' for line in mine] or made(page)))
    cases.append(('Documentation/virt/index.rst', listed('Documentation/virt/index.rst')))
    if status and not left:
        left = said.splitlines()[-20:]
    cases.append(('build', [f'build: {line}' for line in left]))
    return ktap.report(cases)


if __name__ == '__main__':
    sys.exit(main())
