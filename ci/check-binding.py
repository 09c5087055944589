#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
R83: the device-tree binding of the hypervisor's node. The kernel's dt_binding_check
says nothing of it, its example compiles without a warning of dtc, and it has what the
published resource manager writes. Prints KTAP.

check-binding.py BINDING INCLUDE: the file, and the kernel's include folder.
"""

import os
import re
import subprocess
import sys
import textwrap

BINDINGS = 'Documentation/devicetree/bindings'
OUT = os.path.join(os.environ['WORK'], 'binding-' + os.environ['BASE_TAG'])
# As the published resource manager (Dec 2023) writes it for the primary VM.
WRITTEN = (
    'compatible', '#address-cells', '#size-cells', 'reg', 'interrupts',
    'qcom,is-full-duplex', 'qcom,free-irq-start', 'qcom,tx-message-size',
    'qcom,rx-message-size', 'qcom,tx-queue-depth', 'qcom,rx-queue-depth',
    'qcom,vendor', 'qcom,vmid',
)
STRINGS = (
    'qcom,gunyah-hypervisor-1.0', 'qcom,gunyah-hypervisor', 'simple-bus',
    'gunyah-resource-manager', 'qcom,resource-manager-1-0',
    'qcom,resource-manager', 'qcom,gunyah-vm-id-1.0', 'qcom,gunyah-vm-id',
)
# What dt_binding_check lays around an example.
AROUND = '''
/dts-v1/;
#include <dt-bindings/interrupt-controller/irq.h>
%s
/ {
    compatible = "foo";
    interrupt-parent = <&gic>;
    #address-cells = <1>;
    #size-cells = <1>;
    gic: interrupt-controller {
        interrupt-controller;
        #interrupt-cells = <3>;
    };
%s
};
'''


def example_of(text):
    """(includes, nodes) of the one example."""
    block = textwrap.dedent(text.split('\nexamples:\n  - |\n', 1)[1])
    lines = block.splitlines()
    return ('\n'.join(x for x in lines if x.startswith('#include')),
            '\n'.join(x for x in lines if not x.startswith('#include')))


def compile_example(text, include):
    source = AROUND % example_of(text)
    pre = subprocess.run(['gcc', '-E', '-nostdinc', '-undef', '-x',
                          'assembler-with-cpp', '-P', '-I', include, '-'],
                         input=source, capture_output=True, text=True,
                         check=False)
    if pre.returncode:
        return pre.stderr
    # The dtc that dt_binding_check has built. simple-bus wants "ranges", and is left
    # out of the example for that.
    dtc = os.path.join(OUT, 'scripts/dtc/dtc')
    if not os.path.exists(dtc):
        return f'dt_binding_check has not built {dtc}'
    done = subprocess.run([dtc, '-q', '-I', 'dts',
                           '-O', 'dtb', '-o', '/dev/null', '-Wno-unit_address_vs_reg',
                           '-Wno-avoid_unnecessary_addr_size', '-'],
                          input=pre.stdout, capture_output=True, text=True,
                          check=False)
    return done.stderr or ('dtc failed' if done.returncode else '')


def dt_binding_check(path):
    """What the kernel's own check says of this file; it ends well also with faults."""
    env = os.environ
    done = subprocess.run([os.path.join(env['CI'], 'fetch-dtschema.sh')], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        return done.stdout
    name = os.path.basename(path)
    example = os.path.join(OUT, BINDINGS, 'firmware', name.replace('.yaml', '.example.dtb'))
    if os.path.exists(example):
        os.remove(example)
    done = subprocess.run(
        ['make', '-C', env['KSRC'], f'O={OUT}', 'ARCH=arm64', f'CROSS_COMPILE={env["CROSS"]}',
         'HOSTCC=ccache gcc', f'-j{env["JOBS"]}', 'dt_binding_check', f'DT_SCHEMA_FILES={name}'],
        env={**env, 'PATH': f'{env["DTSCHEMA"]}/bin:{env["PATH"]}'}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode or not os.path.exists(example):
        return done.stdout or 'no example was made'
    lines = done.stdout.splitlines()
    # A fault's second line, which says the rule, does not name the file.
    return '\n'.join(line for n, line in enumerate(lines)
                     if not re.match(r'  (DTEX|DTC\b.*) ', line) and
                     any(name.removesuffix('.yaml') in said for said in lines[max(n - 1, 0):n + 1]
                         if not re.match(r'  [A-Z]+ ', said)))


def missing(names, text, pattern):
    return '\n'.join(f'no {name}' for name in names
                     if not re.search(pattern % re.escape(name), text, re.M))


def main():
    path, include = sys.argv[1:]
    with open(path, encoding='utf-8') as file:
        text = file.read()
    rules = text.split('\nexamples:', 1)[0]
    cases = {
        'dt_binding_check': dt_binding_check(path),
        'example-compiles': compile_example(text, include),
        'properties': missing(WRITTEN, rules, r'^ *"?%s"?:'),
        'strings': missing(STRINGS, rules, r'const: %s$'),
        'columns': '\n'.join(f'line {n}: {len(line)} columns' for n, line in
                             enumerate(text.splitlines(), 1) if len(line) > 80),
    }
    print('KTAP version 1')
    for n, (name, fault) in enumerate(cases.items(), 1):
        for line in fault.splitlines():
            print(f'# {name}: {line}')
        print(f'{"not ok" if fault else "ok"} {n} {name}')
    print(f'1..{len(cases)}')
    return 1 if any(cases.values()) else 0


if __name__ == '__main__':
    sys.exit(main())
