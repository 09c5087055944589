# SPDX-License-Identifier: GPL-2.0
"""
Mistakes that break a requirement each, and the test that has to find them.

mutants/required.txt lists them, for each requirement one or more:

	R1 FILE FUNCTION
	- the line
	+ the line as it is written differently
		SUITE PROGRAM
		what it breaks, where that is not plain

or, where no line of C can show it, "R1 -" and the reason. The case that fails
has to be one that names the requirement, or one of a file that does.
"""

import collections
import importlib
import os
import re
import sys

import draw

CI = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = os.path.join(CI, 'mutants', 'required.txt')
# Where the tests of a suite are.
FOLDERS = {'kunit': 'drivers/virt/gunyah/tests', 'no-hypervisor': 'ci/suites'}
SELFTESTS = 'tools/testing/selftests/gunyah'
FILES = {'no-hypervisor': '30-no-hypervisor.sh'}

requirements = importlib.import_module('check-requirements')

# mutation: None where there is only a reason.
Entry = collections.namedtuple('Entry', 'number mutation suite program')


def bad(text, what):
    sys.exit(f'error: {LIST}: {what}:\n{text}')


def place(text, source, file, function, old, new):
    """The mutation of an entry: its line is there once."""
    lines = source.split('\n')
    bare = draw.strip(source).split('\n')
    found = [at for name, first, last in draw.functions(bare) if name == function
             for at in range(first, last + 1) if lines[at].strip() == old]
    if len(found) != 1:
        bad(text, f'{len(found)} such lines')
    indent = re.match(r'\s*', lines[found[0]])[0]
    return draw.Mutation(file, found[0] + 1, function, 'requirement', lines[found[0]],
                         indent + new)


def entries(texts):
    """What is listed, in its order; texts are the sources by path."""
    with open(LIST, encoding='utf-8') as file:
        text = re.sub(r'^#.*\n', '', file.read(), flags=re.M)
    found = []
    for entry in filter(None, (e.strip('\n') for e in re.split(r'\n\s*\n', text))):
        reason = re.fullmatch(r'R(\d+) -\n(?:\t.*\n?)+', entry)
        match = re.fullmatch(r'R(\d+) (\S+) (\w+)\n- (.*)\n\+ (.*)\n\t(\S+) ?(\S*)(?:\n\t.*)*',
                             entry)
        if reason:
            found.append(Entry(int(reason[1]), None, None, None))
            continue
        if not match or match[2] not in texts:
            bad(entry, 'not an entry')
        mutation = place(entry, texts[match[2]], match[2], match[3], match[4].strip(),
                         match[5].strip())
        found.append(Entry(int(match[1]), mutation, match[6], match[7]))
    return found


def test_file(entry):
    folder = FOLDERS.get(entry.suite, SELFTESTS)
    return os.path.join(folder, FILES.get(entry.suite, entry.program + '.c'))


def faults(listed):
    """What is wrong with the list: requirements left out, tests that name another."""
    wanted = set(requirements.requirements()[0])
    named = requirements.named_by()
    said = [f'R{n}: no mistake breaks it' for n in sorted(wanted - {e.number for e in listed})]
    for entry in listed:
        if entry.number not in wanted:
            said.append(f'R{entry.number}: there is no such requirement')
        elif entry.mutation and not any(t.split(': ')[0] == test_file(entry)
                                        for t in named.get(entry.number, ())):
            said.append(f'R{entry.number}: {test_file(entry)} does not name it')
    return said


def naming(entry):
    """A function that says whether the case of a verdict names the requirement."""
    tests = [t.partition(': ')[2] for t in requirements.named_by()[entry.number]
             if t.split(': ')[0] == test_file(entry)]
    # Words in capitals are time limits; a case with variants has theirs in its name.
    tests = [{w for w in t.split('.') if w and not w.isupper()} for t in tests]

    def wanted(verdict):
        words = set(re.split(r'[/.]', verdict.name))
        return verdict.case and any(test <= words for test in tests)

    return wanted


def stages(listed):
    """What the tests of all of them are without a mistake, a boot for each suite."""
    found = {}
    for entry in listed:
        if entry.mutation:
            found.setdefault(entry.suite, [])
            if entry.program and entry.program not in found[entry.suite]:
                found[entry.suite].append(entry.program)
    return [(suite, programs or None) for suite, programs in found.items()]
