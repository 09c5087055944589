# SPDX-License-Identifier: GPL-2.0
"""
Read the log of resource-manager messages that the test hypervisor writes.

A line is "<time-us> TX|RX len=N data=HEX", one per queue message, or
"<time-us> EV text". TX is from the primary VM. read() puts the fragments
together and yields one Message per request, reply or notification, and one
Event per EV line. What is wrong with the form of a message is in its
"faults"; the meaning is for check-rmlog.py.
"""

import re
import struct
from dataclasses import dataclass, field

LINE = re.compile(r'(\d+) (?:(TX|RX) len=(\d+) data=([0-9a-f]*)|EV (.*))$')
FRAGMENT = 232                  # payload of a full fragment
MAX_FRAGMENTS = 62              # continuations
CONTINUATION, REQUEST, REPLY, NOTIFICATION = range(4)

REQUESTS = {
    0x51000012: 'MEM_LEND', 0x51000013: 'MEM_SHARE',
    0x51000015: 'MEM_RECLAIM', 0x51000018: 'MEM_APPEND',
    0x56000001: 'VM_ALLOC_VMID', 0x56000002: 'VM_DEALLOC_VMID',
    0x56000004: 'VM_START', 0x56000005: 'VM_STOP', 0x56000006: 'VM_RESET',
    0x56000009: 'VM_CONFIG_IMAGE', 0x5600000a: 'VM_AUTH_IMAGE',
    0x5600000b: 'VM_INIT', 0x56000017: 'VM_GET_STATE',
    0x56000020: 'VM_GET_HYP_RESOURCES', 0x56000024: 'VM_GET_VMID',
    0x56000031: 'VM_SET_BOOT_CONTEXT', 0x56000032: 'VM_SET_FIRMWARE_MEM',
    0x56000033: 'VM_SET_DEMAND_PAGING', 0x56000034: 'VM_SET_ADDRESS_LAYOUT',
}
NOTIFICATIONS = {
    0x51100012: 'MEM_RELEASED', 0x56100001: 'VM_EXITED',
    0x56100008: 'VM_STATUS',
}
STATES = {
    0: 'NONE', 1: 'INIT', 2: 'READY', 3: 'RUNNING', 4: 'PAUSED', 5: 'LOAD',
    6: 'AUTH', 8: 'INIT_FAILED', 9: 'EXITED', 10: 'RESETTING', 11: 'RESET',
    12: 'RESET_FAILED',
}
ERRORS = {
    0: 'OK', 0xffffffff: 'UNIMPLEMENTED', 1: 'NOMEM', 2: 'NORESOURCE',
    3: 'DENIED', 4: 'MSG_INVALID', 5: 'BUSY', 6: 'ARGUMENT_INVALID',
    7: 'HANDLE_INVALID', 8: 'VALIDATE_FAILED', 9: 'MAP_FAILED',
    0xa: 'MEM_INVALID', 0xb: 'MEM_INUSE', 0xc: 'MEM_RELEASED',
    0xd: 'VMID_INVALID', 0xe: 'LOOKUP_FAILED', 0x14: 'VM_STATE',
}
# Payload of a request: the length when fixed, and its fields.
LAYOUT = {
    'MEM_RECLAIM': ('<IBBH', ('handle', 'flags', 'zero', 'zero')),
    'VM_ALLOC_VMID': ('<HH', ('vmid', 'zero')),
    'VM_DEALLOC_VMID': ('<HH', ('vmid', 'zero')),
    'VM_START': ('<HH', ('vmid', 'zero')),
    'VM_STOP': ('<HBBI', ('vmid', 'flags', 'zero', 'reason')),
    'VM_RESET': ('<HH', ('vmid', 'zero')),
    'VM_CONFIG_IMAGE': ('<HHIQQQQ', ('vmid', 'auth', 'handle', 'image_offset',
                                     'image_size', 'dtb_offset', 'dtb_size')),
    'VM_INIT': ('<HH', ('vmid', 'zero')),
    'VM_GET_STATE': ('<HH', ('vmid', 'zero')),
    'VM_GET_HYP_RESOURCES': ('<HH', ('vmid', 'zero')),
    'VM_GET_VMID': ('<', ()),
    'VM_SET_BOOT_CONTEXT': ('<HBBIQ', ('vmid', 'set', 'index', 'zero',
                                       'value')),
    'VM_SET_FIRMWARE_MEM': ('<HHIQQ', ('vmid', 'zero', 'handle', 'offset',
                                       'size')),
    'VM_SET_ADDRESS_LAYOUT': ('<HHIQQ', ('vmid', 'zero', 'range', 'base',
                                         'size')),
}


@dataclass
class Event:
    line: int
    time: int
    text: str


@dataclass
class Message:
    line: int               # of the first fragment
    time: int
    kind: int               # REQUEST, REPLY, NOTIFICATION
    sent: bool
    seq: int
    id: int
    fragments: int
    payload: bytes = b''
    error: int = 0          # of a reply
    faults: list = field(default_factory=list)

    @property
    def name(self):
        table = NOTIFICATIONS if self.kind == NOTIFICATION else REQUESTS
        return table.get(self.id, f'{self.id:#010x}')

    def fields(self):
        """The payload of a request by names; sets faults."""
        try:
            return self._fields()
        except struct.error:
            self.faults.append(f'payload of {len(self.payload)} bytes')
            return None

    def _fields(self):
        data = self.payload
        if self.name in LAYOUT:
            form, names = LAYOUT[self.name]
            values = struct.unpack(form, data)
            if any(v for n, v in zip(names, values) if n == 'zero'):
                self.faults.append('a reserved field is not zero')
            return {n: v for n, v in zip(names, values) if n != 'zero'}
        if self.name in ('MEM_LEND', 'MEM_SHARE'):
            return self._memory(data)
        if self.name == 'MEM_APPEND':
            handle, flags, zero, zeros, count, zero2 = struct.unpack_from(
                '<IBBHHH', data)
            if zero or zeros or zero2:
                self.faults.append('a reserved field is not zero')
            return {'handle': handle, 'flags': flags,
                    'entries': self._entries(data[12:], count)}
        if self.name == 'VM_SET_DEMAND_PAGING':
            vmid, zero, count = struct.unpack_from('<HHI', data)
            return {'vmid': vmid, 'entries': self._entries(data[8:], count)}
        if self.name == 'VM_AUTH_IMAGE':
            vmid, count = struct.unpack_from('<HH', data)
            return {'vmid': vmid, 'params': self._pairs(data[4:], count)}
        return {}

    def _memory(self, data):
        kind, zero, flags, zero2, label = struct.unpack_from('<BBBBI', data)
        count, zero3 = struct.unpack_from('<HH', data, 8)
        if zero or zero2 or zero3:
            self.faults.append('a reserved field is not zero')
        acl = []
        at = 12
        for _ in range(count):
            vmid, rights, _ = struct.unpack_from('<HBB', data, at)
            acl.append((vmid, rights))
            at += 4
        count, _ = struct.unpack_from('<HH', data, at)
        at += 4
        end = at + 16 * count
        entries = self._entries(data[at:end], count)
        attributes, = struct.unpack('<I', data[end:])
        if attributes:
            self.faults.append('attributes were sent')
        return {'type': kind, 'flags': flags, 'label': label, 'acl': acl,
                'entries': entries}

    @staticmethod
    def _entries(data, count):
        flat = struct.unpack(f'<{2 * count}Q', data)
        return list(zip(flat[::2], flat[1::2]))

    @staticmethod
    def _pairs(data, count):
        flat = struct.unpack(f'<{2 * count}I', data)
        return list(zip(flat[::2], flat[1::2]))

    def describe(self):
        """One line for a reader."""
        arrow = '->' if self.sent else '<-'
        if self.kind == REPLY:
            error = ERRORS.get(self.error, f'{self.error:#x}')
            return f'{arrow} {self.name} reply seq={self.seq} {error}'
        if self.kind == NOTIFICATION:
            return f'{arrow} {self.name} {self._notification()}'
        fields = self.fields() or {}
        words = [f'{n}={show(v)}' for n, v in fields.items()]
        return ' '.join([arrow, self.name, f'seq={self.seq}'] + words)

    def _notification(self):
        try:
            if self.name == 'VM_STATUS':
                vmid, _, state = struct.unpack_from('<HHB', self.payload)
                return f'vmid={vmid} {STATES.get(state, state)}'
            if self.name == 'VM_EXITED':
                vmid, kind, size = struct.unpack_from('<HHI', self.payload)
                return f'vmid={vmid} type={kind} reason_size={size}'
            if self.name == 'MEM_RELEASED':
                handle, vmid = struct.unpack_from('<IH', self.payload)
                return f'handle={handle} vmid={vmid}'
        except struct.error:
            pass
        return self.payload.hex()


def show(value):
    if isinstance(value, int):
        return f'{value:#x}' if value > 255 else str(value)
    if isinstance(value, list):
        if len(value) > 4:
            return f'[{len(value)} entries]'
        return '[' + ' '.join('/'.join(f'{x:#x}' for x in v)
                              for v in value) + ']'
    return str(value)


class Stream:
    """Puts the fragments of one direction together."""

    def __init__(self, sent):
        self.sent = sent
        self.active = None
        self.left = 0

    def take(self, number, time, data):
        """The messages that end with this fragment."""
        if len(data) < 8 or len(data) > 240:
            yield self.bad(number, time, f'a message of {len(data)} bytes')
            return
        api, info, seq, ident = struct.unpack_from('<BBHI', data)
        kind, count = info & 3, info >> 2
        if api != 0x21:
            yield self.bad(number, time, f'header version {api:#x}')
            return
        if kind == CONTINUATION:
            yield from self.continuation(number, time, seq, ident, count,
                                         data[8:])
            return
        message = Message(number, time, kind, self.sent, seq, ident, count)
        if kind == REPLY:
            if len(data) < 12:
                message.faults.append('a reply without an error word')
            else:
                message.error, = struct.unpack_from('<I', data, 8)
            message.payload = data[12:]
        else:
            message.payload = data[8:]
        if count > MAX_FRAGMENTS:
            message.faults.append(f'{count} fragments announced')
        if kind == NOTIFICATION and not count:
            yield message           # does not disturb a reply under way
            return
        if self.active:
            self.active.faults.append('never finished')
            yield self.active
            self.active = None
        if not count:
            yield message
            return
        if len(data) != 240:
            message.faults.append('a fragment that is not full')
        self.active, self.left = message, count

    def continuation(self, number, time, seq, ident, count, data):
        active = self.active
        if not active or (active.seq, active.id, active.fragments) != (
                seq, ident, count):
            yield self.bad(number, time, 'a continuation of nothing')
            return
        self.left -= 1
        active.payload += data
        if self.left:
            if len(data) != FRAGMENT:
                active.faults.append('a fragment that is not full')
            return
        if not data:
            active.faults.append('an empty fragment')
        self.active = None
        yield active

    def bad(self, number, time, fault):
        return Message(number, time, REQUEST, self.sent, 0, 0, 0,
                       faults=[fault])


def read(lines):
    """Messages and events of a log, in order. ValueError: not such a log."""
    streams = {'TX': Stream(True), 'RX': Stream(False)}
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        match = LINE.match(line)
        if not match:
            raise ValueError(f'line {number} is not a log line: {line[:60]}')
        time = int(match[1])
        if match[5] is not None:
            yield Event(number, time, match[5])
            continue
        data = bytes.fromhex(match[4])
        if len(data) != int(match[3]):
            raise ValueError(f'line {number}: len= is not the length')
        yield from streams[match[2]].take(number, time, data)
