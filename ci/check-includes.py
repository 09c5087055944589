#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Check that includes point one way: a file of the driver uses only what stands
above it in LAYERS, the driver and the test hypervisor share no header, and
the hypervisor's headers have no circle. Prints KTAP.
"""

import os
import re
import sys

import ktap

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DRIVER = 'drivers/virt/gunyah'
HYP = 'tools/testing/gunyah/hyp'

# In the order of the series; each row may use only rows above it and itself.
LAYERS = [
    ('abi', ['include/linux/gunyah.h']),
    ('hypercall', ['arch/arm64/gunyah/*', 'arch/arm64/include/asm/gunyah.h']),
    ('msgq', ['msgq']),
    ('resource', ['resource']),
    ('rm_wire', ['rm_wire']),
    ('rm_notify', ['rm_notify', 'rm_trace']),
    ('rm_assembly', ['rm_assembly']),
    ('rm_rpc', ['rm_rpc']),
    ('rm_calls', ['rm_calls']),
    ('rm_drv', ['rm_drv']),
    ('uapi', ['include/uapi/linux/gunyah.h']),
    ('vm_resource', ['vm_resource']),
    ('mem_list', ['mem_list']),
    ('mem_page', ['mem_page']),
    ('mem_provider', ['direct_map', 'mem_provider', 'parcel_entries']),
    ('guest_pages', ['guest_pages']),
    ('guest_mem', ['guest_mem', 'user_mem']),
    ('platform', ['platform']),
    ('vm_parcel', ['vm_parcel', 'mem_trace']),
    ('vm_extent', ['vm_extent']),
    ('vm_pieces', ['vm_pieces']),
    ('vm_mem', ['vm_mem', 'vm_user_mem']),
    ('vm_eager', ['vm_eager']),
    ('vm_paging', ['vm_paging']),
    ('vm_io', ['vm_io']),
    ('vm_function', ['vm_function']),
    ('vm_rm', ['vm_rm', 'vm_trace']),
    ('vm_host', ['vm_host']),
    ('vm_boot', ['vm_boot']),
    ('vm_auth', ['vm_auth']),
    ('vm', ['vm', 'vm_config']),
    ('vcpu_run', ['vcpu_run', 'vcpu_fault']),
    ('vcpu', ['vcpu']),
    ('vm_android', ['vm_android', 'vm_ioctl_arg']),
    ('vm_ioctl', ['vm_ioctl']),
    ('vm_drv', ['vm_drv']),
    ('eventfd', ['irqfd', 'ioeventfd']),
    ('qcom', ['qcom_assign', 'platform_qcom']),
    ('tests', ['tests/*']),
]
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
PUBLIC = {'linux/gunyah.h': 'include/linux/gunyah.h',
          'asm/gunyah.h': 'arch/arm64/include/asm/gunyah.h',
          'uapi/linux/gunyah.h': 'include/uapi/linux/gunyah.h'}


def sources(*folders):
    for folder in folders:
        for base, _, names in sorted(os.walk(os.path.join(TOP, folder))):
            for name in sorted(names):
                if name.endswith(('.c', '.h', '.S')):
                    yield os.path.relpath(os.path.join(base, name), TOP)


def layer(path):
    """The row of a file, or None. A header's row is that of its .c file."""
    stem = os.path.splitext(path)[0]
    for row, (_, members) in enumerate(LAYERS):
        for member in members:
            if member.endswith('/*'):
                full = (member if '/' in member[:-2] else
                        f'{DRIVER}/{member}')[:-1]
                if path.startswith(full):
                    return row
            elif path == member or stem == f'{DRIVER}/{member}':
                return row
    return None


def includes(path):
    """(line, path in the repository or None, text) of each include."""
    with open(os.path.join(TOP, path), encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = None
            if match[1] == '"':
                target = os.path.normpath(os.path.join(
                    os.path.dirname(path), match[2]))
            elif match[2] in PUBLIC:
                target = PUBLIC[match[2]]
            yield number, target, match[2]


def check_driver(path):
    row = layer(path)
    if row is None:
        return [f'{path} has no place in LAYERS']
    faults = []
    for number, target, text in includes(path):
        if target is None:
            continue
        if target.startswith(HYP):
            faults.append(f'{path}:{number}: a header of the hypervisor')
            continue
        other = layer(target)
        if other is None:
            faults.append(f'{path}:{number}: {text} has no place in LAYERS')
        elif other > row:
            faults.append(f'{path}:{number}: {text} ({LAYERS[other][0]}) '
                          f'stands below {LAYERS[row][0]}')
    return faults


def check_hyp(path):
    faults = []
    for number, target, text in includes(path):
        outside = target and not target.startswith(HYP + '/')
        if outside or text.startswith(('linux/', 'uapi/', 'asm/')):
            faults.append(f'{path}:{number}: {text} is not the '
                          "hypervisor's own")
    return faults


def circles(paths):
    """Circles among headers."""
    graph = {}
    for path in paths:
        graph[path] = [t for _, t, _ in includes(path) if t in paths]
    done, faults = set(), []

    def visit(path, trail):
        if path in trail:
            faults.append(' -> '.join(trail[trail.index(path):] + [path]))
            return
        if path in done:
            return
        for target in graph[path]:
            visit(target, trail + [path])
        done.add(path)

    for path in sorted(graph):
        visit(path, [])
    return faults


def makefile_order():
    """Objects of the driver's Makefile stand in the order of the layers."""
    path = f'{DRIVER}/Makefile'
    faults, last = [], -1
    with open(os.path.join(TOP, path), encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            match = re.match(r'gunyah\w*-(?:y|\$\(\w+\))\s*[+:]?=\s*(.*)', line)
            if not match:
                continue
            names = match[1].split()
            if len(names) != 1:
                faults.append(f'{path}:{number}: one object a line')
            for name in names:
                row = layer(f'{DRIVER}/{os.path.splitext(name)[0]}.c')
                if row is None or row < last:
                    faults.append(f'{path}:{number}: {name} is out of order')
                else:
                    last = row
    return faults


def main():
    results = []
    for path in sources('arch/arm64/gunyah', DRIVER, 'include'):
        results.append((path, check_driver(path)))
    hyp = list(sources(HYP))
    for path in hyp:
        results.append((path, check_hyp(path)))
    results.append(('hyp-headers-no-circle',
                    circles({p for p in hyp if p.endswith('.h')})))
    if os.path.exists(os.path.join(TOP, DRIVER, 'Makefile')):
        results.append(('makefile-order', makefile_order()))
    return ktap.report(results)


if __name__ == '__main__':
    sys.exit(main())
