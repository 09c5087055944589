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

    bench.py --budget FILE

is the check of "make test", in KTAP: no operation may cost the kernel over 5 % more
instructions than the file says. Who makes one dearer, and has a reason, changes the
file. --write-budget FILE writes it.
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
GROWTH = 0.05                   # what an operation's cost may grow by
KERNEL = 1 << 48                # the kernel's half begins above

GUEST = 0x80000000              # BENCH_RAM

# Whose an address below is.
PLACES = (
    (0x400000, 0x1000000, 'monitor'),
    (0x40200000, 0x40400000, 'hypervisor'),
    (GUEST, 0xa0000000, 'guest'),
)
PARTS = ('kernel', 'hypervisor', 'monitor', 'guest')

# What each operation is called in the table, in the monitors' order.
OPERATIONS = {
    'mmio_write': 'user-exit MMIO write',
    'mmio_read': 'user-exit MMIO read',
    'ioeventfd': 'ioeventfd write',
    'loop': 'ioeventfd, irqfd, handler',
    'wfi': 'irqfd, guest in WFI, ioeventfd',
    'psci': 'PSCI version call',
    'fault': 'demand fault of a 4K page',
    'ioeventfd_10': 'ioeventfd write, 10 of them',
    'mmio_write_10': 'user-exit MMIO write, 10',
    'ioeventfd_100': 'ioeventfd write, 100',
    'mmio_write_100': 'user-exit MMIO write, 100',
    'ioeventfd_1000': 'ioeventfd write, 1,000',
    'mmio_write_1000': 'user-exit MMIO write, 1,000',
    'loop_1000': 'ioeventfd, irqfd, handler, 1,000',
}
PAGED = ('fault',)
NOT_PAGED = [op for op in OPERATIONS if op not in PAGED] + ['nothing']

# Name of the boot, the monitor's program, options of boot.py.
BOOTS = (
    ('gunyah', 'gunyah', ['--append', f'primary.bench=gunyah primary.skip={",".join(PAGED)}']),
    ('paging', 'gunyah', ['--append', f'primary.bench=gunyah primary.skip={",".join(NOT_PAGED)}',
                          '--append', 'ghyp.profile=paging']),
    ('kvm', 'kvm', ['--no-hyp', '--el2', '--append', 'primary.bench=kvm']),
)

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
            if len(words) >= 3 and words[1] in 'tTwWrR' and words[2][0] != '$':
                self.names.setdefault(int(words[0], 16), words[2])

    def add_elf(self, path):
        self.add(subprocess.run([CROSS + 'nm', path], check=True, text=True,
                                capture_output=True).stdout)

    def add_payload(self):
        """The payload is linked into the monitor, and runs where the guest's memory is."""
        where = {name: address for address, name in self.names.items()}
        start, end = where['payload_start'], where['payload_end']
        self.names.update({GUEST + address - start: name
                           for address, name in self.names.items()
                           if start < address < end})

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
    symbols.add_elf(os.path.join(OUT, f'bench-{program}'))
    symbols.add_payload()
    symbols.add_elf(os.path.join(KOUT, 'vmlinux'))
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
        boot_name = 'paging' if op in PAGED else 'gunyah'
        ours = results.get(boot_name, {}).get(op)
        kvms = results.get('kvm', {}).get(op)
        if ours or kvms:
            yield op, ours, kvms


def number(row, part):
    return f'{row[part]:10,.0f}' if row else f'{"-":>10}'


def table(results):
    lines = [f'{"instructions per operation":34}' +
             ''.join(f'{w:>10}' for w in ('kernel', 'hyp', 'monitor', 'guest', 'total',
                                          'KVM: host', 'monitor', 'guest', 'total',
                                          'ratio', 'of host'))]
    for op, ours, kvms in rows_of(results):
        line = f'{OPERATIONS[op]:34}'
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


def kernel_costs(results):
    """What each operation costs the kernel of the primary VM."""
    return {op: ours['kernel'] for op, ours, _ in rows_of(results)
            if ours and ours['kernel'] >= 1}


def write_budget(results, path):
    with open(path, 'w', encoding='ascii') as file:
        file.write('# Instructions of the kernel for each operation, see ci/bench.py.\n')
        for op, cost in kernel_costs(results).items():
            file.write(f'{op} {cost:.0f}\n')


def check_budget(results, path):
    """KTAP; the status."""
    costs = kernel_costs(results)
    with open(path, encoding='ascii') as file:
        budget = dict(line.split() for line in file if not line.startswith('#'))
    cases = []
    for op in sorted(budget.keys() | costs.keys()):
        cost, limit = costs.get(op), int(budget.get(op, 0)) * (1 + GROWTH)
        why = f'{op}: {cost or 0:.1f} instructions of the kernel, {budget.get(op)} in {path}'
        cases.append((op, cost is not None and cost <= limit, why))
    cases += [(f'clock-{why.split(":")[0].replace("/", "-")}', False, why)
              for why in cross_check(results)]
    print('TAP version 13')
    for n, (name, good, why) in enumerate(cases, 1):
        print(f'# {why}')
        print(f'{"ok" if good else "not ok"} {n} {name}')
    print(f'1..{len(cases)}')
    return 0 if all(good for _, good, _ in cases) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--json', default=os.path.join(OUT, 'bench.json'))
    parser.add_argument('--top', type=int, default=10)
    parser.add_argument('--only', action='append', default=[])
    parser.add_argument('--reuse', action='store_true',
                        help='look at the last boots again')
    parser.add_argument('--budget', metavar='FILE')
    parser.add_argument('--write-budget', metavar='FILE')
    args = parser.parse_args()
    if args.budget:
        args.only = ['gunyah', 'paging']
    results = {name: measure(name, program, options, args.reuse)
               for name, program, options in BOOTS
               if not args.only or name in args.only}
    if args.write_budget:
        write_budget(results, args.write_budget)
    if args.budget:
        sys.exit(check_budget(results, args.budget))
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
