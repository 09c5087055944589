#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
R83: the device-tree binding of the hypervisor's node. Its example compiles without
a warning, it has what the published resource manager writes, and no line is longer
than 80 columns. Prints KTAP. (Debian 12 has no dt-schema that is new enough for
dt_binding_check.)

check-binding.py BINDING INCLUDE DTC: the file, the kernel's include folder, and
the kernel's dtc.
"""

import re
import subprocess
import sys
import textwrap

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


def compile_example(text, include, dtc):
    source = AROUND % example_of(text)
    pre = subprocess.run(['gcc', '-E', '-nostdinc', '-undef', '-x',
                          'assembler-with-cpp', '-P', '-I', include, '-'],
                         input=source, capture_output=True, text=True,
                         check=False)
    if pre.returncode:
        return pre.stderr
    # simple-bus wants "ranges", and is left out of the example for that.
    done = subprocess.run([dtc, '-q', '-I', 'dts', '-O', 'dtb', '-o',
                           '/dev/null', '-Wno-unit_address_vs_reg',
                           '-Wno-avoid_unnecessary_addr_size', '-'],
                          input=pre.stdout, capture_output=True, text=True,
                          check=False)
    return done.stderr or ('dtc failed' if done.returncode else '')


def missing(names, text, pattern):
    return '\n'.join(f'no {name}' for name in names
                     if not re.search(pattern % re.escape(name), text, re.M))


def main():
    path, include, dtc = sys.argv[1:]
    with open(path, encoding='utf-8') as file:
        text = file.read()
    rules = text.split('\nexamples:', 1)[0]
    cases = {
        'example-compiles': compile_example(text, include, dtc),
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
