#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Check the series patch by patch, on the base as it is: does each mail apply, is it
clean by checkpatch, and does the tree behind it build without warnings, as modules
and built in, with the programs that it brings. Where the list says so the KUnit
tests run. What is there in the end is the overlay, and links. Prints KTAP, and as
the last line "N passed, N failed, N skipped".

check-series.py [FIRST [LAST]] builds only these patches, by number.

The tree is hard links to the base. Its git repository lies outside of it and has only
the files that the series writes, so that it is made in a moment; a new file that the
base has already is a failure all the same, as git am looks at the tree.
"""

import concurrent.futures
import fnmatch
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

import check
import grow
import series

ENV = os.environ
PLACE = os.path.join(ENV['WORK'], 'series')
TREE = os.path.join(PLACE, 'linux-' + ENV['BASE_TAG'])
MODULES = os.path.join(PLACE, 'build-' + ENV['BASE_TAG'])
BUILT_IN = os.path.join(PLACE, 'built-in-' + ENV['BASE_TAG'])
MAILS = os.path.join(PLACE, 'mails')
ROOT = os.path.join(PLACE, 'root')
CLEAN = os.path.join(PLACE, 'clean')
ENV['CCACHE_BASEDIR'] = PLACE
CROSS, JOBS = ENV['CROSS'], ENV['JOBS']
FOLDERS = ('arch/arm64/gunyah', 'drivers/virt/gunyah')
MAKE = (f'CC=ccache {CROSS}gcc', 'HOSTCC=ccache gcc')
PROGRAMS = ('samples/gunyah', 'tools/testing/selftests/gunyah',
            'tools/testing/gunyah/hyp', 'tools/testing/gunyah/hyp/tests',
            'tools/testing/gunyah/hyp/tests/vgic')
GIT = {**ENV, 'GIT_DIR': os.path.join(PLACE, 'git'), 'GIT_WORK_TREE': TREE,
       'GIT_CONFIG_GLOBAL': os.devnull, 'GIT_CONFIG_NOSYSTEM': '1',
       **{f'GIT_{kind}_{key}': value for kind in ('AUTHOR', 'COMMITTER')
          for key, value in (('NAME', 'check'), ('EMAIL', 'check@example.invalid'))}}

# Reports of checkpatch about mails that are right as they are: kind, file, why. Those
# about whole files are in check.py.
EXCEPTIONS = (
    # The entry for all of them comes with the documentation.
    ('FILE_PATH_CHANGES', '*'),
)
# And those about mails that nobody signs yet.
UNSIGNED = (('MISSING_SIGN_OFF', '*'), ('NO_AUTHOR_SIGN_OFF', '*'))


class Results:
    def __init__(self):
        self.count = {True: 0, False: 0}
        print('KTAP version 1', flush=True)

    def case(self, name, fault, note=''):
        """Say how it went; FAULT is empty when all is well. Returns that."""
        self.count[not fault] += 1
        for line in fault.splitlines()[-40:]:
            print(f'# {line}')
        print(f'{"not ok" if fault else "ok"} {sum(self.count.values())} {name}'
              f'{" # " + note if note else ""}', flush=True)
        return not fault

    def end(self):
        print(f'1..{sum(self.count.values())}')
        print(f'{self.count[True]} passed, {self.count[False]} failed, 0 skipped',
              flush=True)
        return 1 if self.count[False] or not self.count[True] else 0


def run(cmd, **kwargs):
    """(fault, output) of a command; the fault is empty when it ended well."""
    done = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors='replace', check=False, **kwargs)
    return (done.stdout or f'status {done.returncode}') if done.returncode else '', \
        done.stdout


def git(*args):
    return run(['git', *args], cwd=TREE, env=GIT)


def must(fault_and_output):
    fault, out = fault_and_output
    if fault:
        sys.exit(f'error: {fault}')
    return out


def kmake(out, *args):
    return run(['make', '-C', TREE, f'O={out}', 'ARCH=arm64',
                f'CROSS_COMPILE={CROSS}', *MAKE, f'-j{JOBS}', *args])


def make_tree(edited):
    """The base, and a commit of those of its files that the series edits."""
    os.makedirs(PLACE, exist_ok=True)
    for old in (TREE, GIT['GIT_DIR'], MAILS):
        shutil.rmtree(old, ignore_errors=True)
    must(run(['cp', '-al', ENV['BASE_SRC'], TREE]))
    must(git('init', '-q'))
    must(git('add', '-f', *edited))
    must(git('commit', '-q', '-m', 'base'))
    must(git('tag', 'base'))


def checkpatch(mail, exceptions):
    """What checkpatch says of a mail, but for what is excepted. One that was clean is
    not looked at again until something of all this changes."""
    seen = check.digest(os.path.join(ENV['KSRC'], 'scripts/checkpatch.pl'), __file__,
                        os.path.join(ENV['KSRC'], check.BINDING))
    text = re.sub(r'^(From|Date): .*\n', '', series.read(mail), flags=re.M)
    seen.update(repr((exceptions, text)).encode())
    mark = os.path.join(CLEAN, seen.hexdigest())
    if os.path.exists(mark):
        return ''
    _, out = run(['perl', 'scripts/checkpatch.pl', '--strict', '--terse', '--showfile',
                  '--show-types', '--no-summary', mail], cwd=ROOT)
    faults = []
    for line in out.splitlines():
        match = re.match(r'(.*?):\d+: (?:ERROR|WARNING|CHECK):(\w+): ', line)
        if not match or not any(
                match[2] == kind and fnmatch.fnmatchcase(match[1], path)
                for kind, path in exceptions):
            faults.append(line)
    if not faults:
        with open(mark, 'w', encoding='ascii'):
            pass
    return '\n'.join(faults)


def check_mails(results, mails):
    exceptions = list(EXCEPTIONS)
    exceptions += [(kind, path) for path, kinds in check.IGNORED.items()
                   for kind in kinds]
    if not series.identity():
        exceptions += UNSIGNED
    os.makedirs(CLEAN, exist_ok=True)
    check.kernel_root(ROOT)
    with concurrent.futures.ThreadPoolExecutor(int(JOBS)) as pool:
        said = pool.map(lambda m: checkpatch(m, exceptions), mails)
        for mail, fault in zip(mails, said):
            results.case('checkpatch-' + os.path.basename(mail), fault)


def configure(out):
    """The fragments of ci/config, with the options that the tree has."""
    kconfig = ''.join(series.read(path) for path in (
        f'{TREE}/drivers/virt/gunyah/Kconfig', f'{TREE}/samples/Kconfig')
        if os.path.exists(path))
    known = set(grow.options(kconfig))
    wanted = {}
    for name in must(run([f'{series.CI}/configure.sh', '--list'])).split():
        for line in series.read(name).splitlines():
            match = re.match(r'(\??)CONFIG_(\w+)=(.*)', line)
            if match and (not match[1] or match[2] in known):
                wanted[match[2]] = match[3]
    if out == BUILT_IN:
        wanted.update((option, 'y') for option in wanted
                      if option.startswith(('GUNYAH', 'KUNIT')))
    lines = ''.join(f'CONFIG_{option}={value}\n' for option, value in wanted.items())
    # Anew also when there are options that nobody asks for.
    lines += f'# for {hashlib.sha256(kconfig.encode()).hexdigest()}\n'
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, 'all.config')
    if os.path.exists(path) and series.read(path) == lines and \
            os.path.exists(os.path.join(out, '.config')):
        return ''
    with open(path, 'w', encoding='ascii') as file:
        file.write(lines)
    fault, _ = kmake(out, f'KCONFIG_ALLCONFIG={path}', 'allnoconfig')
    got = series.read(os.path.join(out, '.config')).splitlines()
    return fault or '\n'.join(f'{line}: the configuration has it not'
                              for line in lines.splitlines()
                              if '_GUNYAH' in line and line not in got)


def kunit():
    """(fault, number of tests) of the tests that are built in: without a hypervisor,
    as they replace it."""
    fault, _ = kmake(BUILT_IN, 'Image')
    if fault:
        return fault, 0
    _, log = run(['timeout', '300', 'qemu-system-aarch64', '-machine', 'virt',
                  '-cpu', 'max,pauth=off', '-m', '1G', '-nic', 'none', '-no-reboot',
                  '-display', 'none', '-monitor', 'none', '-serial', 'stdio',
                  '-kernel', f'{BUILT_IN}/arch/arm64/boot/Image', '-append',
                  'console=ttyAMA0 kunit_shutdown=poweroff panic=-1'],
                 stdin=subprocess.DEVNULL)
    path = os.path.join(PLACE, 'kunit.log')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(log)
    _, said = run([sys.executable, 'tools/testing/kunit/kunit.py', 'parse', path],
                  cwd=TREE)
    match = re.search(r'Ran (\d+) tests: passed: (\d+)(.*)', said)
    if not match or match[1] == '0':
        return log or 'nothing came', 0
    return (said if re.search('fail|crash|error', match[3]) else ''), int(match[1])


def build(out):
    """Our folders with W=1, as modules by sparse, too; each warning is an error."""
    targets = [f + '/' for f in FOLDERS if os.path.exists(f'{TREE}/{f}/Makefile')]
    # Its option wants a kernel for debugging.
    targets += [o for o in ('drivers/virt/gunyah/tests/splat.o',)
                if os.path.exists(f'{TREE}/{o[:-1]}c')]
    if not targets:
        return ''
    sparse = (['C=1', 'CF=-Wno-context -D__CHECK_ENDIAN__'] if out == MODULES else [])
    fault, said = kmake(out, 'W=1', 'KCFLAGS=-Werror', *sparse, *targets)
    return fault or check.ours(said)


def symbols(path, *options):
    _, out = run([CROSS + 'nm', *options, path])
    return {line.split()[-1] for line in out.splitlines()
            if line and not line.endswith(':') and ' ' in line}


def archives(out):
    return [p for p in (f'{out}/{f}/built-in.a' for f in FOLDERS) if os.path.exists(p)]


def modules(out):
    """The objects that become modules."""
    found = []
    for order in (f'{out}/{FOLDERS[1]}/modules.order',):
        if os.path.exists(order):
            found += [os.path.join(out, re.sub(r'\.ko$', '.o', line))
                      for line in series.read(order).split()]
    return found


def defined():
    """All symbols that our objects define, of the modules' build."""
    return set().union(*(symbols(p, '-g', '--defined-only')
                         for p in archives(MODULES) + modules(MODULES)))


def unresolved(out, ours):
    """Symbols of OURS that an object needs and nobody has yet. That the kernel has
    the others is shown by the last patch, which is linked."""
    faults = []
    built_in = set().union(*(symbols(p, '-g', '--defined-only') for p in archives(out)),
                           set())
    loaded = modules(out)
    exported = {s.removeprefix('__export_symbol_')
                for p in archives(out) + loaded for s in symbols(p)
                if s.startswith('__export_symbol_')}
    for path in archives(out) + loaded:
        have = exported if path in loaded else built_in
        for name in sorted((symbols(path, '-u') & ours) - have):
            faults.append(f'{os.path.relpath(path, out)} needs {name}')
        if path in loaded:
            with open(path, 'rb') as file:
                if b'license=' not in file.read():
                    faults.append(f'{os.path.relpath(path, out)} has no license')
    return '\n'.join(faults)


def same_as_overlay(laid):
    """What differs in the end between the tree and the overlay, as prepare.sh has laid
    it on this base. A base may have the overlay changed."""
    def raw(path):
        with open(os.path.join(series.TOP, path), 'rb') as file:
            return file.read()
    same = not os.path.isdir(f'{series.CI}/patches-{ENV["BASE_TAG"]}/overlay')
    edited = series.edited_files()
    mine = {*laid.number, *laid.grows}
    there = set(must(git('ls-files', '-z')).split('\0')) - {''}
    faults = [f'{path} is there once only' for path in mine ^ there]
    for path in sorted(mine & there - series.PERSONAL):
        one, other = series.laid(path), os.path.join(TREE, path)
        with open(one, 'rb') as right, open(other, 'rb') as got:
            if right.read() != got.read():
                faults.append(f'{path} differs')
            right.seek(0)
            if same and path not in edited and right.read() != raw(path):
                faults.append(f'{path} is not that of the repository')
        if (os.stat(one).st_mode ^ os.stat(other).st_mode) & 0o111:
            faults.append(f'{path}: its mode differs')
    return '\n'.join(faults)


def programs(folder):
    """Build what a folder of programs has, as README files and ci/ do."""
    out = os.path.join(PLACE, 'programs')
    cross = ('ARCH=arm64', f'CROSS_COMPILE={CROSS}', MAKE[0], f'-j{JOBS}')
    make = ['make', '-C', f'{TREE}/{folder}']
    if folder.startswith('tools/testing/gunyah/'):
        objects = os.path.join(out, folder.replace('/', '-'))
        os.makedirs(objects, exist_ok=True)
        return run([*make, f'O={objects}', f'KSRC={TREE}',
                    f'DTC={MODULES}/scripts/dtc/dtc', *cross])[0]
    os.makedirs(out, exist_ok=True)
    fault, _ = kmake(out, 'headers')
    if fault:
        return fault
    if folder.startswith('samples/'):
        return run([*make, f'O={out}', f'KSRC={TREE}', f'UAPI={out}/usr/include',
                    'LDFLAGS=-static', *cross])[0]
    return run(['make', '-C', f'{TREE}/tools/testing/selftests', f'O={out}',
                'TARGETS=gunyah', *cross, 'USERLDFLAGS=-static'])[0]


def check_whole(results, mails, laid):
    """All mails at once: they apply, are the overlay, and link."""
    if not results.case('apply-all', git('am', '-q', *mails)[0]):
        return False
    results.case('same-as-overlay', same_as_overlay(laid))
    fault = configure(MODULES)
    if not fault:
        fault, _ = kmake(MODULES, 'Image', 'modules')
    return results.case('link', fault)


def check_programs(results, name, number, laid):
    for folder in PROGRAMS:
        if any(path.startswith(folder + '/') and n == number
               for path, n in laid.number.items()):
            start = time.monotonic()
            results.case(f'programs-{name}-{os.path.basename(folder)}',
                         programs(folder), f'{time.monotonic() - start:.0f} s')


# R86: the series is bisectable and clean.
def check_patch(results, patch, ours):
    """Behind one patch."""
    name = patch.name.removesuffix('.txt')
    for kind, out in (('modules', MODULES), ('built-in', BUILT_IN)):
        start = time.monotonic()
        fault = configure(out) or build(out) or unresolved(out, ours)
        results.case(f'{kind}-{name}', fault, f'{time.monotonic() - start:.0f} s')
    if 'kunit' in patch.head['Check']:
        start = time.monotonic()
        fault, ran = kunit()
        results.case(f'kunit-{name}', fault,
                     f'{ran} tests, {time.monotonic() - start:.0f} s')


def check_patches(results, mails, laid, first, last):
    ours = defined()
    must(git('reset', '-q', '--hard', 'base'))
    for number, (patch, mail) in enumerate(zip(laid.patches, mails), 1):
        if not results.case('apply-' + patch.name.removesuffix('.txt'),
                            git('am', '-q', mail)[0]):
            break
        if first <= number <= last:
            check_patch(results, patch, ours)
            check_programs(results, patch.name.removesuffix('.txt'), number - 1, laid)


def main():
    laid = series.Series()
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    last = int(sys.argv[2]) if len(sys.argv) > 2 else len(laid.patches)
    if laid.faults:
        sys.exit('error: ' + '\n'.join(laid.faults))
    make_tree(series.edited_files())
    series.cut(MAILS)
    mails = sorted(glob.glob(os.path.join(MAILS, '*.patch')))[1:]
    results = Results()
    if check_whole(results, mails, laid):
        check_patches(results, mails, laid, first, last)
    check_mails(results, mails)
    return results.end()


if __name__ == '__main__':
    sys.exit(main())
