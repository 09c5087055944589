#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Count what the driver's operations cost in instructions, beside KVM.

One kernel is booted in QEMU, under the test hypervisor and at EL2, and programs of
bench/ do the same there over /dev/gunyah and over /dev/kvm, in a guest and on the
host; another boot is for the demand-paged flow. A plugin of QEMU counts each
instruction by its address (bench/plugin.c); by symbols these become functions. In a
boot with two CPUs another plugin notes which cache lines both store to (bench/lines.c).

The counts are checked against the emulated counter, which goes on by one for each
16 instructions (-icount shift=0).

    bench.py [--json FILE] [--top N] [--only BOOT] [--reuse] [--repeat]

prints tables and the dearest functions, and writes all of it as JSON; with --repeat it
does everything twice and fails where the two differ by 1 % or more. "make bench" builds
what it needs.

    bench.py --update

also writes the figures into the budget (ci/bench/budget.txt, or of another base the
budget.txt beside its patches) and into the page
performance.rst with its picture.

    bench.py --check

is the check of "make test-builtin", in KTAP: no operation may cost the kernel over 5 % more
instructions than the budget says. Who makes one dearer, and has a reason, changes the
budget in the same commit:

    bench.py --budget

writes it, and nothing else, from what the check measures.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys

import bench_count as count
import bench_report as report

CI = os.path.dirname(os.path.abspath(__file__))
WORK, KOUT, HYPOUT, LOGS, INITRAMFS, FLAVOUR = (
    os.environ[n] for n in ('WORK', 'KOUT', 'HYPOUT', 'LOGS', 'INITRAMFS', 'FLAVOUR'))
OUT = os.path.join(WORK, 'bench')

INSNS_PER_TICK = 16             # 62.5 MHz, and a nanosecond for an instruction
CLOCK = 0.02                    # what counts and the clock may differ by
REPEAT = 0.01                   # what two runs may
ON_THE_PATH = 0.01              # a store of more than this many operations is on its path

FAULTS = ('fault', 'fault_2m')

# Memory of guests: what is measured in each flow, and what of it in "make test-builtin". More
# than 6,000 pieces are not for the published resource manager.
EAGER = [f'{kind}:{mib}' for kind in ('2m', '2m-far') for mib in (16, 64, 256, 1024)]
EAGER += ['4k:16', '4k:64', '4k-far:16']
PAGED = [f'{kind}:{mib}' for kind in ('2m', '2m-far', '4k', '4k-far')
         for mib in (16, 64, 256, 1024)]
# Steps of guests in single pages that are neighbours by luck.
NEIGHBOURS = re.compile(r'[a-z]+_4k_\d+$')
# Small guests, of whose cost an interrupt and what it wakes is some per cent, live several
# times, and the middle one is shown. Not where pages are neighbours by luck: how many there
# are changes from life to life.
SMALL, LIVES = 64, 3
# The first guest of a boot finds the memory in more pieces than those after it.
EAGER_SHORT, PAGED_SHORT = ['4k-far:16', '2m:64', '2m:256'], ['2m:64']

# A boot: its name, whether it is the short one, options of boot.py, words for the
# programs of the host and for the guest's monitor, CPUs.
Boot = collections.namedtuple('Boot', 'name short options host guest cpus')


def lives(kinds):
    return [kind for kind in kinds for _ in range(
        LIVES if int(kind.split(':')[1]) <= SMALL and not kind.startswith('4k:') else 1)]


def boots(short):
    eager, paged = (EAGER_SHORT, PAGED_SHORT) if short else (lives(EAGER), lives(PAGED))
    found = [
        Boot('gunyah', short, [], ['vm', *eager, 'memory'], report.guest_operations(FAULTS), 1),
        Boot('paging', short, ['--append', 'ghyp.profile=paging'], paged, FAULTS, 1)]
    if not short:
        found += [
            Boot('kvm', False, ['--no-hyp', '--el2', '--append', 'primary.which=kvm'],
                 ['vm'], ['all'], 1),
            Boot('lines', False, [], [], ['two', 'two_on', *report.TWO], 2)]
    return found


def fail(message):
    print(f'error: {message}', file=sys.stderr)
    sys.exit(1)


def name_of(boot):
    return ('budget-' if boot.short else 'bench-') + boot.name


def log_of(boot, kind='log'):
    return os.path.join(LOGS, f'boot-{name_of(boot)}.{kind}')


def counts_of(boot):
    return os.path.join(OUT, f'{name_of(boot)}.counts')


def start(boot):
    """Run QEMU with the plugin."""
    plugin = f'{OUT}/plugin.so,vector={count.vector_of(KOUT):#x}'
    if boot.cpus > 1:
        plugin = f'{OUT}/lines.so'
    words = [f'primary.host={",".join(boot.host)}', f'primary.bench={",".join(boot.guest)}']
    done = subprocess.run(
        [os.path.join(CI, 'boot.sh'), '--name', name_of(boot), '--quiet',
         '--mode', 'bench', '--initramfs', f'{INITRAMFS}/primary-{FLAVOUR}-bench.cpio',
         '--no-guest', '--memory', '2048',
         '--timeout', '1800' if boot.short else '7200',
         '--silence', '600' if boot.short else '1800',
         '--append', ' '.join(['nokaslr', *words]), *boot.options,
         '--qemu=-icount', '--qemu=shift=0,sleep=off', '--qemu=-plugin',
         f'--qemu={plugin},out={counts_of(boot)}'],
        env={**os.environ, 'CPUS': str(boot.cpus)}, check=False)
    if done.returncode:
        fail(f'the boot {boot.name} failed')


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


def symbols_of(boot):
    """For each program of the boot, in their order: all have the same addresses."""
    which = 'kvm' if boot.name == 'kvm' else 'gunyah'
    common = count.Symbols()
    common.add_kernel(KOUT)
    if which == 'gunyah':
        common.add_elf(os.path.join(HYPOUT, 'hyp.elf'))
        modules = log_of(boot, 'modules')
        common.add_modules(read(modules) if os.path.exists(modules) else '')
    return [common.with_program(os.path.join(OUT, f'{program}-{which}'))
            for program, words in (('host', boot.host), ('bench', boot.guest)) if words]


def ready(row, op):
    """
    What the host does between two parts of a guest's work: for each interrupt, and
    without this. What the guest does meanwhile is no part of it.
    """
    number, insns = row['interrupts']['number'], row['interrupts']['instructions']
    if not number:
        fail('no interrupt came')
    scale = op.count / number
    for entry in row['functions']:
        entry['instructions'] *= scale
        entry['calls'] *= scale
    for part in (*count.PARTS, 'other', 'total', 'driver', 'clock'):
        row[part] *= scale
    row['beside'] = {'interrupt': insns / number, 'guest': row['guest']}
    row['kernel'] -= insns / number
    row['total'] -= insns / number + row['guest']
    row['guest'] = 0


def middle(rows):
    """Which of them costs more than one half of the others, and less than the other."""
    order = sorted(range(len(rows)), key=lambda i: rows[i]['total'])
    return order[len(rows) // 2]


def measure(boot, reuse):
    """The operations of one boot, and what else it says."""
    if not reuse:
        start(boot)
    text = read(log_of(boot))
    symbols = symbols_of(boot)
    operations = count.operations_of(text)
    if boot.cpus > 1:
        lines = count.shared_lines(counts_of(boot), operations, symbols[0], ON_THE_PATH)
        for name, line in lines.items():
            if not line['lines'] and not line['seldom']:
                fail(f'one CPU alone did {name}')
        return {'lines': lines}
    phases, irqs = count.read_counts(counts_of(boot))
    found, entries = collections.defaultdict(list), collections.defaultdict(list)
    for op in operations:
        row = count.row_of(phases.get(op.phase, {}), symbols[op.program], op.count)
        row['clock'] = op.ticks * INSNS_PER_TICK / op.count
        row['interrupts'] = irqs.get(op.phase, {'number': 0, 'instructions': 0})
        if op.name == 'ready':
            ready(row, op)
        found[op.name].append(row)
    for name, n in re.findall(r'^ENTRIES (\w+) (\d+)', text, re.M):
        entries[name].append(int(n))
    objects = re.findall(r'^OBJECTS (\w+) (\d+)', text, re.M)
    return {'rows': {name: rows[middle(rows)] for name, rows in found.items()},
            'entries': {name: ns[middle(found['start_' + name])] for name, ns in entries.items()},
            'objects': {name: count.allocations(read(log_of(boot, name + '.trace')), int(n))
                        for name, n in objects}}


def cross_check(results):
    """Rows whose count and clock differ by more than 2 %."""
    bad = []
    for name, found in results.items():
        for op, row in found.get('rows', {}).items():
            if report.waits(op):
                continue
            total = row['total'] + sum(row.get('beside', {}).values())
            off = total / row['clock'] - 1 if row['clock'] else 1
            if abs(off) > CLOCK:
                bad.append(f'{name}/{op}: {total:,.1f} counted, '
                           f'{row["clock"]:,.1f} by the clock')
    return bad


def work(found, op):
    """Of how many pieces a guest's memory was: where pages are neighbours is luck."""
    return (found['entries'].get(op.split('_', 1)[1]),
            report.calls(found['rows'][op], report.HYPERCALL))


def differences(first, second):
    """Rows of two runs that differ."""
    bad = []
    for name, found in first.items():
        for op, row in found.get('rows', {}).items():
            other = second[name]['rows'][op]
            # What is done once has an interrupt more or less in it, and what that woke.
            once = report.MEMORY.match(op)
            if NEIGHBOURS.match(op) and work(found, op) != work(second[name], op):
                continue
            for part in ('kernel', 'hypervisor', 'total'):
                ours, others = (
                    r[part] - (r['interrupts']['instructions']
                               if once and part != 'hypervisor' else 0) for r in (row, other))
                if abs(ours - others) >= max(REPEAT * ours, 10000 if once else 1):
                    bad.append(f'{name}/{op}: {part} {ours:,.1f} and {others:,.1f} instructions')
    return bad


def run(short, only, reuse):
    return {boot.name: measure(boot, reuse) for boot in boots(short)
            if not only or boot.name in only}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--json', default=os.path.join(OUT, 'bench.json'))
    parser.add_argument('--top', type=int, default=10)
    parser.add_argument('--only', action='append', default=[])
    parser.add_argument('--reuse', action='store_true',
                        help='look at the last boots again')
    parser.add_argument('--repeat', action='store_true')
    parser.add_argument('--update', action='store_true')
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--budget', action='store_true')
    args = parser.parse_args()
    results = run(args.check or args.budget, args.only, args.reuse)
    if args.check:
        sys.exit(report.check_budget(results, cross_check(results)))
    if args.budget:
        bad = cross_check(results)
        for line in bad:
            print(f'counts and clock differ: {line}')
        if not bad:
            report.write_budget(results)
        sys.exit(1 if bad else 0)
    print(report.text(results, args.top))
    with open(args.json, 'w', encoding='ascii') as file:
        json.dump(results, file, indent=1)
    bad = [f'counts and clock differ: {line}' for line in cross_check(results)]
    if args.repeat:
        again = differences(results, run(False, args.only, False))
        bad += [f'two runs differ: {line}' for line in again]
        print('\nthe second run: ' + ('differs' if again else 'the same within 1 %'))
    print()
    for line in bad:
        print(line)
    if args.update and not bad:
        report.update(results, run(True, [], args.reuse))
    print(f'as JSON: {args.json}')
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
