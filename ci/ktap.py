#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Read test results in TAP or KTAP form, and take them out of a console log.

parse() gives the results of a text as a list of cases. A case is named by its
test and its own name; results nested deeper (the rows of a parameterised
KUnit test) are folded into their case, which fails when a row fails.

As a program: ktap.py LOG prints what the programs that the primary VM's init
ran said, as one KTAP text: one test per program.
"""

import re
import sys
from dataclasses import dataclass, field

RESULT = re.compile(r'^( *)(not ok|ok) (\d+)(?: -)?(?: ([^#]*?))?'
                    r'(?:\s*#\s*(SKIP|XFAIL|XPASS|skip)\b:?\s*(.*))?'
                    r'(?:\s*#.*)?$')
PLAN = re.compile(r'^( *)1\.\.(\d+)(?:\s*#\s*(SKIP|skip)\b:?\s*(.*))?')
ANSI = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]')
KERNEL = re.compile(r'^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?')
BEGIN = re.compile(r'^(SELFTEST|KUNIT)-BEGIN (\S+)$')
END = re.compile(r'^(SELFTEST|KUNIT)-END (\S+)(?: status=(\d+))?$')


@dataclass
class Node:
    """One result line with the results nested under it."""
    name: str
    good: bool
    skip: str = None
    children: list = field(default_factory=list)


@dataclass
class Case:
    name: str
    outcome: str            # pass, fail, skip
    reason: str = ''


class Level:
    def __init__(self, indent):
        self.indent = indent
        self.plan = None
        self.nodes = []


def close(levels, text_name):
    """End the innermost level: its results, with a failure for a bad plan."""
    level = levels.pop()
    if level.plan is not None and level.plan != len(level.nodes):
        level.nodes.append(Node(
            f'{text_name}plan: {level.plan} results announced, '
            f'{len(level.nodes)} seen', False))
    return level.nodes


def tree(text):
    """The results of a text as a list of nodes."""
    levels = [Level(0)]
    orphans = []
    for line in text.splitlines():
        plan = PLAN.match(line)
        result = RESULT.match(line)
        if not plan and not result:
            continue
        indent = len((plan or result)[1])
        while len(levels) > 1 and levels[-1].indent > indent:
            orphans = close(levels, '') + orphans
        if levels[-1].indent < indent:
            levels.append(Level(indent))
        level = levels[-1]
        if plan:
            if plan[3] and int(plan[2]) == 0:
                level.nodes.append(Node('all', True, plan[4] or 'no reason'))
                continue
            level.plan = int(plan[2])
            continue
        skip = None
        good = result[2] == 'ok'
        if result[5] and result[5].upper() == 'SKIP':
            skip = result[6] or 'no reason'
        elif result[5] and result[5].upper() == 'XFAIL':
            good = True
        level.nodes.append(Node((result[4] or f'case {result[3]}').strip(),
                                good, skip, orphans))
        orphans = []
    while len(levels) > 1:
        orphans = close(levels, '') + orphans
    nodes = close(levels, '')
    if orphans:
        nodes.append(Node('unfinished', False, None, orphans))
    return nodes


def fold(node):
    """What a case with rows came to, and which row says so."""
    bad = first_bad(node)
    if bad:
        return 'fail', bad if bad != node.name else ''
    if node.skip is not None:
        return 'skip', node.skip
    if node.children and all(fold(c)[0] == 'skip' for c in node.children):
        return 'skip', fold(node.children[0])[1]
    return 'pass', ''


def first_bad(node):
    for child in node.children:
        bad = first_bad(child)
        if bad:
            return bad
    return None if node.good else node.name


def report(cases):
    """Print the cases of a check, (name, lines that say what is wrong) each; the
    status to exit with."""
    print('KTAP version 1')
    print(f'1..{len(cases)}')
    for number, (name, faults) in enumerate(cases, 1):
        for fault in faults:
            print(f'# {fault}')
        print(f'{"not ok" if faults else "ok"} {number} {name}')
    return 1 if any(faults for _, faults in cases) else 0


def parse(text):
    """The cases of a text; a test without nested results is a case itself."""
    cases = []
    for test in tree(text):
        if not test.children:
            cases.append(Case(test.name, *fold(test)))
            continue
        for child in test.children:
            cases.append(Case(f'{test.name}/{child.name}', *fold(child)))
        if not test.good and all(first_bad(c) is None for c in test.children):
            cases.append(Case(f'{test.name}/result', 'fail',
                              'the test failed though no case did'))
    return cases


def programs(log):
    """(kind, name, lines, status or None) per program of a console log."""
    kind = name = None
    lines = []
    for raw in log.split('\n'):
        line = ANSI.sub('', raw).rstrip('\r')
        # Those of KUnit come by the kernel's log, to be in one order with it.
        mark = KERNEL.sub('', line, count=1)
        begin, end = BEGIN.match(mark), END.match(mark)
        if begin:
            if name:
                yield kind, name, lines, None
            kind, name, lines = begin[1], begin[2], []
        elif end and end[2] == name:
            yield kind, name, lines, int(end[3] or 0)
            kind = name = None
        elif name and not line.startswith('hyp: '):
            lines.append(line)
    if name:
        yield kind, name, lines, None


def kunit_text(lines):
    """The KTAP of a module out of the kernel's log, one level less nested."""
    keep = []
    for line in lines:
        if not KERNEL.match(line):
            continue
        text = KERNEL.sub('', line, count=1)
        if re.match(r'^ *(ok|not ok|1\.\.|KTAP|TAP|#)', text):
            keep.append(text)
    return keep


def selftest_text(lines):
    return [line for line in lines if not KERNEL.match(line)]


def extract(log):
    """One KTAP text of all the programs of a console log."""
    out = ['KTAP version 1']
    number = 0
    for kind, name, lines, status in programs(log):
        text = kunit_text(lines) if kind == 'KUNIT' else selftest_text(lines)
        nodes = tree('\n'.join(text))
        good = status == 0 and bool(nodes)
        if kind == 'KUNIT':
            # The suites of the module are the tests; the module itself is a
            # result only when it failed to be loaded or unloaded.
            for node in nodes:
                number += 1
                if node.name.startswith('plan:'):
                    node.name = f'{name} {node.name}'
                write(out, node, 0, number)
            if good:
                continue
            number += 1
            out.append(f'not ok {number} {name}')
            continue
        number += 1
        skipped = status == 4
        write(out, Node(name, good or skipped, None, nodes or [
            Node('ran', skipped, 'the program' if skipped else None)]),
              0, number)
        if status is None:
            number += 1
            out.append(f'not ok {number} {name}: did not end')
    if not number:
        out.append('not ok 1 no test ran')
        number = 1
    out.append(f'1..{number}')
    return '\n'.join(out)


def write(out, node, depth, number):
    pad = ' ' * (4 * depth)
    for index, child in enumerate(node.children):
        write(out, child, depth + 1, index + 1)
    skip = '' if node.skip is None else f' # SKIP {node.skip}'
    word = 'ok' if node.good else 'not ok'
    out.append(f'{pad}{word} {number} {node.name}{skip}')


SELF_TEST = '''KTAP version 1
1..3
    KTAP version 1
    1..3
    ok 1 plain
        KTAP version 1
        ok 1 row a
        not ok 2 row b
    not ok 2 rows
    ok 3 left # SKIP no cpu
not ok 1 first
    TAP version 13
    1..2
    # noise
    ok 1 fixture.variant.name
ok 2 second
ok 3 third # SKIP absent
'''

SELF_TEST_LOG = '''[    1.0] noise
SELFTEST-BEGIN prog
TAP version 13
1..2
# Starting 2 tests
[    1.1] ok 9 noise
hyp: noise
ok 1 global.a
ok 2 global.b # SKIP why
SELFTEST-END prog status=0
[    2.0] KUNIT-BEGIN mod
[    2.0] KTAP version 1
[    2.0] 1..1
[    2.0]     KTAP version 1
[    2.0]     # Subtest: layer
[    2.0]     1..1
[    2.0]     ok 1 works
[    2.0] ok 1 layer
[    2.1] KUNIT-END mod status=0
SELFTEST-BEGIN dead
ok 1 x
'''


def self_test():
    got = [(c.name, c.outcome) for c in parse(SELF_TEST)]
    want = [('first/plain', 'pass'), ('first/rows', 'fail'),
            ('first/left', 'skip'),
            ('second/fixture.variant.name', 'pass'),
            ('second/plan: 2 results announced, 1 seen', 'fail'),
            ('third', 'skip')]
    assert got == want, got
    got = [(c.name, c.outcome) for c in parse(extract(SELF_TEST_LOG))]
    want = [('prog/global.a', 'pass'), ('prog/global.b', 'skip'),
            ('layer/works', 'pass'), ('dead/x', 'pass'),
            ('dead/result', 'fail'), ('dead: did not end', 'fail')]
    assert got == want, got
    got = [(c.name, c.outcome) for c in parse(extract(''))]
    assert got == [('no test ran', 'fail')], got


if __name__ == '__main__':
    if sys.argv[1:] == ['--self-test']:
        self_test()
    else:
        with open(sys.argv[1], encoding='utf-8', errors='replace') as file:
            print(extract(file.read()))
