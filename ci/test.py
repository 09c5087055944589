#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Run the suites of ci/suites/ and add up what they say.

A suite is an executable NN-name.sh that prints KTAP on its standard output
and everything else on standard error; it finds its environment by sourcing
ci/lib.sh. Its cases are named suite/test/case. A skip is a failure unless
ci/allowed-skips.txt names the case with a reason. The last line is

    N passed, N failed, N skipped

and the status is 0 when nothing failed and something passed.

test.py runs the suites on the normal kernel. test.py --builtin runs those of BUILTIN,
which have a kernel of their own. test.py --debug runs those of DEBUG on the debug
kernel, as debug-NAME, then those that are for that kernel alone. test.py NAME... runs
the suites named, of all.

test.py --soak [NAME...] runs the suites of ci/soak/ instead, one at a time, and
each where it likes.
"""

import concurrent.futures
import fnmatch
import os
import subprocess
import sys
import time

import ktap

CI = os.path.dirname(os.path.abspath(__file__))
SUITES = os.path.join(CI, 'suites')
SOAK = os.path.join(CI, 'soak')
# Suites at a time: many mostly wait for limits to pass.
LANES = 3
# Suites on a kernel with the driver built in.
BUILTIN = ('builtin', 'bench')
# Suites that run on the debug kernel once more, the longest first.
DEBUG = ('paged', 'selftests', 'sweeps', 'faults', 'sweeps-paged', 'kunit', 'smp', 'guests')
# Those for the debug kernel only.
DEBUG_ONLY = ('splat', 'down')
# The suite that looks at what those of DEBUG left.
LAST = 'coverage'
ALLOWED = os.path.join(CI, 'allowed-skips.txt')


def allowed_skips():
    """Patterns of case names that may be skipped; each has its reason."""
    patterns = []
    with open(ALLOWED, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if not line or line.startswith('#'):
                continue
            pattern, _, reason = line.partition(' ')
            if not reason.strip():
                sys.exit(f'error: {ALLOWED}:{number}: no reason given')
            patterns.append(pattern)
    return patterns


def suites_of(folder):
    """The path of each suite of a folder by its name."""
    found = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.endswith('.sh') and os.access(path, os.X_OK):
            found[name[:-3].split('-', 1)[-1]] = path
    return found


def all_suites(kind):
    """(name, path, on the debug kernel) of each, in the order to be run."""
    if kind == 'soak':
        return [(name, path, False) for name, path in suites_of(SOAK).items()]
    found = suites_of(SUITES)
    debug = [(f'debug-{name}', found[name], True) for name in DEBUG]
    debug += [(name, found.pop(name), False) for name in (*DEBUG_ONLY, LAST)]
    builtin = [(name, found.pop(name), False) for name in BUILTIN]
    normal = [(name, path, False) for name, path in found.items()]
    return {'normal': normal, 'builtin': builtin, 'debug': debug,
            'named': debug[:-1] + normal + builtin + debug[-1:]}[kind]


def suites(wanted, kind):
    found = all_suites('named' if wanted and kind == 'normal' else kind)
    missing = set(wanted) - {name for name, _, _ in found}
    if missing:
        sys.exit(f'error: no suite {", ".join(sorted(missing))}')
    return [suite for suite in found if not wanted or suite[0] in wanted]


def run_suite(name, path, debug):
    """The cases of one suite, and the seconds that it took. One that says
    nothing, or ends badly without a failing case, is a failing case itself."""
    print(f'== suite {name}', file=sys.stderr)
    began = time.monotonic()
    done = subprocess.run([path], stdout=subprocess.PIPE, check=False,
                          env={**os.environ, 'DEBUG': '1' if debug else ''})
    cases = ktap.parse(done.stdout.decode(errors='replace'))
    if not cases:
        cases = [ktap.Case('suite', 'fail', 'it printed no result')]
    elif done.returncode and all(c.outcome != 'fail' for c in cases):
        cases.append(ktap.Case('suite', 'fail',
                               f'it ended with status {done.returncode}'))
    for case in cases:
        case.name = f'{name}/{case.name}'
    return cases, time.monotonic() - began


def run_all(wanted, lanes):
    """(name, cases, seconds) of each suite, in their order: so many at a time,
    but for the last."""
    with concurrent.futures.ThreadPoolExecutor(lanes) as pool:
        runs = [(suite, pool.submit(run_suite, *suite))
                for suite in wanted if suite[0] != LAST]
        for suite, run in runs:
            yield suite[0], *run.result()
    for suite in wanted:
        if suite[0] == LAST:
            yield LAST, *run_suite(*suite)


def judge(case, allowed):
    if case.outcome != 'skip':
        return
    if any(fnmatch.fnmatchcase(case.name, p) for p in allowed):
        return
    case.outcome = 'fail'
    case.reason = f'skipped, and not allowed to be: {case.reason}'


def main():
    allowed = allowed_skips()
    start = time.monotonic()
    count = {'pass': 0, 'fail': 0, 'skip': 0}
    failed = []
    names = set()
    args = sys.argv[1:]
    kind = 'normal'
    if args[:1] in (['--soak'], ['--builtin'], ['--debug']):
        kind = args.pop(0)[2:]
    wanted = suites(args, kind)
    for name, cases, seconds in run_all(wanted, 1 if kind == 'soak' else LANES):
        for case in cases:
            judge(case, allowed)
            if case.name in names:
                case.outcome = 'fail'
                case.reason = 'two cases have this name'
            names.add(case.name)
            count[case.outcome] += 1
            why = f'  ({case.reason})' if case.reason else ''
            print(f'{case.outcome:4}  {case.name}{why}')
            if case.outcome == 'fail':
                failed.append(case)
        sys.stdout.flush()
        print(f'== suite {name}: {len(cases)} cases, {seconds:.1f} s',
              file=sys.stderr)
    print(f'== all suites: {time.monotonic() - start:.1f} s', file=sys.stderr)
    sys.stderr.flush()
    if failed:
        print('failed:')
        for case in failed:
            print(f'  {case.name}  {case.reason}')
    print(f'{count["pass"]} passed, {count["fail"]} failed, '
          f'{count["skip"]} skipped', flush=True)
    return 1 if count['fail'] or not count['pass'] else 0


if __name__ == '__main__':
    sys.exit(main())
