#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Ask a machine in QEMU that does not go on what it does: where its CPUs are, by QEMU's
monitor, twice, and what waits and what they do, by the kernel's own SysRq on its
console. All of it goes to the log, and is not taken for what the boot says.
"""

import json
import os
import select
import socket
import time

# Raise the console's level; timers, memory, tasks that are blocked, what each CPU does.
SYSRQ = '8qmwl'
SECONDS = 4                     # for the answer to each


class Monitor:
    """QEMU's monitor, by a socket that QEMU inherits."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.text = b''

    def command(self, cmd):
        """QEMU's command with this monitor instead of none."""
        at = cmd.index('-monitor')
        return (cmd[:at] + ['-chardev', f'socket,id=monitor,fd={self.theirs.fileno()}',
                            '-mon', 'chardev=monitor,mode=control'] + cmd[at + 2:])

    def say(self, line):
        for message in ({'execute': 'qmp_capabilities'},
                        {'execute': 'human-monitor-command',
                         'arguments': {'command-line': line}}):
            self.ours.send(json.dumps(message).encode() + b'\n')

    def heard(self, data):
        """The texts of the answers in what came."""
        *lines, self.text = (self.text + data).split(b'\n')
        for line in lines:
            answer = json.loads(line).get('return')
            if isinstance(answer, str):
                yield answer.encode()


def listen(proc, monitor, log, seconds):
    """Keep what comes from the machine, and from the monitor."""
    end = time.monotonic() + seconds
    out, ours = proc.stdout.fileno(), monitor.ours.fileno()
    while time.monotonic() < end:
        for ready in select.select([out, ours], [], [], 0.2)[0]:
            data = os.read(ready, 65536)
            if not data:
                return
            log.writelines(monitor.heard(data) if ready == ours else [data])
            log.flush()


def ask(proc, monitor, log):
    """QEMU's standard input and output are the console."""
    log.write(b'\nboot.py: it does not go on, and is asked what it does\n')
    try:
        for _ in range(2):
            monitor.say('info registers -a')
            listen(proc, monitor, log, 2)
        for key in SYSRQ:
            monitor.say('chardev-send-break serial0')
            listen(proc, monitor, log, 0.5)
            os.write(proc.stdin.fileno(), key.encode())
            listen(proc, monitor, log, SECONDS)
    except (OSError, ValueError) as err:
        log.write(f'\nboot.py: it can not be asked: {err}\n'.encode())
