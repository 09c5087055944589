#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
What bench.py found, as text, as a budget, and as the tables of performance.rst.
"""

import os
import re

import bench_picture
import ktap
from bench_count import PARTS, calls_of

CI = os.path.dirname(os.path.abspath(__file__))
BUDGET = os.environ.get('BENCH_BUDGET', os.path.join(CI, 'bench/budget.txt'))
PAGE = os.path.join(CI, '../Documentation/virt/gunyah/performance.rst')

GROWTH = 0.05                   # what an operation's cost may grow by

# What each operation is called in the table.
OPERATIONS = {
    'mmio_write': 'user-exit MMIO write',
    'mmio_read': 'user-exit MMIO read',
    'ioeventfd': 'ioeventfd write',
    'loop': 'ioeventfd, irqfd, handler',
    'wfi': 'irqfd, guest in WFI, ioeventfd',
    'ready': 're-entered after an interrupt',
    'psci': 'PSCI version call',
    'fault': 'demand fault of a 4K page',
    'fault_2m': 'demand fault of 2 MiB',
    'vm': 'VM created and closed',
    'ioeventfd_10': 'ioeventfd write, 10 of them',
    'ioeventfd_100': 'ioeventfd write, 100',
    'ioeventfd_1000': 'ioeventfd write, 1,000',
    'mmio_write_10': 'user-exit MMIO write, 10',
    'mmio_write_100': 'user-exit MMIO write, 100',
    'mmio_write_1000': 'user-exit MMIO write, 1,000',
    'loop_10': 'the loop, 10 irqfds',
    'loop_100': 'the loop, 100 irqfds',
    'loop_1000': 'the loop, 1,000 irqfds',
}
OF_THE_HOST = ('vm',)

# Of two vCPUs at the same time.
TWO = ('two_mmio_write', 'two_mmio_read', 'two_ioeventfd')

# They wait: then the counter jumps, or does not go on.
WAITS = re.compile(r'wfi|vm|start_|close_')

MEMORY = re.compile(r'(allocate|start|touch|close|free)_(2m|4k)(_far)?_(\d+)$')

# Of what else a start does, giving memory is what has loops over it, and what is called for
# each folio more. The rest is interrupts and what they put off: freeing, for one.
LOOPS = re.compile(r'gunyah_|mas_|mt_|mtree_|_*(pi_)?mem(set|cpy|move)$')
PUT_OFF = re.compile(r'.*free')
MIB_OF_FOLIO = 2

# What takes a page out of the kernel's direct map, or puts it back.
DIRECT_MAP = re.compile(r'gunyah_direct_map|set_memory_valid|__change_memory_common|'
                        r'change_page_range|__?apply_to_|kernel_page_present|can_set_direct_map|'
                        r'pfn_is_map_memory|memblock|flush_tlb|__flush_tlb|set_pte|'
                        r'walk_p(gd|4d|ud|md|te)|lookup_address|'
                        # from 7.x on
                        r'walk_kernel_page|pageattr_|update_range_prot|split_(kernel|p.d|cont)')

MESSAGE = 'gunyah_rm_transfer'
HYPERCALL = 'gunyah_hypercall_(addrspace|memextent)_'
PAGES_OF_MIB = 256
FIRST_MESSAGES = 5              # of a start, whatever the guest's memory is

# What one more page of 4K costs beside the direct map's entries: next to nothing, so it is
# held to a figure of its own, and not to what it was.
ENTRIES = 'entries_of_a_page'
FIXED = {ENTRIES: 1.0}

# What operations are to cost the kernel.
TARGETS = {'mmio_write': 430, 'mmio_read': 410, 'ioeventfd': 170, 'ioeventfd_1000': 170,
           'loop': 860, 'wfi': 6000, 'ready': 120}
OF_KVM = 0.25                   # of what KVM's VM costs
LEND_MESSAGES = 4               # for 256 MiB in folios of 2 MiB


def waits(op):
    return bool(WAITS.match(op))


def guest_operations(without):
    return ['nothing', *(op for op in OPERATIONS if op not in (*without, *OF_THE_HOST))]


def rows_of(results):
    """(operation, driver's row, KVM's row) of the table."""
    for op in OPERATIONS:
        ours = next((results[boot]['rows'][op] for boot in ('gunyah', 'paging')
                     if op in results.get(boot, {}).get('rows', {})), None)
        kvms = results.get('kvm', {}).get('rows', {}).get(op)
        if ours or kvms:
            yield op, ours, kvms


def targets(results):
    """(what, target, measured) of all that there is a target for."""
    rows = {op: (ours, kvms) for op, ours, kvms in rows_of(results)}
    for op, target in TARGETS.items():
        if op in rows and rows[op][0]:
            yield OPERATIONS[op], target, rows[op][0]['kernel']
    if all(rows.get('vm', (None, None))):
        ours, kvms = rows['vm']
        yield 'VM created and closed, in % of KVM\'s', OF_KVM * 100, \
              ours['kernel'] / kvms['kernel'] * 100
    found = results.get('gunyah', {})
    cost, _, rest = growth(found, '2m')
    if cost:
        yield 'a page of 4K in a list of 2 MiB folios', FIXED[ENTRIES], max(rest, 0)
    for kind, mib, _, steps in memory_rows(found):
        if (kind, mib) == ('2m', 256):
            yield 'messages that lend 256 MiB', LEND_MESSAGES, \
                  calls(steps['start'], MESSAGE) - FIRST_MESSAGES


def said(value):
    return f'{value:,.0f}' if value >= 10 or value == int(value) else f'{value:.2f}'


# ---- as text ----

def targets_text(results):
    lines = ['', f'{"targets, of the kernel":44}{"at most":>10}{"measured":>10}']
    for what, target, value in targets(results):
        missed = f'  missed by {said(value - target)}' if value > target else ''
        lines.append(f'{what:44}{said(target):>10}{said(value):>10}{missed}')
    return lines


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
    return lines


def memory_rows(found):
    """(kind, MiB, entries, {step: row}) of a boot."""
    kinds = {}
    for op, row in found.get('rows', {}).items():
        match = MEMORY.match(op)
        if match:
            step, folio, far, mib = match.groups()
            kinds.setdefault((folio + (far or ''), int(mib)), {})[step] = row
    for (kind, mib), steps in kinds.items():
        yield kind, mib, found['entries'].get(f'{kind}_{mib}', 0), steps


def calls(row, pattern):
    return sum(calls_of(row, pattern).values())


KINDS = {'2m': '2 MiB', '2m_far': '2 MiB, apart', '4k': '4K', '4k_far': '4K, apart'}


def memory_table(results):
    lines = []
    for boot in ('gunyah', 'paging'):
        rows = list(memory_rows(results.get(boot, {})))
        if rows:
            lines += ['', f'{"memory of a guest, " + boot:24}{"MiB":>6}{"entries":>9}' +
                      ''.join(f'{w:>14}' for w in ('allocate', 'start', 'messages', 'touch',
                                                   'hypercalls', 'close', 'messages', 'free'))]
        for kind, mib, entries, steps in rows:
            touch = steps.get('touch')
            lines.append(
                f'{KINDS[kind]:24}{mib:6}{entries:9}'
                f'{steps["allocate"]["kernel"]:14,.0f}{steps["start"]["kernel"]:14,.0f}'
                f'{calls(steps["start"], MESSAGE):14.0f}'
                f'{touch["kernel"] if touch else 0:14,.0f}'
                f'{calls(touch, HYPERCALL) if touch else 0:14,.0f}'
                f'{steps["close"]["kernel"]:14,.0f}{calls(steps["close"], MESSAGE):14.0f}'
                f'{steps["free"]["kernel"]:14,.0f}')
    return lines


def growth(found, kind):
    """
    What one more page of 4K costs at the start, from the two largest guests of a kind:
    {function: instructions}, the sum of those of the direct map, and of all else that is
    giving memory. Empty, and zeros, where there are no two guests.
    """
    rows = sorted((mib, steps['start']) for name, mib, _, steps in memory_rows(found)
                  if name == kind)
    if len(rows) < 2:
        return {}, 0, 0
    (mib, less), (more_mib, more) = rows[-2:]
    pages = (more_mib - mib) * PAGES_OF_MIB
    cost, called = {}, {}
    for row, sign in ((more, 1), (less, -1)):
        for entry in row['functions']:
            if entry['place'] == 'kernel':
                name = entry['function']
                cost[name] = cost.get(name, 0) + sign * entry['instructions'] / pages
                called[name] = called.get(name, 0) + sign * entry['calls']
    cost = dict(sorted(((name, c) for name, c in cost.items() if abs(c) > 0.002),
                       key=lambda item: -item[1]))
    direct = sum(c for name, c in cost.items() if DIRECT_MAP.match(name))
    folios = (more_mib - mib) / MIB_OF_FOLIO
    return cost, direct, sum(c for name, c in cost.items() if not DIRECT_MAP.match(name) and
                             (LOOPS.match(name) or
                              called[name] >= folios and not PUT_OFF.match(name)))


def growth_text(results, top):
    lines = []
    for kind in KINDS:
        cost, direct, rest = growth(results.get('gunyah', {}), kind)
        if not cost:
            continue
        lines.append(f'\na page of 4K more at the start, folios of {KINDS[kind]}: '
                     f'{direct:.2f} of the direct map, {rest:.2f} of all else')
        lines += [f'{n:12.3f}  {name}' for name, n in list(cost.items())[:top]]
    return lines


def objects_text(results, top):
    lines = []
    for name, found in results.get('gunyah', {}).get('objects', {}).items():
        lines.append(f'\nkernel memory of one {name}: {found["bytes"]:,.0f} bytes')
        lines += [f'{size:12,.0f}  {who}' for who, size in list(found['by'].items())[:top]]
    return lines


def lines_text(results):
    lines = []
    for op, found in results.get('lines', {}).get('lines', {}).items():
        lines.append(f'\n{op}: {len(found["lines"])} cache lines that both vCPUs store to, '
                     f'and {found["seldom"]} seldom')
        for line in found['lines']:
            who = ', '.join(f'{by["function"]}{" (driver)" if by["driver"] else ""} '
                            f'{by["stores"]:.2f}' for by in line['by'])
            lines.append(f'{line["line"]}  {line["stores"]:6.2f}  {who}')
    return lines


def dearest(name, row, top):
    lines = [f'\n{name}: {row["total"]:,.1f} instructions, {row["clock"]:,.1f} by the clock, '
             f'{row["driver"]:,.1f} of the driver']
    if 'beside' in row:
        lines.append('beside: ' + ', '.join(f'{what} {n:,.1f}'
                                            for what, n in row['beside'].items()))
    for entry in row['functions'][:top]:
        lines.append(f'{entry["instructions"]:12,.1f}  {entry["calls"]:8.2f} x  '
                     f'{entry["place"]:10}  {entry["function"]}')
    return lines


def all_dearest(results, top):
    lines = []
    for op, ours, kvms in rows_of(results):
        for who, row in (('gunyah', ours), ('kvm', kvms)):
            if row:
                lines += dearest(f'{OPERATIONS[op]}, {who}', row, top)
    for boot in ('gunyah', 'paging'):
        for kind, mib, _, steps in memory_rows(results.get(boot, {})):
            if (kind, mib) == ('2m', 256):
                for step, row in steps.items():
                    lines += dearest(f'{step}, {mib} MiB in folios of {KINDS[kind]}, {boot}',
                                     row, top)
    return lines


def text(results, top):
    return '\n'.join(table(results) + targets_text(results) + memory_table(results) +
                     growth_text(results, top) +
                     objects_text(results, top) + lines_text(results) +
                     all_dearest(results, top))


# ---- as a budget ----

def kernel_costs(results):
    """What each operation costs the kernel of the primary VM."""
    costs = {op: ours['kernel'] for op, ours, _ in rows_of(results)
             if ours and ours['kernel'] >= 1}
    for boot in ('gunyah', 'paging'):
        prefix = 'paged_' if boot == 'paging' else ''
        for kind, mib, _, steps in memory_rows(results.get(boot, {})):
            for step in ('start', 'touch', 'close'):
                if step in steps:
                    costs[f'{prefix}{step}_{kind}_{mib}'] = steps[step]['kernel']
                    costs[f'{prefix}{step}_{kind}_{mib}_messages'] = calls(steps[step], MESSAGE)
    for name, found in results.get('gunyah', {}).get('objects', {}).items():
        costs[f'bytes_of_{name}'] = found['bytes']
    costs = {name: cost for name, cost in costs.items() if cost > 0}
    _, _, rest = growth(results.get('gunyah', {}), '2m')
    costs[ENTRIES] = max(rest, 0)
    return costs


def write_budget(results):
    with open(BUDGET, 'w', encoding='ascii') as file:
        file.write('# What each operation costs the kernel, in instructions; messages to the\n'
                   '# resource manager, and bytes. "make bench BUDGET=1" writes it; the suite\n'
                   '# "bench" compares.\n')
        for name, cost in kernel_costs(results).items():
            cost = FIXED.get(name, cost)
            file.write(f'{name} {cost:.2f}\n' if cost < 10 else f'{name} {cost:.0f}\n')


def check_budget(results, differing):
    """KTAP; the status.  @differing: rows whose count the clock does not confirm."""
    costs = kernel_costs(results)
    with open(BUDGET, encoding='ascii') as file:
        budget = {name: float(limit) for name, limit in
                  (line.split() for line in file if not line.startswith('#'))}
    cases = []
    for name in sorted(budget.keys() | costs.keys()):
        cost = costs.get(name)
        if cost is None:
            fault = 'it was not measured'
        elif name not in budget:
            fault = f'{cost:.2f}, and no budget'
        elif cost > budget[name] * (1 if name in FIXED else 1 + GROWTH) + 0.005:
            fault = f'{cost:.2f}, and the budget is {budget[name]:g}'
        else:
            fault = None
        cases.append((name, [f'{name}: {fault}'] if fault else []))
    cases.append(('clock', [f'counts and clock differ: {line}' for line in differing]))
    return ktap.report(cases)


# ---- as a page ----

BEGIN = '.. The figures that were measured.\n'
END = '.. The end of these.\n'


def rst_table(rows):
    """The first row is the heads; what has no letter is to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rule = ' '.join('=' * width for width in widths)

    def line(row):
        return ' '.join(cell.ljust(width) if not i else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip()

    return '\n'.join([rule, line(rows[0]), rule, *(line(row) for row in rows[1:]), rule]) + '\n'


def cell(row, part):
    return f'{row[part]:,.0f}' if row else '\\-'


def page_operations(results):
    rows = [['instructions of an operation', 'kernel', 'hypervisor', 'monitor', 'guest',
             'total', 'KVM: host', 'KVM: total']]
    for op, ours, kvms in rows_of(results):
        rows.append([OPERATIONS[op]] + [cell(ours, part) for part in (*PARTS, 'total')] +
                    [cell(kvms, 'kernel'), cell(kvms, 'total')])
    return rst_table(rows)


def page_memory(results):
    for boot, steps_of in (('gunyah', ('start', 'close')), ('paging', ('start', 'touch', 'close'))):
        found = list(memory_rows(results.get(boot, {})))
        if not found:
            continue
        rows = [['folios', 'MiB'] + [head for step in steps_of for head in
                                     (step, 'calls' if step == 'touch' else 'messages')]]
        if boot == 'gunyah':
            rows[0].insert(2, 'entries')
        for kind, mib, entries, steps in found:
            row = [KINDS[kind], f'{mib:,}']
            if boot == 'gunyah':
                row.append(f'{entries:,}')
            for step in steps_of:
                what = HYPERCALL if step == 'touch' else MESSAGE
                row += [f'{steps[step]["kernel"]:,.0f}', f'{calls(steps[step], what):,.0f}']
            rows.append(row)
        yield rst_table(rows)


def page_lines(results):
    names = dict(zip(TWO, ('user-exit MMIO write', 'user-exit MMIO read', 'ioeventfd write')))
    rows = [['operation', 'stores', 'who']]
    for op, found in results.get('lines', {}).get('lines', {}).items():
        for line in found['lines'] or [{'stores': 0, 'by': []}]:
            who = ', '.join(by['function'] + (' (driver)' if by['driver'] else '')
                            for by in line['by'][:3])
            rows.append([names[op], f'{line["stores"]:.2f}', who or 'nobody'])
    return rst_table(rows)


def page(results):
    _, direct, rest = growth(results.get('gunyah', {}), '2m')
    memory = list(page_memory(results))
    objects = [['kernel memory', 'bytes']]
    objects += [[{'vm': 'VM', 'vcpu': 'vCPU'}.get(name, name), f'{found["bytes"]:,.0f}']
                for name, found in results['gunyah']['objects'].items()]
    rows = [['the kernel\'s instructions, or messages', 'at most', 'measured']]
    rows += [[what, said(target), said(value)] for what, target, value in targets(results)]
    parts = [page_operations(results), 'What they are to cost at most:\n', rst_table(rows),
             'A guest\'s memory, all of it given at its start (instructions of the kernel, '
             'messages to the\nresource manager):\n', memory[0],
             f'A page of 4K more in folios of 2 MiB costs {direct:.0f} instructions at the start '
             f'that take it out of the\ndirect map, and {rest:.2f} more.\n',
             'The same in the demand-paged flow, where the guest touches each page:\n',
             memory[1], rst_table(objects),
             'Cache lines that two vCPUs store to which do the same on two CPUs, in one of 100 '
             'operations or\nmore; how many stores an operation has to each, and who stores '
             'most:\n', page_lines(results)]
    return '\n'.join(part for part in parts)


def update(results, checked):
    """Budget, page and picture; the budget is of what "make test-builtin" measures."""
    write_budget(checked)
    with open(PAGE, encoding='utf-8') as file:
        old = file.read()
    before, _, rest = old.partition(BEGIN)
    _, _, after = rest.partition(END)
    new = f'{before}{BEGIN}\n{page(results)}\n{END}{after}'
    with open(PAGE, 'w', encoding='utf-8') as file:
        file.write(new)
    bench_picture.write(new)
