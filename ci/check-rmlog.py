#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Check a log of resource-manager messages: did the driver keep the rules?

The model below is the driver's knowledge: a VM is in the state that the
messages read so far say. What the driver sends is judged by it, with the
ways out of each state and the call x state table of the published resource
manager. Thus a STOP sent before the driver has read VM_EXITED is right,
whatever the resource manager thinks of it by then; and so is one sent right
after, as notifications are told by a worker: VM_EXITED may be on its way to
the VM. The resource manager refuses it, and nothing is lost.

check-rmlog.py LOG           check; violations go to standard output
check-rmlog.py --decode LOG  print the log decoded
check-rmlog.py --self-test   check the logs of rmlog-tests/
"""

import glob
import os
import re
import struct
import sys
from dataclasses import dataclass, field

import rmlog

HOST = 3
PAGE = 4096
MAX_ENTRIES = 512
READ, FULL = 4, 7
SANITIZE, MORE = 1, 2           # flags of MEM_LEND and MEM_SHARE
DONE = 1                        # flag of MEM_APPEND
FORCE = 1                       # flag of VM_STOP

# The states in which the driver may send a call. CONFIG_FAILED is INIT_FAILED
# after a failed CONFIG_IMAGE, or what comes of an image that was refused: there is
# no way out but to give the vmid up.
ALLOWED = {
    'VM_CONFIG_IMAGE': {'LOAD'},        # in RESET it works, but see fact 13
    'VM_AUTH_IMAGE': {'AUTH'},
    'VM_SET_FIRMWARE_MEM': {'INIT'},
    'VM_SET_DEMAND_PAGING': {'INIT'},   # and the probe, in LOAD
    'VM_SET_ADDRESS_LAYOUT': {'INIT'},
    'VM_SET_BOOT_CONTEXT': {'INIT', 'READY'},
    'VM_INIT': {'INIT'},
    'VM_START': {'READY'},
    'VM_STOP': {'RUNNING'},
    'VM_RESET': {'READY', 'INIT_FAILED', 'EXITED'},
    'VM_DEALLOC_VMID': {'LOAD', 'RESET'},
    'VM_GET_HYP_RESOURCES': {'INIT', 'READY', 'RUNNING', 'EXITED'},
    'VM_GET_STATE': set(rmlog.STATES.values()) | {'CONFIG_FAILED'},
}
# A parcel that the VM had when it started comes back in these states only.
RECLAIM = {'LOAD', 'CONFIG_FAILED', 'RESET', 'GONE'}
# State after a call: when it was accepted, when it was refused.
AFTER = {
    'VM_INIT': ('READY', 'INIT_FAILED'),
    'VM_START': ('RUNNING', 'INIT_FAILED'),
    'VM_RESET': ('RESETTING', None),
    'VM_DEALLOC_VMID': ('GONE', None),
}
# The notification of the next state may overtake the reply of a call.
LATER = {'RESETTING': 'RESET', 'RUNNING': 'EXITED'}
# Errors that only a mistake of the driver can bring.
MISTAKES = {'MSG_INVALID', 'VMID_INVALID', 'HANDLE_INVALID', 'MEM_INUSE',
            'MEM_RELEASED', 'VM_STATE'}
# How long VM_EXITED may be on its way in the driver: microseconds.
TOLD_WITHIN = 1000000
MAY_LACK = {'VM_SET_BOOT_CONTEXT', 'VM_SET_DEMAND_PAGING',
            'VM_SET_ADDRESS_LAYOUT'}


@dataclass
class Violation:
    line: int
    rule: str
    text: str


@dataclass
class Vm:
    state: str = 'LOAD'     # or UNSURE: a fault that a test asked for hid it
    lied: bool = False      # a test sent notifications in its name
    exited: int = None      # when VM_EXITED was read


@dataclass
class Parcel:
    lent: bool
    acl: list
    entries: list
    open: bool              # more entries are to come
    late: bool              # given when the VM was running already

    def size(self):
        return sum(size for _, size in self.entries)

    def vmids(self):
        return [vmid for vmid, _ in self.acl if vmid != HOST]


@dataclass
class Checker:
    found: list = field(default_factory=list)
    vms: dict = field(default_factory=dict)
    parcels: dict = field(default_factory=dict)
    given_up: int = 0
    faults: int = 0         # that a test asked for
    lost: int = 0           # pages, when a test revived the resource manager
    excused: bool = False   # a fault hit the waiting request
    send_failed: bool = False   # a fault hit a hypercall that sends
    sent_anyway: bool = False   # the same, but the next message is sent
    not_sent: int = 0           # messages that could not be, for that reason
    waiting: rmlog.Message = None
    fields: dict = None
    probed: bool = False
    dead: bool = False
    ended: bool = False
    last: int = 0

    def bad(self, line, rule, text):
        self.found.append(Violation(line, rule, text))

    # ---- what the driver sends

    def request(self, msg):
        failed, self.send_failed = self.send_failed, False
        if failed and 'never finished' in msg.faults:
            return              # nor could it be
        fields = msg.fields()
        for fault in msg.faults:
            self.bad(msg.line, 'form', f'{msg.name}: {fault}')
        if not msg.id:
            return              # no message at all
        if msg.kind != rmlog.REQUEST:
            self.bad(msg.line, 'form', 'not a request')
            return
        if msg.id not in rmlog.REQUESTS:
            self.bad(msg.line, 'unknown-call', f'{msg.name} is not a call '
                     'that a driver sends')
        if msg.name == 'VM_GET_VMID':
            # A connection begins.
            self.probed = False
            self.waiting = None
        if self.waiting and not self.excused:
            self.bad(msg.line, 'two-at-once', f'{msg.name} sent before the '
                     f'reply to {self.waiting.name} of line '
                     f'{self.waiting.line}')
        self.waiting, self.fields = msg, fields
        self.excused, self.sent_anyway = self.sent_anyway, False
        if fields is None:
            return
        if 'vmid' in fields and msg.name != 'VM_ALLOC_VMID':
            self.check_state(msg, fields)
        check = getattr(self, 'send_' + msg.name.lower(), None)
        if check:
            check(msg, fields)

    def check_state(self, msg, fields):
        vm = self.vms.get(fields['vmid'])
        if not vm:
            self.bad(msg.line, 'unknown-vmid',
                     f'{msg.name} of vmid {fields["vmid"]}, which is not '
                     'allocated')
            return
        if self.is_probe(msg, fields, vm):
            if self.probed:
                self.bad(msg.line, 'probe', 'the demand-paging probe is sent '
                         'once per connection')
            self.probed = True
            return
        if self.crosses(msg, vm):
            return
        if vm.state != 'UNSURE' and not vm.lied and (
                vm.state not in ALLOWED.get(msg.name, {vm.state})):
            self.bad(msg.line, 'state', f'{msg.name} of vmid '
                     f'{fields["vmid"]} in {vm.state}')

    @staticmethod
    def crosses(msg, vm):
        """A STOP that VM_EXITED crosses inside of the driver."""
        return (msg.name == 'VM_STOP' and vm.state == 'EXITED' and
                vm.exited is not None and
                msg.time - vm.exited < TOLD_WITHIN)

    @staticmethod
    def is_probe(msg, fields, vm):
        return (msg.name == 'VM_SET_DEMAND_PAGING' and vm.state == 'LOAD' and
                not fields['entries'])

    def send_vm_stop(self, msg, fields):
        if fields['flags'] != FORCE:
            self.bad(msg.line, 'stop-force', 'VM_STOP without force')

    def send_vm_config_image(self, msg, fields):
        if fields['auth'] > 2:
            self.bad(msg.line, 'auth',
                     f'authentication type {fields["auth"]} is not known')
        if fields['dtb_offset'] % PAGE or fields['dtb_size'] % PAGE:
            self.bad(msg.line, 'dtb-range',
                     'the device tree region is not page aligned')
        parcel = self.parcels.get(fields['handle'])
        if not parcel:
            self.bad(msg.line, 'image-parcel',
                     f'handle {fields["handle"]:#x} is no parcel')
            return
        for what in ('image', 'dtb'):
            end = fields[what + '_offset'] + fields[what + '_size']
            if end > parcel.size():
                self.bad(msg.line, 'dtb-range' if what == 'dtb' else
                         'image-range', 'a range beyond the image parcel')
        if parcel.open:
            self.bad(msg.line, 'image-parcel', 'the parcel is not finished')
        if fields['auth'] == 0 and (
                not parcel.lent or parcel.acl != [(fields['vmid'], FULL)]):
            self.bad(msg.line, 'image-parcel', 'not lent to that VM alone '
                     'with all rights')

    def send_mem_lend(self, msg, fields):
        self.check_gift(msg, fields)
        if len(fields['acl']) != 1:
            self.bad(msg.line, 'acl', 'MEM_LEND takes one receiver')
        if any(vmid == HOST for vmid, _ in fields['acl']):
            self.bad(msg.line, 'acl', 'MEM_LEND to the owner')

    def send_mem_share(self, msg, fields):
        self.check_gift(msg, fields)
        if len(fields['acl']) < 2 or not any(
                vmid == HOST for vmid, _ in fields['acl']):
            self.bad(msg.line, 'acl', 'MEM_SHARE needs the owner and '
                     'another VM')

    def check_gift(self, msg, fields):
        vmids = [vmid for vmid, _ in fields['acl']]
        if len(set(vmids)) != len(vmids):
            self.bad(msg.line, 'acl', 'a vmid twice')
        for vmid, rights in fields['acl']:
            if not rights & READ or rights > FULL:
                self.bad(msg.line, 'acl', f'rights {rights:#x}')
            if vmid != HOST and vmid not in self.vms:
                self.bad(msg.line, 'unknown-vmid',
                         f'{msg.name} to vmid {vmid}, which is not allocated')
        self.check_entries(msg, fields['entries'])

    def check_entries(self, msg, entries):
        if not 1 <= len(entries) <= MAX_ENTRIES:
            self.bad(msg.line, 'entries', f'{len(entries)} entries')
        given = [e for p in self.parcels.values() for e in p.entries]
        spans = sorted([(b, b + s, True) for b, s in entries] +
                       [(b, b + s, False) for b, s in given])
        for base, size in entries:
            if base % PAGE or size % PAGE or not size:
                self.bad(msg.line, 'entries',
                         f'{base:#x} + {size:#x} is not aligned, or empty')
        for left, right in zip(spans, spans[1:]):
            if right[0] < left[1] and (left[2] or right[2]):
                self.bad(msg.line, 'entries',
                         f'{right[0]:#x} is given twice')
                break

    def send_mem_append(self, msg, fields):
        parcel = self.parcels.get(fields['handle'])
        if not parcel:
            self.bad(msg.line, 'parcel', 'MEM_APPEND to no parcel')
        elif not parcel.open:
            self.bad(msg.line, 'parcel', 'MEM_APPEND to a finished parcel')
        self.check_entries(msg, fields['entries'])

    def send_mem_reclaim(self, msg, fields):
        parcel = self.parcels.get(fields['handle'])
        if not parcel:
            self.bad(msg.line, 'parcel', f'MEM_RECLAIM of handle '
                     f'{fields["handle"]:#x}, which is no parcel')
            return
        for vmid in parcel.vmids():
            vm = self.vms.get(vmid)
            state = vm.state if vm else 'GONE'
            if vm and vm.lied:
                continue
            if state not in RECLAIM | {'UNSURE'} and not (
                    parcel.late and state == 'RUNNING'):
                self.bad(msg.line, 'reclaim-state',
                         f'MEM_RECLAIM of handle {fields["handle"]:#x} with '
                         f'vmid {vmid} in {state}')

    def send_vm_dealloc_vmid(self, msg, fields):
        if fields['vmid'] not in self.vms:
            return
        held = [h for h, p in self.parcels.items()
                if fields['vmid'] in p.vmids()]
        # A MEM_RECLAIM may be what could not be sent.
        if len(held) > self.not_sent:
            self.bad(msg.line, 'dealloc-parcels',
                     f'vmid {fields["vmid"]} still has {len(held)} parcel(s)')

    # ---- what the driver reads

    def reply(self, msg):
        sent, fields = self.waiting, self.fields
        if not sent or (sent.seq, sent.id) != (msg.seq, msg.id):
            return              # not this check's matter
        self.waiting = None
        error = rmlog.ERRORS.get(msg.error, hex(msg.error))
        if fields is None:
            return
        if self.excused and msg.faults:
            error = 'no answer'
        if not self.excused:
            self.judge_error(sent, fields, error)
        take = getattr(self, 'reply_' + sent.name.lower(), None)
        if take:
            take(msg, fields, error == 'OK')
        elif sent.name in AFTER and fields['vmid'] in self.vms:
            if self.excused and error != 'OK':
                return      # done or not, that is not known
            state = AFTER[sent.name][error != 'OK']
            if state == 'GONE':
                del self.vms[fields['vmid']]
            elif state and LATER.get(state) != self.vms[fields['vmid']].state:
                self.vms[fields['vmid']].state = state

    def judge_error(self, sent, fields, error):
        if error == 'UNIMPLEMENTED' and sent.name not in MAY_LACK:
            self.bad(sent.line, 'refused', f'{sent.name}: {error}')
        if error not in MISTAKES:
            return
        vm = self.vms.get(fields.get('vmid'))
        if (vm and sent.name == 'VM_SET_DEMAND_PAGING' and error == 'VM_STATE' and
                self.is_probe(sent, fields, vm)):
            return              # so there is demand paging
        if vm and vm.lied or self.is_of_a_lie(sent, fields):
            return
        if sent.name == 'VM_STOP' and error == 'VM_STATE' and vm and (
                vm.state == 'RUNNING' or
                # It was, when the STOP went out.
                not self.reported(sent.line)):
            return
        if not self.reported(sent.line):
            self.bad(sent.line, 'refused', f'{sent.name}: {error}')

    def is_of_a_lie(self, sent, fields):
        """A parcel is taken back of a VM whose reset a test has made up."""
        parcel = self.parcels.get(fields.get('handle'))
        return (sent.name == 'MEM_RECLAIM' and parcel and
                any(self.vms[vmid].lied for vmid in parcel.vmids()
                    if vmid in self.vms))

    def reported(self, line):
        return any(v.line == line for v in self.found)

    def reply_vm_alloc_vmid(self, msg, fields, good):
        if not good:
            return
        vmid = fields['vmid']
        if not vmid and len(msg.payload) >= 2:
            vmid, = struct.unpack_from('<H', msg.payload)
        self.vms[vmid] = Vm()

    def reply_vm_config_image(self, _msg, fields, good):
        vm = self.vms.get(fields['vmid'])
        if not vm:
            return
        if good:
            vm.state = 'AUTH' if fields['auth'] == 1 else 'INIT'
        elif vm.state == 'LOAD':
            vm.state = 'CONFIG_FAILED'
            self.given_up += 1

    def reply_vm_auth_image(self, _msg, fields, good):
        vm = self.vms.get(fields['vmid'])
        if not vm:
            return
        if good:
            vm.state = 'INIT'
        elif vm.state == 'AUTH':
            vm.state = 'CONFIG_FAILED'
            self.given_up += 1

    def give(self, msg, fields, good, lent):
        if not good or len(msg.payload) < 4:
            return
        handle, = struct.unpack_from('<I', msg.payload)
        parcel = Parcel(lent, fields['acl'], list(fields['entries']),
                        bool(fields['flags'] & MORE), False)
        parcel.late = all(self.vms[v].state == 'RUNNING'
                          for v in parcel.vmids() if v in self.vms)
        self.parcels[handle] = parcel

    def reply_mem_lend(self, msg, fields, good):
        self.give(msg, fields, good, True)

    def reply_mem_share(self, msg, fields, good):
        self.give(msg, fields, good, False)

    def reply_mem_append(self, _msg, fields, good):
        parcel = self.parcels.get(fields['handle'])
        if parcel and good:
            parcel.entries += fields['entries']
            parcel.open = not fields['flags'] & DONE

    def reply_mem_reclaim(self, _msg, fields, good):
        if good:
            self.parcels.pop(fields['handle'], None)

    def notification(self, msg):
        if len(msg.payload) < 5:
            return
        vmid, = struct.unpack_from('<H', msg.payload)
        vm = self.vms.get(vmid)
        if not vm:
            return
        if msg.name == 'VM_EXITED' and vm.state in ('RUNNING', 'UNSURE'):
            vm.state = 'EXITED'
            vm.exited = msg.time
        elif msg.name == 'VM_STATUS' and vm.state == 'UNSURE':
            vm.state = rmlog.STATES.get(msg.payload[4], vm.state)
        elif msg.name == 'VM_STATUS' and vm.state == 'RESETTING':
            state = rmlog.STATES.get(msg.payload[4])
            if state in ('RESET', 'RESET_FAILED'):
                vm.state = state

    # ---- the hypervisor's own lines

    def event(self, event):
        words = event.text.split()
        if words[:1] == ['boot']:
            pass
        elif words[:1] == ['dead']:
            self.dead = True
            if words[1:2] != ['control']:
                self.bad(event.line, 'dead', 'the resource manager was '
                         f'killed: {" ".join(words[1:])}')
        elif words[:1] == ['fault']:
            if words[1].startswith('call=') and words[2:] == ['done']:
                self.sent_anyway = True
            elif words[1].startswith('call='):
                self.send_failed = True
                self.not_sent += 1
            elif words[1].startswith('note='):
                self.faults += 1
                vm = self.vms.get(int(words[2].split('=')[1], 0))
                if vm:
                    vm.lied = True
            else:
                self.fault()
        elif words[:1] == ['adopt']:
            self.adopt(int(words[1].split('=')[1], 0))
        elif words[:1] == ['revive']:
            self.revive(int(words[1].split('=')[1]))
        elif words[:1] == ['reclaim']:
            self.lost -= int(words[1].split('=')[1])
        elif words[:1] == ['end']:
            self.ended = True
            self.check_end(event)

    def fault(self):
        """A test made the request that is waiting, or its reply, go wrong."""
        self.faults += 1
        self.excused = True
        fields = self.fields or {}
        if self.waiting and self.waiting.name == 'MEM_RECLAIM':
            self.parcels.pop(fields['handle'], None)
        if self.waiting and self.waiting.name == 'VM_SET_DEMAND_PAGING':
            self.probed = False     # it may be asked again
        vm = self.vms.get(fields.get('vmid'))
        if vm and self.waiting.name not in ('VM_CONFIG_IMAGE', 'VM_AUTH_IMAGE'):
            vm.state = 'UNSURE'

    def adopt(self, handle):
        """VM_START took the image parcel in (profile "paging"): its pages come
        back by hypercalls, which are not in this log, but the pages that are
        missing in the end are."""
        self.parcels.pop(handle, None)

    def revive(self, pages):
        """A test brought the resource manager back, without VMs or parcels."""
        self.lost += pages
        self.vms, self.parcels = {}, {}
        self.given_up = self.faults = self.not_sent = 0
        self.waiting, self.dead = None, False

    def check_end(self, event):
        if self.dead:
            return
        left = {what: int(number) for what, number in
                re.findall(r'(\w+)=(\d+)', event.text)}
        # A fault costs a vmid or a parcel at most; the test knows which.
        for what, number in (('pages_not_host_owned', self.lost),
                             ('parcels', 0)):
            if left.get(what, 0) != number and not self.faults:
                self.bad(event.line, 'left-behind', f'{what}={left[what]}')
        lost = left.get('vmids', 0) - self.given_up
        if lost < 0 or lost > self.faults:
            self.bad(event.line, 'left-behind', f'vmids={left.get("vmids")}, '
                     f'{self.given_up} were given up')

    def check(self, lines):
        for item in rmlog.read(lines):
            self.last = item.line
            if isinstance(item, rmlog.Event):
                self.event(item)
            elif item.sent:
                self.request(item)
            elif item.kind == rmlog.REPLY:
                self.reply(item)
            elif item.kind == rmlog.NOTIFICATION:
                self.notification(item)
        if not self.ended:
            self.bad(self.last, 'cut-off', 'the log has no end')
        return self.found


def check_file(path):
    with open(path, encoding='ascii') as file:
        return Checker().check(file)


def decode(path):
    with open(path, encoding='ascii') as file:
        for item in rmlog.read(file):
            text = (f'EV {item.text}' if isinstance(item, rmlog.Event)
                    else item.describe())
            print(f'{item.time:10} {text}')


EXPECT = re.compile(r'# violation: (\S+)$')


def wanted(lines):
    """The (line, rule) pairs that a test log announces."""
    pending, found = [], []
    number = 0
    for number, line in enumerate(lines, 1):
        match = EXPECT.match(line)
        if match:
            pending.append(match[1])
        elif not line.startswith('#'):
            found += [(number, rule) for rule in pending]
            pending = []
    return found + [(number, rule) for rule in pending]


def without_bad(lines):
    """The log without the requests that are announced as violations, and
    without their replies."""
    out, dropped, skip = [], set(), False
    for line in lines:
        if EXPECT.match(line):
            skip = True
            continue
        match = rmlog.LINE.match(line.strip())
        head = match[4][4:16] if match and match[2] else None
        if skip and head:
            dropped.add(head)
            skip = False
        elif not (match and match[2] == 'RX' and head in dropped):
            out.append(line)
        skip = False
    return out


def self_test():
    logs = sorted(glob.glob(os.path.join(os.path.dirname(
        os.path.abspath(__file__)), 'rmlog-tests', '*.log')))
    assert logs
    wrong = 0
    for path in logs:
        with open(path, encoding='ascii') as file:
            lines = [line.rstrip('\n') for line in file]
        want = sorted(wanted(lines))
        got = sorted((v.line, v.rule) for v in Checker().check(lines))
        if got != want:
            print(f'{os.path.basename(path)}: found {got}, not {want}')
            wrong += 1
        if want and '# clean without these' in lines:
            rest = Checker().check(without_bad(lines))
            if rest:
                print(f'{os.path.basename(path)}: not clean: {rest}')
                wrong += 1
    print(f'{len(logs)} logs, {wrong} wrong')
    return wrong


def main():
    args = sys.argv[1:]
    if args == ['--self-test']:
        return 1 if self_test() else 0
    if len(args) == 2 and args[0] == '--decode':
        decode(args[1])
        return 0
    if len(args) != 1:
        sys.exit(__doc__)
    try:
        found = check_file(args[0])
    except (OSError, ValueError) as err:
        print(f'{args[0]}: {err}')
        return 2
    for violation in found:
        print(f'{args[0]}:{violation.line}: {violation.rule}: '
              f'{violation.text}')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
