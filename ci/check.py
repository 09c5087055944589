#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
The static checks of "make check": one case per file and kind of check. A
check whose tool or subject is missing is a failure, not a skip. The last line
is "N passed, N failed, N skipped".

check.py [KIND...] does only those kinds of checks.
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
import tempfile
import time

import ktap

CI = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(CI)
KSRC, KOUT, LOGS = (os.environ[n] for n in ('KSRC', 'KOUT', 'LOGS'))
JOBS = int(os.environ['JOBS'])
CROSS = os.environ['CROSS']

OVERLAY = ('arch/', 'drivers/', 'include/', 'Documentation/', 'samples/',
           'tools/')
KERNEL_DIRS = ('arch/arm64/gunyah', 'drivers/virt/gunyah')
DOCUMENTED = ('arch/', 'drivers/', 'include/')
BINDING = 'Documentation/devicetree/bindings/firmware/gunyah-hypervisor.yaml'
# Kinds of files that checkpatch knows.
CHECKPATCH = re.compile(r'\.(c|h|S|rst|yaml)$|/(Kconfig|Makefile)$')
# Kinds of reports of checkpatch that make no sense for some files, and why.
IGNORED = {
    # Freestanding: the accessors of devices are volatile themselves, the
    # attribute macros are defined here, the linker script's symbols have
    # no header.
    'tools/testing/gunyah/hyp/*': ('VOLATILE', 'AVOID_EXTERNS',
                                   'PREFER_DEFINED_ATTRIBUTE_MACRO'),
    # User space: it has no strscpy() and no READ_ONCE(), and the harness's
    # own SKIP() takes a return.
    'tools/testing/selftests/*': ('VOLATILE', 'STRCPY',
                                  'MACRO_WITH_FLOW_CONTROL'),
    'samples/*': ('VOLATILE', 'STRCPY'),
    # TRACE_EVENT() and its include path are written like this everywhere.
    '*_trace.h': ('PARENTHESIS_ALIGNMENT', 'OPEN_ENDED_LINE', 'SPACING'),
    # Messages as strings of hexadecimal digits have no spaces.
    '*_vectors.h': ('SPLIT_STRING', 'MISSING_SPACE'),
}
# What the repository never holds. Built from pieces, so that this file
# does not hold it either.
FORBIDDEN = {
    'absolute-path': r'/(ro' r'ot|ho' r'me|wo' r'rk|Us' r'ers)/',
    'specification-folder': r'\.\./sh' r'ared',
    'registry-host': r'(deb\.deb' r'ian|pyp' r'i|npm' r'js|sources\.deb' r'ian|'
                     r'registry\.)[a-z.]*\.(org|com|io|net)',
    'left-for-later': r'\b(TO' r'DO|FIX' r'ME|XX' r'X)\b',
    'sign-off': r'^(Signed-' r'off-by|Co-' r'authored-by|Reviewed-' r'by):',
    'conflict-marker': r'^(<{7}|>{7})( |$)',
}
NO_SPDX = re.compile(r'\.(patch|log|txt)$|^\.gitignore$|^LICENSE|\.md$|'
                     r'^\.ci/|\.kunitconfig$|/(settings|config)$')


def run(cmd, **kwargs):
    """(status, output) of a command."""
    done = subprocess.run(cmd, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False,
                          errors='replace', **kwargs)
    return done.returncode, done.stdout


def tracked():
    status, out = run(['git', '-C', TOP, 'ls-files', '-z', '-co',
                       '--exclude-standard'])
    if status:
        sys.exit('error: this is not a git clone')
    return sorted(f for f in out.split('\0')
                  if f and os.path.exists(os.path.join(TOP, f)))


def overlay(files):
    return [f for f in files if f.startswith(OVERLAY)]


def digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        with open(path, 'rb') as file:
            total.update(file.read())
        total.update(b'\0')
    return total


def kernel_root(root):
    """The kernel tree as checkpatch is to see it: without get_maintainer.pl, which it
    would run for each file, for a second or more, to hear whether it is obsolete."""
    shutil.rmtree(root, ignore_errors=True)
    for folder in ('', 'scripts'):
        os.makedirs(os.path.join(root, folder))
        for name in os.listdir(os.path.join(KSRC, folder)):
            if name not in ('scripts', 'get_maintainer.pl'):
                os.symlink(os.path.join(KSRC, folder, name), os.path.join(root, folder, name))
    return root


def checkpatch(files):
    """A file that was clean is not looked at again until it, checkpatch or a
    binding (which documents compatible strings) changes."""
    clean = os.path.join(os.environ['WORK'], 'checkpatch')
    os.makedirs(clean, exist_ok=True)
    root = kernel_root(os.path.join(os.environ['WORK'], 'checkpatch-root'))
    common = digest(os.path.join(KSRC, 'scripts/checkpatch.pl'), __file__,
                    *(os.path.join(TOP, f) for f in files
                      if f.startswith('Documentation/devicetree/')))

    def one(name):
        key = common.copy()
        key.update(name.encode())
        key.update(digest(os.path.join(KSRC, name)).digest())
        mark = os.path.join(clean, key.hexdigest())
        if os.path.exists(mark):
            return name, ''
        fault = look(name)
        if not fault:
            with open(mark, 'w', encoding='ascii'):
                pass
        return name, fault

    def look(name):
        ignored = [t for pattern, types in IGNORED.items()
                   if fnmatch.fnmatchcase(name, pattern) for t in types]
        options = ['--ignore', ','.join(ignored)] if ignored else []
        status, out = run(['perl', 'scripts/checkpatch.pl', '--strict',
                           '--terse', '--no-summary', '--show-types',
                           *options, '-f', name], cwd=root)
        return out if status else ''
    names = [f for f in overlay(files) if CHECKPATCH.search(f) and
             os.path.exists(os.path.join(KSRC, f))]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        yield from pool.map(one, names)


def kernel_doc(files):
    def one(name):
        status, out = run(['perl', 'scripts/kernel-doc', '-none', '-Werror',
                           '-Wall', name], cwd=KSRC)
        return name, out if status else ''
    names = [f for f in files
             if f.startswith(DOCUMENTED) and f.endswith(('.c', '.h'))]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        yield from pool.map(one, names)


def kmake(*args, llvm=False):
    out, cc, tools = ((KOUT + '-clang', 'clang', 'LLVM=1') if llvm else
                      (KOUT, CROSS + 'gcc', 'LLVM='))
    return run(['make', '-C', KSRC, f'O={out}', 'ARCH=arm64', f'CROSS_COMPILE={CROSS}',
                f'CC={CI}/ccache.sh {cc}', 'HOSTCC=ccache gcc', tools, f'-j{JOBS}', *args])


def ours(out):
    """The lines of a build's output that are about our files."""
    place = re.compile('(' + '|'.join(KERNEL_DIRS) + r'|linux/gunyah\.h)'
                       r'\S*:\d+')
    return '\n'.join(line.replace(KSRC + '/', '')
                     for line in out.splitlines() if place.search(line))


def kernel_dirs():
    return [d + '/' for d in KERNEL_DIRS
            if os.path.exists(os.path.join(KSRC, d, 'Makefile'))]


def configure(llvm=False):
    """The configuration of the release build, apart from it."""
    return run([os.path.join(CI, 'configure.sh')],
               env={**os.environ, 'LLVM': '1' if llvm else ''})


def compiler(_files, llvm=False):
    """W=1: more warnings, and each an error."""
    status, out = configure(llvm)
    if status:
        yield 'configure', out[-2000:]
        return
    for folder in kernel_dirs():
        status, out = kmake('W=1', 'KCFLAGS=-Werror', folder, llvm=llvm)
        yield 'w1-' + folder.strip('/'), (
            (ours(out) or out[-2000:]) if status else '')


def clang(files):
    return compiler(files, llvm=True)


def sparse(_files):
    status, out = configure()
    if status:
        yield 'configure', out[-2000:]
        return
    for folder in kernel_dirs():
        status, out = kmake('C=2', 'W=1', 'KCFLAGS=-Werror',
                            'CF=-Wno-context -D__CHECK_ENDIAN__', folder)
        bad = ours(out)
        yield 'sparse-' + folder.strip('/'), (
            bad or (out[-2000:] if status else ''))


def sample(_files):
    """The sample monitors, as the kernel's own makefiles build them."""
    for name, llvm in (('in-tree', False), ('in-tree-clang', True)):
        status, out = configure(llvm)
        if not status:
            status, out = kmake('headers', llvm=llvm)
        if not status:
            status, out = kmake('W=1', 'samples/gunyah/', llvm=llvm)
        warnings = '\n'.join(line for line in out.splitlines()
                             if 'warning:' in line and 'samples/gunyah' in line)
        yield name, warnings or (out[-2000:] if status else '')


def uapi(_files):
    """The UAPI header alone, as C90 and as C++."""
    header = 'linux/gunyah.h'
    if not os.path.exists(os.path.join(TOP, 'include/uapi', header)):
        yield 'header', 'include/uapi/linux/gunyah.h is missing'
        return
    status, out = kmake('headers')
    if status:
        yield 'headers', out[-2000:]
        return
    common = ['-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-I',
              os.path.join(KOUT, 'usr/include'), '-']
    text = f'#include <{header}>\n'
    for name, cmd in (
            ('c90', [CROSS + 'gcc', '-std=c90', '-x', 'c']),
            ('c90-host', ['gcc', '-std=c90', '-x', 'c']),
            ('cxx98', ['g++', '-std=c++98', '-x', 'c++']),
            ('cxx17', ['g++', '-std=c++17', '-x', 'c++'])):
        status, out = run(cmd + common, input=text)
        yield name, out if status else ''
        status, out = run(cmd + common, input=text + text)
        yield name + '-twice', out if status else ''


def ktap_cases(script, *args):
    """The cases of a script of ci/ that prints KTAP, with what it says of each."""
    _, out = run([sys.executable, os.path.join(CI, script), *args])
    faults = [line[2:] for line in out.splitlines() if line.startswith('# ')]
    for case in ktap.parse(out):
        mine = [f for f in faults if case.name in f] or faults
        yield case.name, '' if case.outcome == 'pass' else '\n'.join(mine)


def includes(_files):
    return ktap_cases('check-includes.py')


def requirements(_files):
    return ktap_cases('check-requirements.py')


def docs(_files):
    return ktap_cases('check-docs.py')


def series(_files):
    """The list of patches, not the patches: those are make check-series."""
    return ktap_cases('series.py', '--check')


def mutants(_files):
    """The lists of make mutants, which itself takes an hour."""
    return ktap_cases('mutants.py', '--check')


def kunitconfig(_files):
    """The configuration that kunit.py makes; the tests themselves are make kunit."""
    status, out = run([os.path.join(CI, 'kunit.sh'), '--config'])
    yield 'options', out[-2000:] if status else ''


def programs(_files):
    """Selftests and hypervisor, by both compilers."""
    return ktap_cases('check-programs.py')


def pages(_files):
    """Our pages of the documentation, as HTML."""
    return ktap_cases('check-pages.py')


def coccinelle(_files):
    """The kernel's own rules."""
    return ktap_cases('check-coccinelle.py')


def binding(_files):
    """By the kernel's own check and dtc."""
    return ktap_cases('check-binding.py', os.path.join(KSRC, BINDING),
                      os.path.join(KSRC, 'include'))


def words(files):
    for name, pattern in FORBIDDEN.items():
        regex = re.compile(pattern)
        hits = []
        for path in files:
            if path.startswith(('ci/rmlog-tests/', '.ci/')):
                continue
            with open(os.path.join(TOP, path), encoding='utf-8',
                      errors='replace') as file:
                hits += [f'{path}:{n}: {line.strip()[:100]}'
                         for n, line in enumerate(file, 1)
                         if regex.search(line)]
        yield name, '\n'.join(hits)


def spdx(files):
    missing = []
    for path in files:
        if NO_SPDX.search(path):
            continue
        with open(os.path.join(TOP, path), encoding='utf-8',
                  errors='replace') as file:
            head = [file.readline() for _ in range(3)]
        if not any('SPDX-License-Identifier:' in line for line in head):
            missing.append(path)
    yield 'every-file', '\n'.join(missing)


def whitespace(files):
    """What git am warns of."""
    hits = []
    for path in files:
        with open(os.path.join(TOP, path), encoding='utf-8', errors='replace') as file:
            text = file.read()
        if text.endswith('\n\n') or text and not text.endswith('\n'):
            hits.append(f'{path}: has to end with one newline')
        if not path.endswith('.patch'):  # the context is a space
            hits += [f'{path}:{n}: space at the end' for n, line in enumerate(text.split('\n'), 1)
                     if line != line.rstrip()]
    yield 'every-file', '\n'.join(hits)


def spelling(files):
    """The mistakes of the kernel's list; checkpatch looks at its own files only."""
    with open(os.path.join(KSRC, 'scripts/spelling.txt'), encoding='utf-8') as file:
        wrong = dict(line.strip().split('||', 1) for line in file if '||' in line)
    hits = []
    for path in files:
        if path.startswith('ci/rmlog-tests/') or '/traces/' in path:
            continue
        with open(os.path.join(TOP, path), encoding='utf-8', errors='replace') as file:
            hits += [f'{path}:{n}: "{word}": perhaps "{wrong[word.lower()]}"'
                     for n, line in enumerate(file, 1)
                     for word in re.findall(r"[\w'-]+", line) if word.lower() in wrong]
    yield 'every-file', '\n'.join(hits)


def bases(files):
    """The lists of patches for other bases than 6.12 fit the overlay, also those
    whose kernel source is not here."""
    for names in sorted(glob.glob(os.path.join(CI, 'patches-*/overlay/names.sed'))):
        folder = os.path.dirname(names)
        with tempfile.TemporaryDirectory() as copy:
            for path in overlay(files):
                os.makedirs(os.path.dirname(os.path.join(copy, path)), exist_ok=True)
                shutil.copy(os.path.join(TOP, path), os.path.join(copy, path))
            sources = [os.path.join(copy, f) for f in overlay(files)
                       if f.endswith(('.c', '.h'))]
            status, out = run(['sed', '-i', '-f', names, *sources])
            yield os.path.relpath(names, CI), out if status else ''
            for patch in sorted(glob.glob(os.path.join(folder, '*.patch'))):
                status, out = run(['patch', '-d', copy, '-p1', '-N', '--fuzz=0',
                                   '--no-backup-if-mismatch', '-i', patch])
                yield os.path.relpath(patch, CI), out if status else ''


def scripts(files):
    for path in files:
        full = os.path.join(TOP, path)
        if path.startswith('ci/') and path.endswith('.py'):
            status, out = run([sys.executable, '-c',
                               'import ast,sys; ast.parse('
                               'open(sys.argv[1]).read())', full])
            yield path, out if status else ''
        elif path.startswith(('ci/', '.ci/')) and (
                path.endswith('.sh') or path == '.ci/run'):
            status, out = run(['shellcheck', '-x', '-S', 'warning', '-e',
                               'SC1091', full], cwd=CI)
            yield path, out if status else ''
    for name in ('ktap.py', 'check-rmlog.py'):
        status, out = run([sys.executable, os.path.join(CI, name),
                           '--self-test'])
        yield f'self-test-{name[:-3]}', out if status else ''


KINDS = {
    'includes': includes, 'words': words, 'spdx': spdx, 'whitespace': whitespace,
    'scripts': scripts, 'requirements': requirements, 'docs': docs, 'series': series, 'bases': bases,
    'mutants': mutants, 'spelling': spelling, 'checkpatch': checkpatch, 'kernel-doc': kernel_doc,
    'pages': pages, 'uapi': uapi, 'kunitconfig': kunitconfig, 'compiler': compiler, 'sparse': sparse,
    'clang': clang, 'sample': sample, 'programs': programs, 'binding': binding,
    'coccinelle': coccinelle,
}


def main():
    wanted = sys.argv[1:] or list(KINDS)
    unknown = set(wanted) - set(KINDS)
    if unknown:
        sys.exit(f'error: no such check: {", ".join(sorted(unknown))}')
    files = tracked()
    count = {True: 0, False: 0}
    for kind in wanted:
        start = time.monotonic()
        done = 0
        for name, fault in KINDS[kind](files):
            done += 1
            count[not fault] += 1
            if fault:
                print(f'fail  {kind}/{name}')
                for line in fault.splitlines()[:40]:
                    print(f'      {line}')
        if not done:
            count[False] += 1
            print(f'fail  {kind}: nothing was checked')
        print(f'== {kind}: {done} cases, {time.monotonic() - start:.1f} s',
              flush=True)
    print(f'{count[True]} passed, {count[False]} failed, 0 skipped',
          flush=True)
    return 1 if count[False] or not count[True] else 0


if __name__ == '__main__':
    sys.exit(main())
