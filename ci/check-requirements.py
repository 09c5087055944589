#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Each requirement of ci/requirements.md is named by a test, or stands there under
"Open" with what is answered today; and no test names one that there is not. Prints
KTAP, a case for each requirement.

A test names a requirement by its number in a comment: one above a case is that
case's, any other the whole file's.

check-requirements.py --list prints each requirement with its tests instead.
"""

import os
import re
import sys

import ktap

CI = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(CI)
LIST = os.path.join(CI, 'requirements.md')

# Where tests are. Those of ci/ are checks and suites by the name of the file.
TESTS = (
    'drivers/virt/gunyah/tests', 'tools/testing/selftests/gunyah',
    'tools/testing/gunyah/hyp/tests', 'ci/suites', 'ci/soak', 'ci/check.py',
    'ci/check-binding.py', 'ci/series.py', 'ci/check-series.py',
)
SOURCE = re.compile(r'\.(c|h|sh|py)$')
NUMBER = re.compile(r'\bR(\d{1,2})(?: to R?(\d{1,2}))?\b')
# The first line behind a comment that makes a case of a kselftest or of KUnit.
CASE = re.compile(r'(?:TEST|TEST_F|TEST_F_TIMEOUT|TEST_F_SIGNAL|FIXTURE_VARIANT_ADD|'
                  r'KUNIT_ARRAY_PARAM_DESC)\(([^)]*?)\)|static void (\w+)\(struct kunit|'
                  r'static const struct \w+ (\w+)\[\]')
COMMENT = re.compile(r'^\s*(/\*|\*|//|#)')


def numbers(text):
    found = set()
    for match in NUMBER.finditer(text):
        first = int(match[1])
        found.update(range(first, int(match[2] or first) + 1))
    return found


def requirements():
    """{number: text} of the requirements, {number: reason} of the open ones."""
    wanted, is_open = {}, {}
    section = ''
    with open(LIST, encoding='utf-8') as file:
        for line in file:
            if line.startswith('## '):
                section = line[3:].strip()
            match = re.match(r'- ((?:R\d+(?:, )?)+):? (.*)', line)
            if not match:
                continue
            for number in numbers(match[1]):
                if section == 'Open':
                    is_open.setdefault(number, []).append(match[2])
                else:
                    wanted[number] = match[2]
    return wanted, is_open


def test_files():
    for place in TESTS:
        path = os.path.join(TOP, place)
        if os.path.isfile(path):
            yield path
        for folder, _, names in os.walk(path):
            yield from (os.path.join(folder, name) for name in sorted(names)
                        if SOURCE.search(name))


def case_name(line):
    match = CASE.match(line)
    if not match:
        return ''
    words = [w.strip() for w in (match[1] or match[2] or match[3]).split(',')]
    if line.startswith('KUNIT'):
        words = words[:1]
    return '.'.join(w for w in words if not w.isdigit())


def named_by():
    """{number: {test}}"""
    found = {}
    for path in test_files():
        name = os.path.relpath(path, TOP)
        with open(path, encoding='utf-8', errors='replace') as file:
            lines = file.read().splitlines()
        for i, line in enumerate(lines):
            if line.startswith('#include') or not (
                    COMMENT.match(line) or os.path.dirname(path) == CI):
                continue
            case = ''
            for after in lines[i + 1:i + 12]:
                if not COMMENT.match(after):
                    case = case_name(after)
                    break
            for number in numbers(line):
                found.setdefault(number, set()).add(
                    f'{name}: {case}' if case else name)
    return found


def print_list(wanted, is_open, found):
    for number, text in sorted(wanted.items()):
        print(f'R{number} {text}')
        for test in sorted(found.get(number, ())):
            print(f'    {test}')
        for reason in is_open.get(number, ()):
            print(f'    open: {reason}')


def check(wanted, is_open, found):
    cases = []
    for number in sorted(wanted):
        faults = []
        if number not in found and number not in is_open:
            faults = [f'R{number}: no test names it, and it is not said to be open']
        cases.append((f'R{number}', faults))
    for number in sorted((set(found) | set(is_open)) - set(wanted)):
        where = sorted(found.get(number, {'"Open" of ci/requirements.md'}))
        cases.append((f'R{number}', [f'R{number}: there is no such requirement: {where[0]}']))
    return ktap.report(cases)


def main():
    wanted, is_open = requirements()
    found = named_by()
    if sys.argv[1:] == ['--list']:
        print_list(wanted, is_open, found)
        return 0
    return check(wanted, is_open, found)


if __name__ == '__main__':
    sys.exit(main())
