#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
What the benchmark's plugins counted, by function: see bench.py.

Addresses become functions by the symbols of the kernel, its modules, the hypervisor
and the monitors. Which functions are the driver's is told by the modules or, where it
is built in, by the object files: they lie in one piece of the kernel.
"""

import bisect
import collections
import os
import re
import subprocess

CROSS = os.environ.get('CROSS', '')

KERNEL = 1 << 48                # the kernel's half begins above
GUEST = 0x80000000              # BENCH_RAM

# Whose an address below is.
PLACES = (
    (0x400000, 0x1000000, 'monitor'),
    (0x40200000, 0x40400000, 'hypervisor'),
    (GUEST, 0xa0000000, 'guest'),
)
PARTS = ('kernel', 'hypervisor', 'monitor', 'guest')

# Where the driver's objects are when it is built in.
ARCHIVES = ('drivers/virt/gunyah/built-in.a', 'arch/arm64/gunyah/built-in.a')

# The kernel's vectors: from its own level, an interrupt.
VECTOR_OF_IRQ = 0x280

LINE = re.compile(r'BENCH (\w+) phase=(\d+) count=(\d+) ticks=(\d+)|BENCH done phases=(\d+)')

# Of which of the programs, its name and phase, how often it was done, how long it took.
Operation = collections.namedtuple('Operation', 'program name phase count ticks')


def tool(name, *args):
    return subprocess.run([CROSS + name, *args], check=True, text=True,
                          capture_output=True).stdout


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
        self.ranges = []        # of the driver

    def add(self, text):
        for line in text.splitlines():
            words = line.split()
            if len(words) >= 3 and words[1] in 'tTwWrR' and words[2][0] != '$':
                self.names.setdefault(int(words[0], 16), words[2])

    def add_elf(self, path):
        self.add(tool('nm', path))

    def with_program(self, path):
        """The same and a program's; with the payload, which is linked into the program and
        runs where the guest's memory is."""
        both = Symbols()
        both.add_elf(path)
        where = {name: address for address, name in both.names.items()}
        if 'payload_start' in where:
            start, end = where['payload_start'], where['payload_end']
            both.names.update({GUEST + address - start: name
                               for address, name in both.names.items()
                               if start < address < end})
        both.names.update(self.names)
        both.ranges = self.ranges
        return both

    def add_modules(self, text):
        """/proc/kallsyms, what is the driver's of it."""
        self.add(text)
        where = sorted(int(line.split()[0], 16) for line in text.splitlines() if line)
        if where:
            self.ranges.append((where[0], where[-1] + 65536))

    def add_kernel(self, kout):
        self.add_elf(os.path.join(kout, 'vmlinux'))
        where = collections.defaultdict(list)
        for address, name in self.names.items():
            where[name].append(address)
        for archive in ARCHIVES:
            path = os.path.join(kout, archive)
            text = tool('objdump', '-t', path) if os.path.exists(path) else ''
            sizes = {words[-1]: int(words[-2], 16) for words in
                     (line.split() for line in text.splitlines()
                      if re.search(r' F \.text\t', line))}
            alone = {where[name][0]: size for name, size in sizes.items()
                     if len(where[name]) == 1}
            if alone:
                self.ranges.append((min(alone), max(a + size for a, size in alone.items())))

    def is_driver(self, address):
        return any(first <= address < end for first, end in self.ranges)

    def find(self, address):
        if len(self.addresses) != len(self.names):
            self.addresses = sorted(self.names)
        n = bisect.bisect_right(self.addresses, address) - 1
        if n < 0 or address - self.addresses[n] > 65536:
            return f'{address:#x}', address
        return self.names[self.addresses[n]], self.addresses[n]


def vector_of(kout):
    """Where interrupts arrive that come while the kernel runs."""
    for line in tool('nm', os.path.join(kout, 'vmlinux')).splitlines():
        if line.endswith(' vectors'):
            return int(line.split()[0], 16) + VECTOR_OF_IRQ
    return 0


def operations_of(text):
    """What the programs of one boot say that they did, with the phases of the boot."""
    found, offset, program = [], 0, 0
    for op, phase, count, ticks, phases in LINE.findall(text):
        if phases:
            offset += int(phases)
            program += 1
        else:
            found.append(Operation(program, op, offset + int(phase), int(count), int(ticks)))
    return found


def read_counts(path):
    """{phase: {address: count}}, {phase: the kernel's interrupts of itself}"""
    phases, irqs = collections.defaultdict(dict), {}
    with open(path, encoding='ascii') as file:
        for line in file:
            words = line.split()
            if words[1] == 'irq':
                irqs[int(words[0])] = {'number': int(words[2]), 'instructions': int(words[3])}
            else:
                phases[int(words[0])][int(words[1], 16)] = int(words[2])
    return phases, irqs


def functions_of(counts, symbols, n):
    """By function: place, name, instructions and calls per operation, dearest first."""
    found = {}
    for address, count in counts.items():
        name, start = symbols.find(address)
        entry = found.setdefault((place_of(address), name), [0, 0, False])
        entry[0] += count
        if address == start:
            entry[1] += count
        entry[2] |= symbols.is_driver(address)
    return sorted(({'place': place, 'function': name, 'driver': driver,
                    'instructions': insns / n, 'calls': calls / n}
                   for (place, name), (insns, calls, driver) in found.items()),
                  key=lambda f: -f['instructions'])


def row_of(counts, symbols, n):
    """What an operation that was done @n times cost."""
    row = {part: 0 for part in (*PARTS, 'other')}
    for address, count in counts.items():
        row[place_of(address)] += count / n
    row['total'] = sum(row.values())
    row['functions'] = functions_of(counts, symbols, n)
    row['driver'] = sum(f['instructions'] for f in row['functions'] if f['driver'])
    return row


def calls_of(row, pattern):
    """{function: calls} of those whose name begins so."""
    return {f['function']: f['calls'] for f in row['functions']
            if f['calls'] and f['place'] == 'kernel' and re.match(pattern, f['function'])}


def shared_lines(path, operations, symbols, least):
    """
    Lines of the kernel's memory that two CPUs stored to, by operation: those to which
    each of two stores with @least of the operations or more, with who did.
    """
    names = {op.phase: op for op in operations}
    lines = collections.defaultdict(list)
    with open(path, encoding='ascii') as file:
        for text in file:
            phase, line, cpu, insn, stores = text.split()
            lines[int(phase), int(line, 16)].append(
                (int(cpu), int(insn, 16), int(stores)))
    found = {op.name: [] for op in operations}
    seldom = collections.Counter()
    for (phase, line), stores in lines.items():
        if phase not in names:
            continue
        op = names[phase]
        of_cpu, by = collections.Counter(), collections.Counter()
        for cpu, insn, number in stores:
            of_cpu[cpu] += number
            by[symbols.find(insn)[0], symbols.is_driver(insn)] += number
        if sorted(of_cpu.values())[-2] < least * op.count:
            seldom[op.name] += 1
            continue
        found[op.name].append({
            'line': f'{line:#x}', 'stores': sum(of_cpu.values()) / op.count,
            'by': [{'function': name, 'driver': driver, 'stores': number / op.count}
                   for (name, driver), number in by.most_common(8)]})
    return {op.name: {'lines': sorted(found[op.name], key=lambda entry: -entry['stores']),
                      'seldom': seldom[op.name]} for op in operations}


ALLOC = re.compile(r' (kmalloc|kmem_cache_alloc|percpu_alloc_percpu|mm_page_alloc): ')
FREE = re.compile(r' (kfree|kmem_cache_free|mm_page_free): ')
FIELD = re.compile(r'\b(\w+)=(\S+)')
SLABS_OWN = '__GFP_NORETRY'     # a slab's pages are asked for so, and what is in it counts


def allocations(text, n):
    """
    Bytes of kernel memory that one of @n objects has, by who allocated it, from a trace
    of what was allocated and freed meanwhile.
    """
    alive = {}
    for line in text.splitlines():
        fields = dict(FIELD.findall(line))
        free, alloc = FREE.search(line), ALLOC.search(line)
        page = 'pfn' in fields
        key = fields.get('pfn') if page else fields.get('ptr')
        if free:
            alive.pop(key, None)
        elif alloc and not (page and SLABS_OWN in fields.get('gfp_flags', '')):
            size = 4096 << int(fields['order']) if page else int(fields['bytes_alloc'])
            who = 'a page' if page else fields['call_site'].split('+')[0]
            alive[key] = who, size
    by = collections.Counter()
    for who, size in alive.values():
        by[who] += size
    return {'bytes': sum(by.values()) / n,
            'by': {who: size / n for who, size in by.most_common()}}
