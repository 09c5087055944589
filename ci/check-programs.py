#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Compile the selftests and the test hypervisor with its own tests, by gcc and by clang;
each warning is an error. The flags are those of their makefiles. The files of the
selftests are compiled once each, not for each program, and not linked. Prints KTAP.
"""

import concurrent.futures
import glob
import os
import sys

import check
import ktap

SELFTESTS = 'tools/testing/selftests/gunyah'
HYP = 'tools/testing/gunyah/hyp'
TARGET = '--target=' + check.CROSS.rstrip('-')


def selftests(llvm):
    folder = os.path.join(check.KSRC, SELFTESTS)
    out = os.path.join(check.KOUT, 'selftests-' + ('clang' if llvm else 'gcc'))
    os.makedirs(out, exist_ok=True)
    tables = [f'{out}/{os.path.basename(awk)[:-len(".awk")]}.inc'
              for awk in glob.glob(folder + '/*.awk')]
    status, said = check.run(
        ['make', '-s', '-C', folder, f'OUTPUT={out}', 'ARCH=arm64',
         f'CROSS_COMPILE={check.CROSS}', f'KHDR_INCLUDES=-isystem {check.KOUT}/usr/include',
         *(['LLVM=1'] if llvm else []),
         '--eval', 'flags: ; @echo $(CC) $(CFLAGS)', *tables, 'flags'])
    if status:
        return said.splitlines()[-20:]
    command = ['ccache', *said.splitlines()[-1].split(), '-Werror', f'-I{out}', '-c']

    def one(source):
        return check.run([*command, os.path.relpath(source, folder), '-o',
                          f'{out}/{os.path.basename(source)}.o'], cwd=folder)[1]
    sources = sorted(glob.glob(folder + '/**/*.[cS]', recursive=True))
    with concurrent.futures.ThreadPoolExecutor(check.JOBS) as pool:
        faults = [line for said in pool.map(one, sources) for line in said.splitlines()]
    return faults if sources else ['there are no sources']


def hypervisor(folder, llvm):
    name = os.path.relpath(folder, os.path.dirname(HYP)).replace('/', '-') + (
        '-clang' if llvm else '-gcc')
    out = os.path.join(check.KOUT, name)
    os.makedirs(out, exist_ok=True)
    cc = f'ccache clang {TARGET}' if llvm else f'ccache {check.CROSS}gcc'
    status, said = check.run(
        ['make', '-s', '-C', os.path.join(check.KSRC, folder), f'O={out}',
         f'KSRC={check.KSRC}', f'CROSS_COMPILE={check.CROSS}', f'CC={cc}',
         f'DTC={check.KOUT}/scripts/dtc/dtc', f'-j{check.JOBS}', '-k'])
    lines = [line for line in said.splitlines() if 'error:' in line or 'warning:' in line]
    return (lines or said.splitlines()[-20:] or [f'status {status}']) if status else lines


def main():
    cases = []
    status, said = check.configure()
    if not status:
        status, said = check.kmake('headers', 'scripts')
    if status:
        return ktap.report([('headers', said.splitlines()[-20:])])
    for name, llvm in (('gcc', False), ('clang', True)):
        for what, faults in (('selftests', selftests(llvm)),
                             ('hyp', hypervisor(HYP, llvm)),
                             ('hyp-tests', hypervisor(HYP + '/tests', llvm)),
                             ('hyp-tests-vgic',
                              hypervisor(HYP + '/tests/vgic', llvm))):
            case = f'{what}-{name}'
            cases.append((case, [f'{case}: {fault}' for fault in faults]))
    return ktap.report(cases)


if __name__ == '__main__':
    sys.exit(main())
