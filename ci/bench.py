#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Count what the driver's operations cost in instructions, beside KVM.

One kernel is booted twice in QEMU, under the test hypervisor and at EL2, and a
payload in a guest does the same over /dev/gunyah and over /dev/kvm; a third boot
is for the operations of the demand-paged flow. A plugin of QEMU counts each
instruction by its address (bench/plugin.c); by symbols these become functions.

The counts are checked against the emulated counter, which goes on by one for each
16 instructions (-icount shift=0).

    bench.py [--json FILE] [--top N] [--only NAME] [--reuse]

prints a table, the dearest functions, and writes both as JSON. "make bench" builds
what it needs.
"""

import argparse
import bisect
import json
import os
import re
import subprocess
import sys

CI = os.path.dirname(os.path.abspath(__file__))
WORK, KOUT, HYPOUT, LOGS, CROSS = (
    os.environ[n] for n in ('WORK', 'KOUT', 'HYPOUT', 'LOGS', 'CROSS'))
OUT = os.path.join(WORK, 'bench')

INSNS_PER_TICK = 16             # 62.5 MHz, and a nanosecond for an instruction
KERNEL = 1 << 48                # the kernel's half begins above

# Whose an address below is.
PLACES = (
    (0x400000, 0x1000000, 'monitor'),
    (0x40200000, 0x40400000, 'hypervisor'),
    (0x80000000, 0xa0000000, 'guest'),
)
PARTS = ('kernel', 'hypervisor', 'monitor', 'guest')

# Name of the boot, the monitor's program, options of boot.py.
BOOTS = (
    ('gunyah', 'gunyah', ['--append', 'primary.bench=gunyah primary.skip=fault']),
    ('paging', 'gunyah', ['--append', 'primary.bench=gunyah ghyp.profile=paging']),
    ('kvm', 'kvm', ['--no-hyp', '--el2', '--append', 'primary.bench=kvm']),
)

# What each operation is called in the table.
OPERATIONS = {
    'mmio_write': 'user-exit MMIO write',
    'mmio_read': 'user-exit MMIO read',
    'ioeventfd': 'ioeventfd write',
    'loop': 'ioeventfd, irqfd, handler',
    'wfi': 'irqfd, guest in WFI, ioeventfd',
    'psci': 'PSCI version call',
    'fault': 'demand fault of a 4K page',
}
# They wait: then the counter jumps, or does not go on.
IDLE = ('wfi',)

RESULT = re.compile(r'BENCH (\w+) phase=(\d+) count=(\d+) ticks=(\d+)')


def fail(message):
    print(f'error: {message}', file=sys.stderr)
    sys.exit(1)


def place_of(address):
    if address >= KERNEL:
        return 'kernel'
    for first, end, name in PLACES:
        if first <= address < end:
            return name
    return 'other'


class Symbols:
    """Functions by address."""

    def __init__(self):
        self.names = {}
        self.addresses = []

    def add(self, text):
        for line in text.splitlines():
            words = line.split()
            if len(words) >= 3 and words[1] in 'tTwW' and words[2][0] != '$':
                self.names.setdefault(int(words[0], 16), words[2])

    def add_elf(self, path):
        self.add(subprocess.run([CROSS + 'nm', path], check=True, text=True,
                                capture_output=True).stdout)

    def find(self, address):
        if len(self.addresses) != len(self.names):
            self.addresses = sorted(self.names)
        n = bisect.bisect_right(self.addresses, address) - 1
        if n < 0 or address - self.addresses[n] > 65536:
            return f'{address:#x}', address
        return self.names[self.addresses[n]], self.addresses[n]


def boot(name, options, reuse):
    """The console's text, and the plugin's file."""
    log = os.path.join(LOGS, f'boot-bench-{name}.log')
    counts = os.path.join(OUT, f'{name}.counts')
    if not reuse:
        done = subprocess.run(
            [os.path.join(CI, 'boot.sh'), '--name', f'bench-{name}', '--quiet',
             '--mode', 'bench', '--no-guest', '--memory', '2048',
             '--timeout', '300', '--append', 'nokaslr', *options,
             '--qemu=-icount', '--qemu=shift=0,sleep=off', '--qemu=-plugin',
             f'--qemu={OUT}/plugin.so,out={counts}'],
            env={**os.environ, 'CPUS': '1'}, check=False)
        if done.returncode:
            fail(f'the boot {name} failed')
    with open(log, encoding='utf-8', errors='replace') as file:
        return file.read(), counts


def read_counts(path):
    """{phase: {address: count}}"""
    phases = {}
    with open(path, encoding='ascii') as file:
        for line in file:
            phase, address, count = line.split()
            phases.setdefault(int(phase), {})[int(address, 16)] = int(count)
    return phases


def functions_of(counts, symbols, n):
    """By function: place, name, instructions and calls per operation."""
    found = {}
    for address, count in counts.items():
        name, start = symbols.find(address)
        key = (place_of(address), name)
        entry = found.setdefault(key, [0, 0])
        entry[0] += count
        if address == start:
            entry[1] += count
    return sorted(({'place': place, 'function': name, 'instructions': insns / n,
                    'calls': calls / n}
                   for (place, name), (insns, calls) in found.items()),
                  key=lambda f: -f['instructions'])


def measure(name, program, options, reuse):
    """The operations of one boot."""
    text, path = boot(name, options, reuse)
    symbols = Symbols()
    symbols.add_elf(os.path.join(KOUT, 'vmlinux'))
    symbols.add_elf(os.path.join(OUT, f'bench-{program}'))
    if name != 'kvm':
        symbols.add_elf(os.path.join(HYPOUT, 'hyp.elf'))
        with open(os.path.join(LOGS, f'boot-bench-{name}.modules'),
                  encoding='ascii') as file:
            symbols.add(file.read())
    phases = read_counts(path)
    found = {}
    for op, phase, count, ticks in RESULT.findall(text):
        counts = phases.get(int(phase), {})
        count = int(count)
        row = {part: 0 for part in (*PARTS, 'other')}
        for address, number in counts.items():
            row[place_of(address)] += number / count
        row['total'] = sum(row.values())
        row['clock'] = int(ticks) * INSNS_PER_TICK / count
        row['functions'] = functions_of(counts, symbols, count)
        found[op] = row
    return found


def rows_of(results):
    """(operation, driver's row, KVM's row) of the table."""
    for op in OPERATIONS:
        boot_name = 'paging' if op == 'fault' else 'gunyah'
        ours = results.get(boot_name, {}).get(op)
        kvms = results.get('kvm', {}).get(op)
        if ours or kvms:
            yield op, ours, kvms


def number(row, part):
    return f'{row[part]:10,.0f}' if row else f'{"-":>10}'


def table(results):
    lines = [f'{"instructions per operation":32}' +
             ''.join(f'{w:>10}' for w in ('kernel', 'hyp', 'monitor', 'guest', 'total',
                                          'KVM: host', 'monitor', 'guest', 'total',
                                          'ratio', 'of host'))]
    for op, ours, kvms in rows_of(results):
        line = f'{OPERATIONS[op]:32}'
        line += ''.join(number(ours, p) for p in (*PARTS, 'total'))
        line += ''.join(number(kvms, p) for p in ('kernel', 'monitor', 'guest', 'total'))
        if ours and kvms:
            line += f'{ours["total"] / kvms["total"]:10.2f}'
            line += f'{ours["kernel"] / max(kvms["kernel"], 1):10.2f}'
        lines.append(line)
    return '\n'.join(lines)


def dearest(results, top):
    lines = []
    for op, ours, kvms in rows_of(results):
        for who, row in (('gunyah', ours), ('kvm', kvms)):
            if not row:
                continue
            lines.append(f'\n{OPERATIONS[op]}, {who}: '
                         f'{row["total"]:,.1f} instructions, {row["clock"]:,.1f} by the clock')
            for entry in row['functions'][:top]:
                lines.append(f'{entry["instructions"]:12,.1f}  {entry["calls"]:8.2f} x  '
                             f'{entry["place"]:10}  {entry["function"]}')
    return '\n'.join(lines)


def cross_check(results):
    """Rows whose count and clock differ by more than 2 %."""
    bad = []
    for name, found in results.items():
        for op, row in found.items():
            if op in IDLE:
                continue
            off = row['total'] / row['clock'] - 1 if row['clock'] else 1
            if abs(off) > 0.02:
                bad.append(f'{name}/{op}: {row["total"]:,.1f} counted, '
                           f'{row["clock"]:,.1f} by the clock')
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--json', default=os.path.join(OUT, 'bench.json'))
    parser.add_argument('--top', type=int, default=10)
    parser.add_argument('--only', action='append', default=[])
    parser.add_argument('--reuse', action='store_true',
                        help='look at the last boots again')
    args = parser.parse_args()
    results = {name: measure(name, program, options, args.reuse)
               for name, program, options in BOOTS
               if not args.only or name in args.only}
    print(table(results))
    print(dearest(results, args.top))
    with open(args.json, 'w', encoding='ascii') as file:
        json.dump(results, file, indent=1)
    bad = cross_check(results)
    print()
    for line in bad:
        print(f'differs: {line}')
    print(f'as JSON: {args.json}')
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
