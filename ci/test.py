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

test.py [NAME...] runs only the suites named.
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
# Suites at a time: many mostly wait for limits to pass.
LANES = 2
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


def suites(wanted):
    found = []
    for name in sorted(os.listdir(SUITES)):
        path = os.path.join(SUITES, name)
        if not name.endswith('.sh') or not os.access(path, os.X_OK):
            continue
        short = name[:-3].split('-', 1)[-1]
        if not wanted or short in wanted:
            found.append((short, path))
    missing = set(wanted) - {short for short, _ in found}
    if missing:
        sys.exit(f'error: no suite {", ".join(sorted(missing))}')
    return found


def run_suite(name, path):
    """The cases of one suite, and the seconds that it took. One that says
    nothing, or ends badly without a failing case, is a failing case itself."""
    print(f'== suite {name}', file=sys.stderr)
    began = time.monotonic()
    done = subprocess.run([path], stdout=subprocess.PIPE, check=False)
    cases = ktap.parse(done.stdout.decode(errors='replace'))
    if not cases:
        cases = [ktap.Case('suite', 'fail', 'it printed no result')]
    elif done.returncode and all(c.outcome != 'fail' for c in cases):
        cases.append(ktap.Case('suite', 'fail',
                               f'it ended with status {done.returncode}'))
    for case in cases:
        case.name = f'{name}/{case.name}'
    return cases, time.monotonic() - began


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
    wanted = suites(sys.argv[1:])
    pool = concurrent.futures.ThreadPoolExecutor(LANES)
    runs = [pool.submit(run_suite, name, path) for name, path in wanted]
    for (name, _), run in zip(wanted, runs):
        cases, seconds = run.result()
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
