# SPDX-License-Identifier: GPL-2.0
"""
Run tests until the first one fails, and say which.

A stage is one boot, or one suite's script. Its results are read while it runs;
at the first bad one it is ended. What took how long with the unmutated tree
(the baseline) gives the limits: a wait is a hang when it is some times as long
as the longest one of the same program.
"""

import fnmatch
import os
import re
import select
import signal
import subprocess
import threading
import time

import boot
import ktap
import test

SLACK = 15                      # seconds, over the multiple of the baseline
HARNESS = 200                   # more, where a case is to be ended by its own limit of 180
NORMAL, PATIENT = 3, 9          # multiples of the baseline: at first, and alone
UNKNOWN = 600                   # seconds, while there is no baseline
SCRIPTS = {'hyp-console': '44-hyp-console.sh', 'isolation': '41-isolation.sh',
           'paging': '42-paging.sh', 'replay': '40-replay.sh', 'vgic': '45-vgic.sh'}
with open(os.path.join(os.path.dirname(boot.__file__), 'suite.sh'), encoding='utf-8') as _suite:
    FAST_CPU = re.search(r'^FAST_CPU=(\S+)', _suite.read(), re.M)[1]
MODES = {
    'kunit': ['--mode', 'kunit', '--no-hyp', '--no-guest'],
    'no-hypervisor': ['--mode', 'absent', '--no-hyp', '--no-guest'],
    'guests': ['--mode', 'guests'],
    'old-cpu': ['--mode', 'test', '--no-guest', '--cpu', 'cortex-a57'],
    'qcom': ['--mode', 'test', '--no-guest', '--append', 'ghyp.qcom=1'],
    'selftests': ['--mode', 'test', '--no-guest', FAST_CPU, '--append', 'nokaslr primary.fuzz=10'],
    'smp': ['--mode', 'test', '--no-guest'],
    'faults': ['--mode', 'test', '--no-guest', FAST_CPU, '--append', 'nokaslr'],
    'paged': ['--mode', 'test', '--no-guest', FAST_CPU, '--append', 'nokaslr ghyp.profile=paging'],
}
# One thread at a time: what fails there fails each time.
STEADY = ('kunit', 'replay', 'vgic')
SETTINGS = {'guests': {'MEM': '1G'}, 'smp': {'CPUS': '8'}}
SUBTEST = re.compile(r'^( *)# Subtest: (\S+)')

running = set()                 # process groups, to be ended with this program


class Verdict:
    """A stage's first failure: the case's name, and why if it is not plain."""

    def __init__(self, name, why='', hang=False, case=False):
        self.name = name
        self.why = why
        self.hang = hang
        self.case = case        # a named case said so itself

    def __str__(self):
        return f'{self.name} ({self.why})' if self.why else self.name


class Gate:
    """Stages run beside each other; one that is to run alone waits for the
    others to end, and holds up new ones."""

    def __init__(self):
        self.changed = threading.Condition()
        self.users = 0
        self.waiting = 0

    def enter(self, alone):
        with self.changed:
            self.waiting += alone
            self.changed.wait_for(lambda: not self.users if alone else
                                  self.users >= 0 and not self.waiting)
            self.waiting -= alone
            self.users = -1 if alone else self.users + 1

    def leave(self, alone):
        with self.changed:
            self.users = 0 if alone else self.users - 1
            self.changed.notify_all()


class Waits:
    """The longest wait for a result, by suite and program."""

    def __init__(self, seconds=None):
        self.seconds = dict(seconds or {})
        self.learning = seconds is None

    def note(self, suite, program, seconds):
        if not self.learning:
            return
        key = f'{suite}/{program}'
        self.seconds[key] = max(seconds, self.seconds.get(key, 0))

    def limit(self, suite, program, factor):
        if self.learning:
            return UNKNOWN
        longest = self.seconds.get(f'{suite}/{program}')
        if longest is None:
            longest = max((s for k, s in self.seconds.items()
                           if k.startswith(suite + '/')), default=0)
        return factor * longest + SLACK


class Console:
    """Takes the lines of a boot; finds the first failure."""

    def __init__(self, suite):
        self.suite = suite
        self.program = 'boot'
        self.subtests = {}
        self.cases = []         # names of the good ones, in order

    def name(self, *parts):
        return '/'.join([self.suite, *[p for p in parts if p]])

    def result(self, line):
        """A line of KTAP: a Verdict when it is a failure."""
        subtest = SUBTEST.match(line)
        if subtest:
            self.subtests[len(subtest[1])] = subtest[2]
        match = ktap.RESULT.match(line)
        if not match:
            return None
        indent = len(match[1])
        above = [self.subtests.get(i) for i in range(4, indent + 1, 4)]
        if self.suite != 'kunit':
            above = [self.program]
        name = self.name(*above, (match[4] or f'case {match[3]}').strip())
        if match[2] == 'not ok':
            return Verdict(name, case=True)
        if match[5] and match[5].upper() == 'SKIP':
            if not any(fnmatch.fnmatchcase(name, p) for p in test.allowed_skips()):
                return Verdict(name, f'skipped: {match[6]}')
        self.cases.append(name)
        return None

    def line(self, raw):
        """A line of the console: (whether it is a step ahead, Verdict or None)."""
        line = ktap.ANSI.sub('', raw).rstrip('\r\n')
        begin, end = ktap.BEGIN.match(line), ktap.END.match(line)
        if begin:
            self.program = begin[2]
            self.subtests = {}
            return True, None
        if end:
            bad = int(end[3] or 0) not in (0, 4)
            return True, Verdict(self.name(self.program), f'status {end[3]}') if bad else None
        for pattern, what in boot.BAD:
            if pattern.search(line.encode()):
                return True, Verdict(self.name(self.program), f'{what}: {line.strip()[:100]}')
        if self.suite == 'kunit':
            if not ktap.KERNEL.match(line):
                return False, None
            line = ktap.KERNEL.sub('', line, count=1)
        elif ktap.KERNEL.match(line) or line.startswith('hyp: '):
            return False, None
        verdict = self.result(line)
        return verdict is not None or bool(ktap.RESULT.match(line)), verdict


def kill_group(proc):
    try:
        os.killpg(proc.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end_group(proc):
    """End a program and all that it started."""
    kill_group(proc)
    proc.wait()
    running.discard(proc)


def kill_all():
    """For a signal handler: takes no lock and waits for nothing."""
    for proc in list(running):
        kill_group(proc)


def start(words, env):
    # A hypervisor with a mistake may write a file of any name.
    os.makedirs(env['LOGS'], exist_ok=True)
    proc = subprocess.Popen(words, env=env, cwd=env['LOGS'], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            start_new_session=True)
    running.add(proc)
    return proc


def lines_of(pipe, left):
    """What can be read now, as whole lines, and the rest; None at the end."""
    data = os.read(pipe.fileno(), 65536)
    if not data:
        return None, left
    *lines, left = (left + data).split(b'\n')
    return [line.decode(errors='replace') for line in lines], left


def run_boot(lane, suite, programs, waits, factor, wanted=None):
    """One boot; a Verdict, or None when all was good. Notes the waits. With wanted()
    it is ended at the first verdict that this takes, else at any."""
    env = dict(lane.env, **SETTINGS.get(suite, {}))
    words = [os.path.join(lane.top, 'ci', 'boot.sh'), '--name', f'mutant-{suite}',
             '--timeout', '7200', '--silence', '7200', *MODES[suite]]
    if programs:
        words += ['--append', 'primary.only=' + ','.join(programs)]
    proc = start(words, env)
    console, left, last = Console(suite), b'', time.monotonic()
    other = None
    try:
        while True:
            limit = waits.limit(suite, console.program, factor) + (HARNESS if wanted else 0)
            wait = last + limit - time.monotonic()
            if wait <= 0:
                after = console.cases[-1] if console.cases else 'its start'
                return Verdict(console.name(console.program),
                               f'a hang: nothing for {limit:.0f} s after {after}', hang=True)
            if not select.select([proc.stdout], [], [], wait)[0]:
                continue
            program = console.program
            lines, left = lines_of(proc.stdout, left)
            if lines is None:
                break
            for line in lines:
                ahead, verdict = console.line(line)
                if verdict and (not wanted or wanted(verdict)):
                    return verdict
                other = other or verdict
                if ahead:
                    now = time.monotonic()
                    waits.note(suite, program, now - last)
                    program, last = console.program, now
        said = proc.stderr.read().decode(errors='replace')
        if proc.wait() == 0 or other:
            return other
        why = [line for line in said.splitlines() if line.startswith('error: ')]
        why = re.sub(r'.*?: |, log: .*', '', why[-1], count=2) if why else 'it failed'
        return Verdict(console.name(f'boot-{suite}'), f'{why}; last: {console.program}')
    finally:
        end_group(proc)


def last_line(env, suite):
    """Of what a suite's script keeps of its console."""
    try:
        with open(os.path.join(env['LOGS'], suite + '.log'), errors='replace',
                  encoding='utf-8') as file:
            return (file.read().strip().splitlines() or ['nothing'])[-1][:100]
    except OSError:
        return 'nothing'


def run_script(lane, suite, waits, factor):
    """A suite's own script; the replay's is ended at its first failure."""
    env = lane.env
    limit = waits.limit(suite, 'all', factor)
    began = time.monotonic()
    failed = os.path.join(env['LOGS'], 'replay')
    proc = start([os.path.join(lane.top, 'ci', 'suites', SCRIPTS[suite])], env)
    threading.Thread(target=proc.stderr.read, daemon=True).start()
    said = b''
    try:
        while time.monotonic() < began + limit:
            if select.select([proc.stdout], [], [], 0.5)[0]:
                data = os.read(proc.stdout.fileno(), 65536)
                said += data
                if not data:
                    break
            elif suite == 'replay' and os.path.isdir(failed):
                names = [n for n in sorted(os.listdir(failed)) if n.endswith('.failed')]
                if names and proc.poll() is None:
                    return Verdict(f'replay/{names[0][:-len(".failed")]}', case=True)
        else:
            return Verdict(f'{suite}/all', f'a hang: no end after {limit:.0f} s, '
                           f'last: {last_line(env, suite)}', hang=True)
        proc.wait()
    finally:
        end_group(proc)
    waits.note(suite, 'all', time.monotonic() - began)
    text = said.decode(errors='replace')
    cases = ktap.parse(text)
    for case in cases:
        if case.outcome != 'pass':
            why = re.search(r'^ *# (.*)\n *not ok', text, re.M)
            return Verdict(f'{suite}/{case.name}', why[1] if why else case.reason,
                           case=case.outcome == 'fail')
    if not cases or proc.returncode:
        return Verdict(f'{suite}/suite', f'it ended with status {proc.returncode}')
    return None


def run_once(lane, stage, waits, factor, wanted=None):
    suite, programs = stage
    if suite in SCRIPTS:
        return run_script(lane, suite, waits, factor)
    return run_boot(lane, suite, programs, waits, factor, wanted)


def run_stage(lane, stage, waits, gate, wanted=None):
    """A stage: (suite, programs or None). Its Verdict, and what was seen once
    only: a failure counts when it comes again, but for a named case of a suite
    whose cases take no turns with anything; a hang, when it comes again with
    more patience and nothing beside it."""
    gate.enter(False)
    try:
        first = run_once(lane, stage, waits, NORMAL, wanted)
    finally:
        gate.leave(False)
    if not first:
        return None, None
    suite, programs = stage
    if suite in STEADY and first.case:
        return first, None
    failed = first.name.split('/')[1]
    if programs and failed in programs:
        stage = suite, [failed]
    gate.enter(first.hang)
    try:
        again = run_once(lane, stage, waits, PATIENT, wanted)
    finally:
        gate.leave(first.hang)
    return (again, None) if again else (None, first)
