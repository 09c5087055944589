#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Draw the first table of performance.rst: for each operation what it costs, beside KVM.

As a program it writes the picture beside the page; check-docs.py looks whether it is
that of the table.
"""

import os
import re

CI = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(CI, '../Documentation/virt/gunyah')
PAGE = os.path.join(FOLDER, 'performance.rst')
PICTURE = os.path.join(FOLDER, 'performance.svg')

# What is drawn: the rows of one each, not those of scale.
ROWS = ('user-exit MMIO write', 'user-exit MMIO read', 'ioeventfd write',
        'ioeventfd, irqfd, handler', 'irqfd, guest in WFI, ioeventfd',
        're-entered after an interrupt', 'PSCI version call', 'demand fault of a 4K page')

LEFT, WIDTH, BAR, ROW, TOP = 230, 560, 13, 44, 46
COLOURS = {'kernel': '#1f5fa8', 'hypervisor': '#9dc3e6', 'monitor and guest': '#d9d9d9',
           'KVM': '#e08e3c'}


def rows_of(page):
    """{operation: numbers} of the first table."""
    lines = page.splitlines()
    rules = [i for i, line in enumerate(lines)
             if re.fullmatch(r'=+( =+){7}', line)][:3]
    if len(rules) < 3:
        return {}
    edges, at = [], 0
    for piece in lines[rules[0]].split(' '):
        edges.append((at, at + len(piece)))
        at += len(piece) + 1
    rows = {}
    for line in lines[rules[1] + 1:rules[2]]:
        cells = [line[first:end].strip() for first, end in edges]
        rows[cells[0]] = [int(c.replace(',', '')) if re.search(r'\d', c) else 0
                          for c in cells[1:]]
    return rows


def text(x, y, what, anchor='start'):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{what}</text>'


def bar(x, y, width, colour):
    return f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>'


def bars(y, parts, scale):
    """One bar of (colour, number) parts, and its sum."""
    x, out = LEFT, []
    for colour, n in parts:
        if n:
            out.append(bar(x, y, n * scale, colour))
            x += n * scale
    total = sum(n for _, n in parts)
    return out + [text(round(x + 4), y + BAR - 2, f'{total:,}')]


def draw(page):
    found = {name: n for name, n in rows_of(page).items() if name in ROWS}
    scale = WIDTH / max((max(n[4], n[6]) for n in found.values()), default=1)
    out = []
    for (what, colour), x in zip(COLOURS.items(), (0, 90, 210, 370)):
        out += [bar(LEFT + x, 12, BAR, colour), text(LEFT + x + BAR + 5, 23, what)]
    y = TOP
    for name in ROWS:
        if name not in found:
            continue
        kernel, hyp, monitor, guest, _, _, kvm = found[name]
        out.append(text(LEFT - 8, y + BAR + 4, name, 'end'))
        out += bars(y, ((COLOURS['kernel'], kernel), (COLOURS['hypervisor'], hyp),
                        (COLOURS['monitor and guest'], monitor + guest)), scale)
        out += bars(y + BAR + 2, ((COLOURS['KVM'], kvm),), scale)
        y += ROW
    return ('<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
            '<!-- SPDX-License-Identifier: GPL-2.0 -->\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 70}" height="{y}" '
            'font-family="sans-serif" font-size="13">\n'
            f'<rect width="{LEFT + WIDTH + 70}" height="{y}" fill="white"/>\n' +
            '\n'.join(out) + '\n</svg>\n')


def write(page):
    with open(PICTURE, 'w', encoding='ascii') as file:
        file.write(draw(page))


if __name__ == '__main__':
    with open(PAGE, encoding='utf-8') as source:
        write(source.read())
