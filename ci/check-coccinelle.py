#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
The kernel's rules for Coccinelle (scripts/coccinelle), by its own coccicheck in the
mode "report" and on our folders only. Prints KTAP, a case for each rule.

check-coccinelle.py [RULE...] looks by these rules only, such as free/kfree. A rule
that found nothing is not tried again until it or a source changes.
"""

import concurrent.futures
import fnmatch
import glob
import os
import re
import shutil
import subprocess
import sys

import check
import ktap

KSRC, KOUT = check.KSRC, check.KOUT
RULES = os.path.join(KSRC, 'scripts/coccinelle')
CLEAN = os.path.join(os.environ['WORK'], 'coccinelle')
# Our sources and nothing else, as spatch takes one folder.
TREE = os.path.join(CLEAN, 'tree')
OURS = (*check.KERNEL_DIRS, 'samples/gunyah', 'tools/testing/selftests/gunyah',
        'tools/testing/gunyah/hyp', 'include/linux/gunyah.h',
        'include/uapi/linux/gunyah.h')
# What coccicheck says in any case; all else is a report, or a mistake.
CHATTER = re.compile(r'^$|^\S*spatch -D |^Please check for false positives|'
                     r'^When using "patch" mode|^\d+ files match$|'
                     r'^warning: line \d+: should \w+ be a metavariable\?$')
# Rules that are not tried, and why.
LEFT_OUT = (
    # Written in OCaml, which would have to be installed. The one is about a driver
    # that is none of ours, the other about what sparse says, too: 0 for NULL.
    'api/check_bq27xxx_data', 'null/badzero',
)
# Reports that are wrong, or right where it does not matter: rule, file, why.
EXCEPTIONS = (
    # Programs have no min() and max().
    ('misc/minmax', 'samples/gunyah/*'),
    ('misc/minmax', 'tools/testing/selftests/gunyah/*'),
)


def environment():
    """What the kernel's makefiles give to coccicheck."""
    arch = 'arch/arm64/include'
    folders = [f'{KSRC}/{arch}', f'{KOUT}/{arch}/generated', f'{KSRC}/include',
               f'{KOUT}/include', f'{KSRC}/{arch}/uapi', f'{KOUT}/{arch}/generated/uapi',
               f'{KSRC}/include/uapi', f'{KOUT}/include/generated/uapi']
    include = ' '.join(f'-I{f}' for f in folders)
    # It would look for words by git grep, but the tree is no repository.
    return {**os.environ, 'srctree': KSRC, 'MODE': 'report', 'J': '1',
            'SPFLAGS': '--use-coccigrep',
            'KBUILD_EXTMOD': TREE,
            'LINUXINCLUDE': f'{include} -include {KSRC}/include/linux/kconfig.h'}


def make_tree():
    """The sources' paths in a new TREE."""
    shutil.rmtree(TREE, ignore_errors=True)
    sources = sorted(path for one in OURS for path in
                     [*glob.glob(f'{KSRC}/{one}/**/*.[ch]', recursive=True),
                      *glob.glob(f'{KSRC}/{one}')] if os.path.isfile(path))
    for path in sources:
        copy = os.path.join(TREE, os.path.relpath(path, KSRC))
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(path, copy)
    return sources


def excepted(rule, line):
    return any(rule == one and fnmatch.fnmatchcase(line.split(':')[0], path)
               for one, path in EXCEPTIONS)


def faults_of(rule, said):
    """What coccicheck says of our files, or why it could not."""
    lines = [line.replace(TREE + '/', '') for line in said.stdout.splitlines()
             if not CHATTER.match(line)]
    lines = [line for line in lines if not excepted(rule, line)]
    return lines or [f'status {said.returncode}'] * bool(said.returncode)


def try_rule(rule, base, env):
    path = os.path.join(RULES, rule + '.cocci')
    if not os.path.exists(path):
        return [f'there is no {path}']
    key = base.copy()
    key.update(check.digest(path).digest())
    mark = os.path.join(CLEAN, key.hexdigest())
    if os.path.exists(mark):
        return []
    said = subprocess.run([os.path.join(KSRC, 'scripts/coccicheck')], env={
        **env, 'COCCI': path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors='replace', check=False)
    faults = faults_of(rule, said)
    if not faults:
        with open(mark, 'w', encoding='ascii'):
            pass
    return [f'{rule}: {fault}' for fault in faults]


# R86: clean by the kernel's own checks.
def main():
    rules = sys.argv[1:] or sorted(
        {os.path.relpath(path, RULES).removesuffix('.cocci')
         for path in glob.glob(RULES + '/**/*.cocci', recursive=True)} - {*LEFT_OUT})
    os.makedirs(CLEAN, exist_ok=True)
    env = environment()
    base = check.digest(__file__, os.path.join(KSRC, 'scripts/coccicheck'),
                        *make_tree())
    base.update(check.run(['spatch', '--version'])[1].encode())
    with concurrent.futures.ThreadPoolExecutor(check.JOBS) as pool:
        found = pool.map(lambda rule: try_rule(rule, base, env), rules)
        return ktap.report(list(zip(rules, found)) or [('rules', ['there are none'])])


if __name__ == '__main__':
    sys.exit(main())
