#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Boot the primary VM in QEMU, under the test hypervisor or without it, and say
how it went.

The console is streamed to standard output and to a log file. The boot has a
limit in time, and one in silence. It is good when the console said
"GUNYAH-RESULT status=0", nothing on it looked like a crash, QEMU ended with
status 0, and the log of resource-manager messages holds no violation.
Everything else ends with one line that begins with "error:", and a status
that is not 0. A boot without an end is asked first what it does (hang.py): the answers
are in the log.

With DEBUG the kernel panics at the first warning, and says then all that it
has said before, also what was kept off the console.

A file leaves the machine by the console, in base64 between the lines
"GUNYAH-FILE-BEGIN NAME" and "GUNYAH-FILE-END NAME". It is kept beside the log
as boot-<name of the boot>.NAME, and not shown.

The environment (see lib.sh) gives the places and MEM, VCPUS, CPUS, IMAGE,
INITRD, DISK, VIRTIO; MEM is the guest's memory, the machine's is chosen to go
with it. After GUNYAH_DEADLINE, in seconds since 1970, no boot goes on.

Mode run with a terminal gives it to the guest: then there are no limits, and
the console is looked at in the end.
"""

import argparse
import base64
import binascii
import fcntl
import glob
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time

import hang

RAM_BASE = 0x40000000
IMAGE_ADDR = 0x60000000
DEBUG_FACTOR = 5                # how much slower a debug kernel may be
INITRD_ROOM = IMAGE_ADDR - RAM_BASE - (128 << 20) - (2 << 20)

# What a console never says in a good run; the first that fits a line names it.
# A guest's own console passes through the same place, so this holds for the
# guest too.
PANIC = 'a kernel panicked'
BAD = [
    (re.compile(p), what) for p, what in (
        (rb'hyp: PANIC', 'the hypervisor panicked'),
        (rb'Kernel panic - not syncing', PANIC),
        (rb'Unable to handle kernel', 'a kernel oops'),
        (rb'Internal error: ', 'a kernel oops'),
        (rb'\bkernel BUG at ', 'a kernel BUG'),
        (rb'ODEBUG: ', 'a report of an object in use'),
        (rb'BUG: KASAN: ', 'a KASAN report'),
        (rb'BUG: (?:sleeping function|scheduling while atomic)',
         'sleeping in atomic context'),
        (rb'BUG: (?:MAX_LOCKDEP|MAX_LOCK_DEPTH|spinlock|rwlock)',
         'a lockdep report'),
        (rb'BUG: ', 'a kernel BUG report'),
        (rb'refcount_t: ', 'a refcount report'),
        (rb'OF: ERROR: ', 'a report of a device-tree node'),
        (rb'(?:list_add|list_del) corruption', 'a corrupt list'),
        (rb'WARNING: (?:CPU: |.*\bat .*, CPU#\d+: )', 'a kernel warning'),
        (rb'WARNING: .*(?:lock|RCU|irq)', 'a lockdep report'),
        (rb'UBSAN: ', 'an UBSAN report'),
        (rb'INFO: task .* blocked\b.* for more', 'a hung task'),
        (rb'rcu: INFO: rcu_\S+ (?:self-)?detected', 'an RCU stall'),
        (rb'^guest: FAILED', "the guest's own check failed"),
        (rb'unreferenced object.* 0x', 'a kmemleak report'),
        (rb'primary: no check by ', 'a check that is off'),
    )
]
FATAL = (b'hyp: PANIC', b'Kernel panic - not syncing')
FILE_BEGIN = re.compile(rb'^GUNYAH-FILE-BEGIN ([\w.-]+)\s*$')
FILE_LINE = re.compile(rb'^[A-Za-z0-9+/=]+\s*$')
RESULT = re.compile(rb'GUNYAH-RESULT status=(\d+)')
ANSI = re.compile(rb'\x1b\[[0-9;?]*[A-Za-z]')


def fail(message):
    print(f'error: {message}', file=sys.stderr)
    sys.exit(1)


def env(name):
    value = os.environ.get(name)
    if value is None:
        fail(f'{name} is not set: start boot.py through boot.sh')
    return value


def megabytes(text):
    match = re.fullmatch(r'(\d+)([MmGg])', text)
    if not match or int(match[1]) == 0:
        fail(f"'{text}' is not a size such as 256M or 1G")
    return int(match[1]) * (1024 if match[2] in 'Gg' else 1)


def cpio_entry(name, mode, data=b''):
    """One entry of a cpio archive of the format newc."""
    raw = name.encode() + b'\0'
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0]
    out = b'070701' + b''.join(b'%08X' % f for f in fields) + raw
    out += b'\0' * (-len(out) % 4)
    return out + data + b'\0' * (-len(data) % 4)


def read_file(path, what):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError as err:
        fail(f'{what}: {path}: {err.strerror}')


def next_kernel(args, initrd):
    """An archive with what kexec is to start: the same kernel, with all that
    there is for the primary so far."""
    kernel = read_file(args.kernel, 'kernel')
    return (cpio_entry('next', 0o40755) +
            cpio_entry('next/Image', 0o100644, kernel) +
            cpio_entry('next/initrd.cpio', 0o100644, initrd) +
            cpio_entry('TRAILER!!!', 0))


def make_initrd(args, out):
    """The primary's archive, and what it needs for its mode: the selftests,
    another kernel to start, the guest's kernel and initramfs."""
    shutil.copyfile(args.initramfs, out)
    if args.mode in ('test', 'shell', 'down'):
        with open(out, 'ab') as file:
            file.write(read_file(os.path.join(env('INITRAMFS'),
                                              'selftests.cpio'), 'selftests'))
    if args.mode == 'down':
        with open(out, 'r+b') as file:
            file.write(next_kernel(args, file.read()))
    if args.mode == 'bench':
        with open(out, 'ab') as file:
            file.write(read_file(os.path.join(env('WORK'), 'bench/bench.cpio'),
                                 'benchmark'))
    if not args.guest:
        return
    kernel = read_file(env('GUEST_IMAGE'), "IMAGE (the guest's kernel)")
    initrd = read_file(os.environ.get('INITRD') or
                       os.path.join(env('INITRAMFS'), 'guest.cpio'),
                       "INITRD (the guest's initramfs)")
    with open(out, 'ab') as file:
        file.write(cpio_entry('guest', 0o40755))
        file.write(cpio_entry('guest/Image', 0o100644, kernel))
        file.write(cpio_entry('guest/initrd.cpio', 0o100644, initrd))
        if args.mode == 'guests':
            root = read_file(os.path.join(env('INITRAMFS'), 'root.img'),
                             "a guest's root file system")
            file.write(cpio_entry('guest/root.img', 0o100644, root))
        file.write(cpio_entry('TRAILER!!!', 0))
    if os.path.getsize(out) > INITRD_ROOM:
        fail(f'the initramfs with IMAGE and INITRD in it is over '
             f'{INITRD_ROOM >> 20} MiB')


def host_memory():
    """The machine's memory in MiB, for MEM of the guest."""
    guest = megabytes(env('MEM'))
    return max(3072, guest + min(guest, 2048) + 1024)


def qemu_command(args, initrd, rmlog):
    words = ['console=ttyAMA0', 'panic=-1', 'loglevel=7',
             f'primary.mode={args.mode}',
             f'primary.mem={env("MEM")}', f'primary.vcpus={env("VCPUS")}',
             f'primary.virtio={env("VIRTIO")}',
             f'primary.interactive={int(args.interactive)}']
    if env('DEBUG'):
        # 0x20: the whole log once more when it panics.
        words += ['panic_on_warn=1', 'panic_print=0x20']
    cmd = ['qemu-system-aarch64', '-cpu', args.cpu,
           '-smp', env('CPUS'), '-m', f'{args.memory or host_memory()}M',
           '-display', 'none', '-monitor', 'none', '-no-reboot',
           '-nic', 'none', '-initrd', initrd]
    if args.no_hyp:
        cmd += ['-machine', 'virt,gic-version=3,its=off' +
                (',virtualization=on' if args.el2 else ''),
                '-kernel', args.kernel]
    else:
        words += [f'ghyp.rmlog={rmlog}']
        cmd += ['-machine', 'virt,virtualization=on,gic-version=3,its=off',
                '-semihosting-config', 'enable=on,target=native',
                '-kernel', args.hyp, '-device',
                f'loader,file={args.kernel},addr={IMAGE_ADDR:#x},force-raw=on']
    cmd += ['-append', ' '.join(words + args.append)]
    return cmd + disk_options() + args.qemu


def disk_options():
    """DISK as the primary VM's /dev/vda, which the monitor gives to the
    guest: what the guest writes is in the file."""
    disk = env('DISK')
    if not disk:
        return []
    if not os.path.isfile(disk):
        fail(f'DISK={disk} is not a file')
    if os.path.getsize(disk) < 512:
        fail(f'DISK={disk} is too small for a disk')
    name = os.path.abspath(disk).replace(',', ',,')
    mode = 'off' if os.access(disk, os.W_OK) else 'on'
    return ['-drive', f'if=none,id=disk,format=raw,readonly={mode},file={name}',
            '-device', 'virtio-blk-device,drive=disk']


class Console:
    """Takes the console's bytes, keeps what matters of them."""

    def __init__(self, log, show):
        self.log = log
        self.show = show
        self.line = b''
        self.result = None
        self.bad = None
        self.panicked = None
        self.fatal = False
        self.files = {}
        self.file = None

    def feed(self, data):
        shown = b''
        while data:
            text, newline, data = data.partition(b'\n')
            if self.file is None:
                shown += text + newline
            self.line += text
            if newline:
                self.end_of_line()
            elif len(self.line) > 65536:
                self.line = b''
        self.log.write(shown)
        self.log.flush()
        if self.show:
            sys.stdout.buffer.write(shown)
            sys.stdout.buffer.flush()

    def end_of_line(self):
        line, self.line = ANSI.sub(b'', self.line), b''
        begin = FILE_BEGIN.match(line)
        if begin:
            self.file = begin[1].decode()
            self.files[self.file] = []
        elif self.file and FILE_LINE.match(line):
            self.files[self.file].append(line.strip())
        elif self.file and line.startswith(b'GUNYAH-FILE-END '):
            self.file = None
        else:
            self.look_at(line)

    def look_at(self, line):
        match = RESULT.search(line)
        if match:
            self.result = int(match[1])
        what = next((w for p, w in BAD if p.search(line)), None)
        if what:
            text = f'{what}: {line.decode(errors="replace").strip()}'
            if what == PANIC:
                self.panicked = self.panicked or text
            else:
                self.bad = self.bad or text
        if any(word in line for word in FATAL):
            self.fatal = True

    def why_bad(self):
        """What was seen first; a panic only when nothing says what led to
        it, which comes after it when the whole log is said again."""
        return self.bad or self.panicked

    def save_files(self, base):
        """The files that came, as BASE.NAME; what is wrong, or None."""
        for name, lines in self.files.items():
            if name == self.file:
                return f'the file {name} was cut off'
            try:
                data = base64.b64decode(b''.join(lines), validate=True)
            except binascii.Error as err:
                return f'the file {name} came damaged: {err}'
            with open(f'{base}.{name}', 'wb') as file:
                file.write(data)
        return None


def watch(proc, console, limit, silence):
    """Follow the console to its end; the reason to stop earlier, or None."""
    start = last = time.monotonic()
    deadline = start + limit
    out = proc.stdout.fileno()
    while True:
        now = time.monotonic()
        if now > deadline:
            if console.fatal:
                return console.why_bad()
            return f'no end after {limit} s'
        if now > last + silence:
            return f'hung: nothing on the console for {silence} s'
        wait = min(deadline, last + silence) - now
        if not select.select([out], [], [], max(0.05, wait))[0]:
            continue
        data = os.read(out, 65536)
        if not data:
            return None
        last = time.monotonic()
        was = console.fatal
        console.feed(data)
        if console.fatal and not was:
            # Let the rest of the report come, but not for long.
            deadline = min(deadline, last + 60)


def stop(proc):
    proc.terminate()
    try:
        proc.wait(10)
    except subprocess.TimeoutExpired:
        proc.kill()
        proc.wait()


def run(cmd, args, log):
    with open(log, 'wb') as file:
        file.write((' '.join(cmd) + '\n').encode())
        console = Console(file, not args.quiet)
        monitor = hang.Monitor()
        proc = subprocess.Popen(monitor.command(cmd) + ['-serial', 'stdio'],
                                stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                pass_fds=(monitor.theirs.fileno(),))
        monitor.theirs.close()
        try:
            why = watch(proc, console, args.timeout, args.silence)
            if why and not console.fatal:
                hang.ask(proc, monitor, file)
            if why is None:
                try:
                    proc.wait(10)
                except subprocess.TimeoutExpired:
                    why = 'QEMU closed the console and did not end'
        except KeyboardInterrupt:
            why = 'interrupted'
        finally:
            if proc.poll() is None:
                stop(proc)
        if console.line:
            console.end_of_line()
    damaged = console.save_files(os.path.splitext(log)[0])
    return judge(console, why, proc.returncode) or damaged


def judge(console, why, returncode):
    """What was bad about a boot, or None."""
    if console.why_bad():
        return console.why_bad()
    if why:
        return why
    if returncode != 0:
        return f'QEMU ended with status {returncode}'
    if console.result is None:
        return 'the primary VM ended without a result'
    if console.result != 0:
        return f'the primary VM ended with status {console.result}'
    return None


def shell(cmd, args, log):
    """A boot with the terminal in the user's hands: no limits."""
    what = 'primary VM' if args.mode == 'shell' else 'guest'
    print(f'== a shell in the {what}; leave with exit, or Ctrl-A X',
          file=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serial = ['-chardev', f'stdio,mux=on,id=con,signal=off,logfile={log}',
              '-serial', 'chardev:con']
    monitor = cmd.index('-monitor')
    cmd = cmd[:monitor] + cmd[monitor + 2:] + ['-mon', 'chardev=con']
    rc = subprocess.call(cmd + serial)
    if args.mode == 'shell':
        return None if rc == 0 else f'QEMU ended with status {rc}'
    with open(os.devnull, 'wb') as null, open(log, 'rb') as file:
        console = Console(null, False)
        console.feed(file.read())
    return judge(console, None, rc)


def check_rmlog(rmlog):
    if not os.path.exists(rmlog):
        return 'the hypervisor wrote no log of resource-manager messages'
    script = os.path.join(os.path.dirname(__file__), 'check-rmlog.py')
    done = subprocess.run([sys.executable, script, rmlog],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    sys.stderr.write(done.stdout + done.stderr)
    return 'the driver broke the rules of the resource manager'


def parse():
    kout = env('KOUT')
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--mode', default='run',
                        help='what the primary VM does (see primary-init.sh)')
    parser.add_argument('--no-hyp', action='store_true',
                        help='start Linux directly, without a hypervisor')
    parser.add_argument('--el2', action='store_true',
                        help='with --no-hyp: start Linux at EL2')
    parser.add_argument('--name', help='base name of the log files')
    parser.add_argument('--kernel',
                        default=os.path.join(kout, 'arch/arm64/boot/Image'))
    parser.add_argument('--hyp',
                        default=os.path.join(env('HYPOUT'), 'hyp.bin'))
    parser.add_argument('--initramfs',
                        default=os.path.join(env('INITRAMFS'),
                                             f'primary-{env("FLAVOUR")}.cpio'))
    parser.add_argument('--no-guest', dest='guest', action='store_false',
                        help="leave the guest's kernel and initramfs out")
    parser.add_argument('--memory', type=int, metavar='MIB',
                        help="the machine's memory (default: to go with MEM)")
    parser.add_argument('--cpu', default='max,pauth-impdef=on')
    parser.add_argument('--timeout', type=float, default=180)
    parser.add_argument('--silence', type=float, default=60)
    parser.add_argument('--quiet', action='store_true',
                        help='the console goes to the log only')
    parser.add_argument('--append', action='append', default=[],
                        metavar='WORDS', help='more kernel command line')
    parser.add_argument('--qemu', action='append', default=[],
                        metavar='WORD', help='one more argument of QEMU')
    args = parser.parse_args()
    args.interactive = (args.mode == 'run' and not args.quiet and
                        sys.stdin.isatty() and sys.stdout.isatty())
    if env('DEBUG'):
        args.timeout *= DEBUG_FACTOR
        args.silence *= DEBUG_FACTOR
    # Who ends all of this at some time wants to know before what does not end.
    deadline = os.environ.get('GUNYAH_DEADLINE')
    if deadline:
        args.timeout = min(args.timeout, max(30, int(deadline) - time.time()))
    return args


def take_name(name):
    """A base name for this boot's files that no running boot uses."""
    for number in range(1, 100):
        free = name if number == 1 else f'{name}-{number}'
        lock = open(os.path.join(env('LOGS'), f'.boot-{free}.lock'), 'wb')
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return free, lock
    return fail(f'too many boots named {name} at once')


def main():
    args = parse()
    name, lock = take_name(args.name or args.mode)
    log = os.path.join(env('LOGS'), f'boot-{name}.log')
    rmlog = os.path.join(env('LOGS'), f'boot-{name}.rmlog')
    initrd = os.path.join(env('INITRAMFS'), f'boot-{name}.cpio')
    for path in [args.kernel] + ([] if args.no_hyp else [args.hyp]):
        if not os.path.exists(path):
            fail(f'{path} is missing: it has not been built')
    if not 1 <= int(env('CPUS')) <= 8:
        fail(f'CPUS={env("CPUS")} is not 1 to 8')
    make_initrd(args, initrd)
    for old in glob.glob(os.path.join(env('LOGS'), f'boot-{name}.*')):
        os.remove(old)
    cmd = qemu_command(args, initrd, rmlog)
    print(f'== booting QEMU ({args.mode}), log: {log}', file=sys.stderr)
    start = time.monotonic()
    if args.mode == 'shell' or args.interactive:
        why = shell(cmd, args, log)
    else:
        why = run(cmd, args, log)
    if why is None and not args.no_hyp:
        why = check_rmlog(rmlog)
        log = rmlog if why else log
    took = time.monotonic() - start
    os.remove(initrd)
    lock.close()
    if why:
        fail(f'boot {name}: {why} (after {took:.1f} s), log: {log}')
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f'== booting QEMU ({args.mode}): {took:.1f} s, '
          f'{used.ru_utime + used.ru_stime:.0f} s of CPU, good',
          file=sys.stderr)


if __name__ == '__main__':
    main()
