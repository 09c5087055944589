#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Turn recordings of the published resource manager into tables for the replay.

    convert-trace.py OUT-FOLDER RECORDING...

A recording is a text file with a line for each message, hypercall, interrupt
and memory access of a bare host program. A table (NAME.trace) has the same
lines in a form that replay/ reads, with a few added that say what the host
program did between them: which guest program and device tree it put where,
and what it wrote into memory. Those are known from what the guests and the
host saw afterwards, and stand in the tables of this script.

The tables are committed; this is needed again only for a new recording.

Lines of a table:
    queues TX RX                    capabilities of the two message queues
    option NAME=VALUE               boot with this option of the hypervisor
    image ADDR PROGRAM              put a guest program there
    dtb ADDR NAME                   put a device tree there
    poke ADDR VALUE                 write 8 bytes
    fill ADDR SIZE VALUE            write 8 bytes over and over
    loop N / end                    play the lines between N times
    start CPU CAP                   that CPU calls vcpu_run until it is not READY
    join CPU ERR STATE D0 D1 D2     ... and its last result
    capat ADDR CAP                  there are the 8 bytes, big endian, that were CAP
    N TX HEX PUSH ERR               msgq_send
    N RX HEX                        msgq_recv, waited for
    N EMPTY                         msgq_recv says 60
    N IRQ INTID                     this interrupt comes
    N RUN CPU CAP R0 R1 R2 R3 ERR STATE D0 D1 D2    (R3: the reserved argument;
                                    D0 any: 0 or 1, by time)
    N SEND CAP FLAGS ERR OLD        bell_send
    N MASK CAP ENABLE ACK ERR       bell_set_mask
    N RECEIVE CAP CLEAR ERR FLAGS   doorbell_receive
    N QSEND CAP SIZE BUFFER RESERVED ERR            msgq_send with odd arguments
    N QRECV CAP SIZE ERR READY      msgq_recv with odd arguments, nothing arrives
    N READ ADDR VALUE|fault [ESR]   the host reads 8 bytes
    N WRITE ADDR VALUE ok|fault [ESR]
    N EXEC ADDR ok|fault [ESR]
    N CIVAC ADDR ok|fault [ESR]
    N MEM ADDR HEX MASK             memory there; bits that are 0 in MASK may differ
A + in place of the number N marks a line that the recording left out.
"""

import os
import re
import struct
import sys

# The program of a guest, by the value of its first write to 0x09000000.
PROGRAMS = {0x47: 'basic', 0x7777: 'cpu-off', 0xaaaa: 'suspend',
            0x2222: 'reset', 0x3333: 'reset2-32', 0x4444: 'reset2-64',
            0x5555: 'loop', 0x6666: 'wfi'}

# What the first write can't tell: the programs of a file's VMs, in order.
SPECIAL = {
    '02d': ['reset2-odd'],
    '07a': ['smp-3-off', 'smp-2-wfi', 'smp-2-wfi', 'smp-1-timer'],
    '07b': ['smp-1-off', 'loop'],
    '19': ['offset'],
}

# Device trees: of a file, or of its VMs in order.
TREES = {'07a': ['cpus-4', 'cpus-3', 'cpus-4', 'cpus-4'], '07b': ['cpus-4'],
         '04c': ['bells-20'], '08': ['bells'], '05a': ['shm'], '10b': ['shm'],
         '14a': ['msgq'], '14b': ['virtio'], '03f': ['rm-rpc'],
         '06k': ['no-name'], '06l': ['zeros']}

# Before line N of a file: what the host wrote.
BEFORE = {
    '05a': {1: ['fill 0x50a00000 0x1000 0x3333333333333333',
                'fill 0x50b00000 0x1000 0x4444444444444444']},
    '10b': {1: ['poke 0x50a00000 0x3333']},
    '11a': {1: ['fill 0x50800000 0x1000 0xd65f03c0d65f03c0',
                'poke 0x50801000 0x2222'],
            33: ['poke 0x50800000 0x1111']},
}

# The host still had all lent memory when these were recorded.
OPEN_UNTIL_SHARE = ('06b', '11a', '11b', '11c', '11d')

# What was sent right behind a guest's end: time for it on a busy machine.
SLOW_TICK = ('09a', '18a', '18b')

# Line N of a file is not the one recorded, or (None) left out.
REPLACE = {
    # CPU 1 stays in vcpu_run while CPU 0 goes on.
    '07b': {83: 'start 1 {cap}', 91: 'join 1 0 0x2 0x1 0x0 0x0'},
    # How fast the resource manager takes a VM down is a matter of time.
    '09a': {56: '0056 RUN 0 {cap} 0x0 0x0 0x0 0 0 0x2 any 0x0 0x0',
            57: '0057 RUN 0 {cap} 0x0 0x0 0x0 0 0 0x2 any 0x0 0x0'},
    # The guest's GICD_TYPER without message-based SPIs (bit 16).
    '10a': {56: '0056 RUN 0 {cap} 0x3fff0004 0x0 0x0 0 '
                '0 0x5 0x9000f08 0x8 0x348001f'},
    # A number a little above a good capability works too here.
    '08': {258: None},
    # That address is the control page here; the next page is a hole too.
    '11a': {107: '0107 READ 0xb001000 fault 0x96000010'},
}

GET_VMID = 0x56000024
DTB_MASK_PROPS = ('kaslr-seed',)


class Recording:
    """One file, as a list of (number or None, text)."""

    def __init__(self, path):
        self.name = os.path.basename(path).split('.')[0]
        self.key = self.name.split('-')[0]
        self.lines = []
        self.queues = None
        with open(path, encoding='utf-8') as file:
            for line in file:
                self.add(line.rstrip('\n'))

    def add(self, line):
        match = re.match(r'# message queues .*send cap (\S+) .*receive cap (\S+) ',
                         line)
        if match:
            self.queues = match.groups()
            return
        match = re.match(r'(\d{4}) (.*)', line)
        if match:
            self.lines.append((int(match[1]), match[2]))
        else:
            self.lines.append((None, line))


def message(text):
    return bytes.fromhex(re.search(r'data=(\S*)', text)[1])


def header(data):
    api, kind, seq, ident = struct.unpack_from('<BBHI', data)
    return kind & 3, kind >> 2, seq, ident


def requests(rec):
    """The requests of a recording: (index of the first line, id, payload,
    index of the reply's first line or None)."""
    found = []
    for index, (number, text) in enumerate(rec.lines):
        if number is None or not text.startswith('TX ') or 'err=61' in text:
            continue
        data = message(text)
        if len(data) < 8:
            continue
        kind, left, seq, ident = header(data)
        if kind == 1:
            found.append([index, ident, bytearray(data[8:]), None, seq])
        elif kind == 0 and found:
            found[-1][2] += data[8:]
    for req in found:
        for index in range(req[0], len(rec.lines)):
            number, text = rec.lines[index]
            if number is None or not text.startswith('RX '):
                continue
            data = message(text)
            if len(data) >= 12 and header(data)[0] == 2 and \
               header(data)[2:] == (req[4], req[1]):
                req[3] = index
                break
    return found


def lend_entries(payload):
    n_acl = struct.unpack_from('<H', payload, 8)[0]
    off = 12 + 4 * n_acl
    n_sgl = struct.unpack_from('<H', payload, off)[0]
    return [struct.unpack_from('<QQ', payload, off + 4 + 16 * i)
            for i in range(n_sgl)]


def first_write(rec, start):
    """Value and state data of what the guest does first after line start."""
    for number, text in rec.lines[start:]:
        match = number is not None and re.match(
            r'RUN .*state=(\S+) data=0x9000([0-9a-f]+),0x\w+,0x(\w+)', text)
        if match:
            if match[2] == 'f00':
                return 'shell'
            return PROGRAMS.get(int(match[3], 16), 'basic')
    return 'shell'


def accepted(rec, reply):
    return reply and message(rec.lines[reply][1])[8:12] == bytes(4)


def images(rec):
    """What to write before which line: for each parcel that is an image, its
    program and device tree, and numbers into the entries behind the first."""
    out = {}
    reqs = requests(rec)
    life = 0
    parcels = {}
    for index, ident, payload, reply, _ in reqs:
        if ident in (0x51000012, 0x51000013) and reply:
            data = message(rec.lines[reply][1])
            if len(data) == 16:
                handle = struct.unpack_from('<I', data, 12)[0]
                try:
                    parcels[handle] = (index, lend_entries(payload))
                except struct.error:
                    pass
        elif ident == 0x51000018 and accepted(rec, reply):
            handle, n_sgl = struct.unpack_from('<I4xH', payload)
            if handle in parcels:
                parcels[handle][1].extend(
                    struct.unpack_from('<QQ', payload, 12 + 16 * i)
                    for i in range(n_sgl))
        elif ident == 0x56000009 and len(payload) == 40:
            handle, off, _, dtb, _ = struct.unpack_from('<IQQQQ', payload, 4)
            if handle not in parcels or not accepted(rec, reply):
                continue
            at, entries = parcels[handle]
            out[at] = image_lines(rec, life, entries, index, off, dtb)
            life += 1
    return out


def image_lines(rec, life, entries, index, off, dtb):
    names = SPECIAL.get(rec.key, [first_write(rec, index)])
    program = names[min(life, len(names) - 1)]
    trees = TREES.get(rec.key, ['base'])
    tree = trees[min(life, len(trees) - 1)]
    lines = [f'image {entries[0][0]:#x} '
             f'{"basic" if program == "offset" else program}']
    if program == 'offset':
        lines.append(f'image {entries[0][0] + off:#x} offset')
    lines += [f'poke {ipa:#x} {0xe000 + i:#x}'
              for i, (ipa, _) in enumerate(entries) if i]
    at = dtb
    for ipa, size in entries:
        if at < size:
            lines.append(f'dtb {ipa + at:#x} {tree}')
            break
        at -= size
    return lines


def dtb_masks(blob):
    """Mask of a flattened tree: what is new at each boot; and where the
    capabilities are."""
    mask = bytearray(b'\xff' * len(blob))
    caps = {}
    _, total, struct_off, strings = struct.unpack_from('>4I', blob)
    pos = struct_off
    names = []
    while True:
        tag = struct.unpack_from('>I', blob, pos)[0]
        pos += 4
        if tag == 1:
            end = blob.index(b'\0', pos)
            name = blob[pos:end].decode()
            names.append(name)
            if len(names) == 3 and names[1] == 'hypervisor' and '@' in name:
                digits = len(name) - name.index('@') - 1
                mask[end - digits:end] = bytes(digits)
            pos = (end + 4) & ~3
        elif tag == 2:
            names.pop()
        elif tag == 3:
            size, name_off = struct.unpack_from('>II', blob, pos)
            pos += 8
            start = strings + name_off
            prop = blob[start:blob.index(b'\0', start)].decode()
            is_cap = prop == 'reg' and len(names) == 3 and \
                names[1] == 'hypervisor'
            if prop in DTB_MASK_PROPS or is_cap:
                mask[pos:pos + size] = bytes(size)
            if is_cap:
                for i in range(0, size, 8):
                    caps[pos + i] = struct.unpack_from('>Q', blob, pos + i)[0]
            pos = (pos + size + 3) & ~3
        elif tag == 9:
            break
    # Behind the tree is whatever was there.
    for i in range(total, len(blob)):
        mask[i] = 0
    return mask, caps


def mem_lines(rec):
    """MEM lines become MEM and capat lines; by index of the recording."""
    where = [(i, int(m[1], 16), bytes.fromhex(m[2]))
             for i, (n, t) in enumerate(rec.lines) if n is not None
             for m in [re.match(r'MEM .*offset=(\S+) data=(\S+)', t)] if m]
    if not where:
        return {}
    blob = b''.join(data for _, _, data in where)
    mask, caps = dtb_masks(blob)
    out = {}
    for index, off, data in where:
        part = mask[off:off + len(data)]
        out[index] = [f'{rec.lines[index][0]:04d} MEM {0x50a01000 + off:#x} '
                      f'{data.hex()} {part.hex()}']
    out[where[-1][0]] += [f'capat {0x50a01000 + off:#x} {cap:#x}'
                          for off, cap in caps.items()]
    return out


def fault(text):
    match = re.search(r'exception esr=(\S+)', text)
    return f'fault {match[1]}' if match else None


def convert(rec, number, text):
    """One recorded line; None leaves it out."""
    num = f'{number:04d}'
    if text.startswith('TX '):
        match = re.search(r'data=(\S*) push=(\d) err=(\d+)', text)
        # The sender's next line is the same message again.
        if match[3] == '61':
            return None
        return f'{num} TX {match[1]} {match[2]} {match[3]}'
    if text.startswith('RX '):
        if 'err=60' in text:
            return f'{num} EMPTY'
        return f'{num} RX {message(text).hex()}'
    if text.startswith('IRQ '):
        intid = int(re.search(r'intid=(\d+)', text)[1])
        # Messages are waited for themselves; the slice timer is our own.
        return None if intid in (961, 960, 27) else f'{num} IRQ {intid}'
    if text.startswith('RUN '):
        return f'{num} {convert_run(rec, text)}'
    if text.startswith('BELL_'):
        return f'{num} {convert_bell(text)}'
    if text.startswith('HOST_'):
        return f'{num} {convert_host(text)}'
    if text.startswith('MSGQ_'):
        return f'{num} {convert_queue(rec, number, text)}'
    raise ValueError(f'{rec.name}: {text}')


last_cap = {}


def convert_run(rec, text):
    reserved = 1 if 'reserved=1' in text else 0
    cpu = re.search(r'hlos_cpu=(\d)', text)
    cap = re.search(r'cap=(\S+)', text)
    resume = re.search(r'resume=(\S+),(\S+),(\S+)', text)
    match = re.search(r'err=(\d+) state=(\S+) data=([^,]+),([^,]+),(\S+)', text)
    cap = cap[1] if cap else last_cap[rec.name]
    if not reserved and match[1] == '0':
        last_cap[rec.name] = cap
    resume = ' '.join(resume.groups()) if resume else '0x0 0x0 0x0'
    return (f'RUN {cpu[1] if cpu else 0} {cap} {resume} {reserved} '
            f'{" ".join(match.groups())}')


def convert_bell(text):
    match = re.match(r'BELL_SEND cap=(\S+) flags=(\S+) -> err=(\d+) old=(\S+)',
                     text)
    if match:
        return 'SEND ' + ' '.join(match.groups())
    match = re.match(r'BELL_MASK cap=(\S+) enable=(\S+) ack=(\S+) -> err=(\d+)',
                     text)
    if match:
        return 'MASK ' + ' '.join(match.groups())
    match = re.match(
        r'BELL_RECEIVE cap=(\S+) clear=(\S+) -> err=(\d+) flags=(\S+)', text)
    return 'RECEIVE ' + ' '.join(match.groups())


def convert_host(text):
    addr = re.search(r'address=(\S+)', text)[1]
    op = re.match(r'HOST_(\w+)', text)[1]
    end = fault(text)
    if op == 'READ':
        return f'READ {addr} ' + (end or text.rsplit('-> ', 1)[1])
    if op == 'WRITE':
        value = re.search(r'value=(\S+)', text)[1]
        return f'WRITE {addr} {value} {end or "ok"}'
    return f'{op.replace("DC_", "")} {addr} {end or "ok"}'


def convert_queue(rec, number, text):
    tx, rx = (int(cap, 16) for cap in rec.queues)
    err = re.search(r'err=(\d+)', text)[1]
    if text.startswith('MSGQ_RECV'):
        cap = tx if "send queue's" in text else rx
        match = re.search(r'buffer of (\d+) bytes', text)
        size = match[1] if match else 240
        ready = re.search(r'ready=(\d)', text)
        return f'QRECV {cap:#x} {size} {err} {ready[1] if ready else 0}'
    cap, size, buf, reserved = tx, 8, 'own', 0
    match = re.search(r'bit (\d+) flipped', text)
    if match:
        cap ^= 1 << int(match[1])
    elif '0xffffffffffffffff' in text:
        cap = (1 << 64) - 1
    elif 'capability + 1' in text:
        cap += 1
    elif "receive queue's" in text:
        cap = rx
    match = re.search(r'size=(\d+)', text)
    if match:
        size = match[1]
    match = re.search(r'buffer=(\S+)', text)
    if match:
        buf = match[1]
    elif 'lent memory' in text:
        buf = '0x50800000'
    if 'reserved=1' in text:
        reserved = 1
    if 'reserved=1' in text or 'capability + 1' in text:
        # It is a whole VM_GET_VMID: the reply that follows tells its number.
        buf = next(message(t)[2:4].hex() for n, t in rec.lines
                   if n and n > number and t.startswith('RX '))
        buf = f'request:2101{buf}24000056'
    return f'QSEND {cap:#x} {size} {buf} {reserved} {err}'


# ---- lines that recordings left out, from the pattern of one whole life ----

def req(seq, ident, payload):
    data = struct.pack('<BBHI', 0x21, 1, seq & 0xffff, ident) + payload
    return f'+ TX {data.hex()} 1 0'


def reply(seq, ident, payload=b'', err=0):
    data = struct.pack('<BBHII', 0x21, 2, seq & 0xffff, ident, err) + payload
    return f'+ RX {data.hex()}'


def note(ident, payload):
    return f'+ RX {(struct.pack("<BBHI", 0x21, 3, 0, ident) + payload).hex()}'


def status(vmid, state):
    return note(0x56100008, struct.pack('<HHBBH', vmid, 0, state, 0, 0))


class Life:
    """A VM of 4 MiB and one vCPU, from ALLOC to DEALLOC."""

    def __init__(self, seq=1, vmid=0x80, handle=0, cap=0x1000, virq=962,
                 ipa=0x50000000, program='shell'):
        self.seq, self.vmid, self.handle, self.cap = seq, vmid, handle, cap
        self.virq, self.ipa, self.program = virq, ipa, program

    def call(self, ident, payload, answer=b'', notes=(), err=0):
        seq = self.seq
        self.seq += 1
        return [req(seq, ident, payload), *notes,
                reply(seq, ident, answer, err)]

    def prepare(self):
        vm = struct.pack('<HH', self.vmid, 0)
        entry = struct.pack('<BBHIIQIIQQ', 4, 0, 0, 0, 0, self.cap, 0,
                            self.virq, 0, 0)
        bell = struct.pack('<BBHIIQIIQQ', 0, 0, self.vmid, 0, 5,
                           self.cap ^ 0x8000000, 0, 0, 0, 0)
        lend = struct.pack('<IIHHHBBHHQQHH', 0, 0, 1, 0, self.vmid, 7, 0, 1, 0,
                           self.ipa, 0x400000, 0, 0)
        config = struct.pack('<HHIQQQQ', self.vmid, 0, self.handle, 0, 0,
                             0x200000, 0x1000)
        return (self.call(0x56000001, bytes(4), struct.pack('<I', self.vmid)) +
                [f'image {self.ipa:#x} {self.program}',
                 f'dtb {self.ipa + 0x200000:#x} base'] +
                self.call(0x51000012, lend, struct.pack('<I', self.handle)) +
                self.call(0x56000009, config, notes=[status(self.vmid, 1)]) +
                self.call(0x5600000b, vm, notes=[status(self.vmid, 2)]) +
                self.call(0x56000020, vm,
                          struct.pack('<I', 2) + entry + bell))

    def start(self):
        vm = struct.pack('<HH', self.vmid, 0)
        return (self.call(0x56000004, vm, notes=[status(self.vmid, 3)]) +
                [f'+ IRQ {self.virq}'])

    def turn_off(self):
        exited = struct.pack('<HHII', self.vmid, 1, 4, 0)
        return [f'+ RUN 0 {self.cap:#x} 0x0 0x0 0x0 0 0 0x4 0x9000f00 0x8 0x0',
                f'+ RUN 0 {self.cap:#x} 0xff00000000000000 0x0 0x0 0 '
                '0 0x2 0x0 0x0 0x0',
                status(self.vmid, 9), note(0x56100001, exited)]

    def finish(self, released=True):
        vm = struct.pack('<HH', self.vmid, 0)
        gone = [note(0x51100012, struct.pack('<IHHI', self.handle, self.vmid,
                                             0, 0))] if released else []
        return (self.call(0x56000006, vm, notes=[status(self.vmid, 10)]) +
                gone + [status(self.vmid, 11)] +
                self.call(0x51000015, struct.pack('<II', self.handle, 0)) +
                self.call(0x56000002, vm))


def left_out(rec):
    """What to play before line N of the files 16 to 18."""
    if rec.key == '16a':
        life = Life()
        return {2301: ['loop 300'] + life.prepare() + life.start() +
                life.turn_off() + life.finish() + ['end']}
    if rec.key == '16b':
        life = Life()
        return {9002: ['loop 300'] + life.prepare() + life.finish(False) +
                ['end']}
    if rec.key == '17':
        return left_out_17()
    if rec.key in ('18a', '18b'):
        return left_out_18(rec)
    return {}


def left_out_17():
    lives = [Life(1 + 6 * i, 0x80 + i, i, 0x1000 + i, 962 + i,
                  0x50000000 + i * 0x400000) for i in range(15)]
    first = []
    for life in lives:
        first += life.prepare()
        if life is not lives[-1]:
            first += life.start()
    last = lives[-1]
    first += last.call(0x56000004, struct.pack('<HH', last.vmid, 0),
                       notes=[status(last.vmid, 8)], err=2)
    rest = []
    for life in lives[:-1]:
        rest += life.turn_off() + life.finish()
    return {330: first, 610: rest}


def left_out_18(rec):
    runs = [(n, t) for n, t in rec.lines if n and t.startswith('RUN ')]
    out = {}
    lives = []
    for number, text in runs:
        if 'resume=0x0,' not in text or 'state=0x2 ' in text or \
           'state=0x100' in text:
            continue
        cap = int(re.search(r'cap=(\S+)', text)[1], 16)
        program = 'reset' if '0x2222' in text else 'shell'
        lives.append((number, Life(2 + 20 * len(lives), handle=len(lives),
                                   cap=cap, program=program)))
    for i, (number, life) in enumerate(lives):
        lines = []
        if rec.key == '18a' and i:
            lines += lives[i - 1][1].finish()
        out[number] = lines + life.prepare() + life.start()
    if rec.key == '18a':
        last = max(n for n, t in rec.lines if n and t.startswith('TX '))
        out[last] = lives[-1][1].finish()
    return out


def table(rec):
    out = [f'queues {rec.queues[0]} {rec.queues[1]}']
    if rec.key in OPEN_UNTIL_SHARE:
        out.append('option open_until_share=1')
    if rec.key in SLOW_TICK:
        out.append('option tick=4000')
    put = images(rec)
    mem = mem_lines(rec)
    extra = left_out(rec)
    before = BEFORE.get(rec.key, {})
    replace = REPLACE.get(rec.key, {})
    for index, (number, text) in enumerate(rec.lines):
        if number is None:
            out += comment(text, out)
            continue
        out += before.get(number, []) + extra.get(number, []) + \
            put.get(index, [])
        if number in replace:
            line = replace[number]
            if line:
                cap = re.search(r'cap=(\S+)', text)
                out.append(line.format(cap=cap[1] if cap else ''))
            continue
        if index in mem:
            out += mem[index]
            continue
        line = convert(rec, number, text)
        if line:
            out.append(line)
    return out


def comment(text, out):
    """Comments that say what is tried stay; those that decode messages go."""
    match = re.match(r'# \(the RUN line above repeated (\d+) more', text)
    if match and out[-1].split()[1:2] == ['RUN']:
        return [out[-1]] * min(int(match[1]), 3)
    if re.match(r'#( ->| <-|    entry| build| note| \(the RUN)', text):
        return []
    return [text]


def main():
    folder = sys.argv[1]
    for path in sys.argv[2:]:
        rec = Recording(path)
        with open(os.path.join(folder, rec.name + '.trace'), 'w',
                  encoding='utf-8') as file:
            file.write('# SPDX-License-Identifier: GPL-2.0-only\n'
                       '# Recorded from the published hypervisor and resource '
                       'manager (Dec 2023), production build\n')
            file.write('\n'.join(table(rec)) + '\n')


if __name__ == '__main__':
    main()
