#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Say which lines of the driver the tests ran.

The boots of the debug kernel leave gcov's counters beside their logs
(boot-debug-*.coverage.tgz); a line is covered when it ran in any of them. The
driver is what stands in FOLDERS, without its tests.

ci/uncovered.txt lists the lines that no test runs, with the reason:

    drivers/virt/gunyah/FILE FUNCTION: the reason
            text of a line
            text of a line

It knows lines by their text, not by their number; "*" is for all lines of the
function. Prints KTAP: the coverage is
LIMIT at least; what is listed stands in the source; and no more than SLACK
lines are uncovered that are not listed. It is not none of them because a few
lines run only when two things happen at the same time, which is not up to the
tests; those that did not run are printed anyway. A line that is listed and ran
is no mistake, for the same reason, but printed: perhaps it runs each time.

The table goes to standard error, and with the lines to coverage.txt in the
folder of the logs. Start it through ci/suites/90-coverage.sh.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

FOLDERS = ('drivers/virt/gunyah', 'arch/arm64/gunyah')
LIMIT = 90.0                    # percent of the lines
SLACK = 10                      # lines
LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    'uncovered.txt')


def fail(message):
    print(f'# {message}\nnot ok 1 measured\n1..1')
    sys.exit(1)


def unpack(archive, folder, kout):
    """The counters of one boot below folder, each beside the notes that the
    compiler made; the files' names, relative to the folder."""
    mark = os.path.basename(kout) + '/'
    names = []
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            _, _, name = member.name.partition(mark)
            if not member.isfile() or not name.endswith('.gcda'):
                continue
            if os.path.dirname(name) not in FOLDERS:
                continue
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as file:
                file.write(tar.extractfile(member).read())
            notes = os.path.splitext(name)[0] + '.gcno'
            os.symlink(os.path.join(kout, notes), os.path.join(folder, notes))
            names.append(name)
    if not names:
        fail(f'{archive} has no counters of the driver')
    return names


def in_driver(path):
    """The name in the source tree of a file of the driver, or None."""
    for folder in FOLDERS:
        at = path.find(folder + '/')
        if at >= 0 and '/' not in path[at + len(folder) + 1:]:
            return path[at:]
    return None


def add_boot(lines, archive, kout):
    """Add what a boot ran to lines: {(file, number): [function, ran]}."""
    with tempfile.TemporaryDirectory() as folder:
        names = unpack(archive, folder, kout)
        gcov = os.environ['CROSS'] + 'gcov'
        done = subprocess.run([gcov, '--json-format', '--stdout', *names],
                              cwd=folder, capture_output=True, text=True,
                              check=False)
    if done.returncode or 'mismatch' in done.stderr:
        fail(f'{gcov}: {done.stderr.strip() or done.returncode}')
    for text in done.stdout.splitlines():
        for file in json.loads(text)['files']:
            name = in_driver(file['file'])
            if name is None:
                continue
            for line in file['lines']:
                key = name, line['line_number']
                function = line.get('function_name', '').split('.')[0]
                entry = lines.setdefault(key, [function, False])
                entry[0] = entry[0] or function
                entry[1] |= line['count'] > 0


def read_list(source):
    """{(file, function, text): reason} of ci/uncovered.txt, and what in it
    does not stand in the source."""
    listed, stale = {}, []
    file = function = reason = None
    with open(LIST, encoding='utf-8') as stream:
        for number, raw in enumerate(stream, 1):
            text = raw.strip()
            if not text or raw.startswith('#'):
                continue
            if not raw[0].isspace():
                match = re.match(r'(\S+) (\w+): (\S.*)$', text)
                if not match:
                    fail(f'{LIST}:{number}: not "FILE FUNCTION: reason"')
                file, function, reason = match.groups()
                continue
            if file is None:
                fail(f'{LIST}:{number}: a line without its function')
            listed[file, function, text] = reason
            there = f'{function}(' if text == '*' else text
            if not any(there in line for line in source.get(file, ())):
                stale.append(f'{file} {function}: {text}')
    return listed, stale


def read_sources(ksrc, kout, names):
    """The lines of each file, which have to be those that were built."""
    built = os.path.getmtime(os.path.join(kout, 'inputs'))
    source = {}
    for name in names:
        path = os.path.join(ksrc, name)
        if os.path.getmtime(path) > built:
            fail(f'{name} was changed after it was built')
        with open(path, encoding='utf-8') as file:
            source[name] = [line.strip() for line in file]
    return source


def table(lines):
    count = {}
    for (name, _), (_, ran) in lines.items():
        for key in (name, 'all'):
            entry = count.setdefault(key, [0, 0])
            entry[0] += 1
            entry[1] += ran
    rows = [f'{"lines":>41}  covered']
    for name in sorted(count, key=lambda n: (n == 'all', n)):
        total, ran = count[name]
        rows.append(f'{name:34} {total:6} {100.0 * ran / total:7.1f} %')
    total, ran = count['all']
    return rows, 100.0 * ran / total


def uncovered(lines, source, listed):
    """Rows of the report, and those of lines that are not listed."""
    rows, unlisted = [], []
    for (name, number), (function, ran) in sorted(lines.items()):
        if ran:
            continue
        text = source[name][number - 1]
        reason = (listed.get((name, function, text)) or
                  listed.get((name, function, '*')))
        row = f'{name}:{number} {function}: {text}'
        rows.append(f'{row}\n        {reason or "NOT LISTED"}')
        if reason is None:
            unlisted.append(row)
    return rows, unlisted


def needless(lines, source, listed):
    """Listed lines that ran, each time that they stand in the source."""
    ran, not_ran = set(), set()
    for (name, number), (function, there) in lines.items():
        for text in (source[name][number - 1], '*'):
            (ran if there else not_ran).add((name, function, text))
    return sorted(' '.join(key) for key in set(listed) & ran - not_ran)


def case(number, good, name, notes):
    for note in notes:
        print(f'# {note}')
    print(f'{"" if good else "not "}ok {number} {name}')
    return good


def main():
    kout, ksrc, logs = (os.environ[n] for n in ('KOUT', 'KSRC', 'LOGS'))
    lines = {}
    for name in sys.argv[1:]:
        archive = os.path.join(logs, f'boot-{name}.coverage.tgz')
        if not os.path.exists(archive):
            fail(f'the boot {name} left no counters')
        add_boot(lines, archive, kout)
    source = read_sources(ksrc, kout, {name for name, _ in lines})
    listed, stale = read_list(source)
    rows, percent = table(lines)
    report, unlisted = uncovered(lines, source, listed)
    print('\n'.join(rows), file=sys.stderr)
    for row in unlisted:
        print(f'not covered, not listed: {row}', file=sys.stderr)
    for row in needless(lines, source, listed):
        print(f'listed, but it ran: {row}', file=sys.stderr)
    with open(os.path.join(logs, 'coverage.txt'), 'w',
              encoding='utf-8') as file:
        file.write('\n'.join(rows + report) + '\n')
    print('KTAP version 1')
    good = case(1, percent >= LIMIT, f'at_least_{LIMIT:.0f}_percent',
                [f'{percent:.1f} % of {len(lines)} lines'])
    good &= case(2, not stale, 'list_is_of_this_source',
                 [f'not there any more: {entry}' for entry in stale])
    good &= case(3, len(unlisted) <= SLACK, 'uncovered_lines_are_listed',
                 [f'{len(unlisted)} of {len(report)} are not listed'])
    print('1..3')
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
