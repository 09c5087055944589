#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Make mistakes in the driver and in the test hypervisor, one line each, and say
which test finds each of them.

The mistakes are drawn by a seed (mutants/draw.py), made and built in private
copies of this clone (mutants/lane.py), and tested with what "make test" runs,
cheap and likely tests first, until one fails (mutants/checks.py). First of all
the tests have to pass without a mistake; how long they wait then gives the
limits, so that a mistake after which nothing happens any more is found as a
hang.

A mistake that no test finds has survived; the status is 1 then. The exception
are those that mutants/equivalent.txt lists, with the proof that they change
nothing that can be seen: they are not tested.

One mistake in each file, and COUNT more, the more the longer a file is.

With REQUIRED=1 nothing is drawn: made are the mistakes of mutants/required.txt,
which break a requirement each, and run is the one test that has to find them.

Environment: SEED, COUNT, LANES at a time, ONLY=GLOB,GLOB of file names
(the same mistakes as without), WITHOUT=a,b programs and suites not to run;
REQUIRED=1, where ONLY is numbers like R20.
--check only looks whether the lists fit the sources.
"""

import fnmatch
import fcntl
import glob
import hashlib
import json
import os
import re
import signal
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CI = os.path.join(TOP, 'ci')
sys.path[:0] = [CI, os.path.join(CI, 'mutants')]

import checks                   # noqa: E402
import draw                     # noqa: E402
import ktap                     # noqa: E402
import lane as lanes            # noqa: E402
import required                 # noqa: E402

SOURCES = ('drivers/virt/gunyah/*.c', 'arch/arm64/gunyah/*.c', 'tools/testing/gunyah/hyp/**/*.c')
EQUIVALENT = os.path.join(CI, 'mutants', 'equivalent.txt')

# The programs of the selftests that look most at a file, by its name.
LIKELY = [
    ('*/hyp/rm/*', 'vm_config vm_life memory_access'),
    ('*/hyp/fault.c', 'rpc_fault vcpu_fault rpc_notify'),
    ('*/hyp/control.c', 'rpc_fault vcpu_fault'),
    ('*/hyp/doorbell.c', 'irqfd irqfd_life event_flow'),
    ('*/hyp/*', 'vm_life vcpu_run vcpu_smp memory_access'),
    ('*/vcpu*', 'vcpu_fd vcpu_run vcpu_smp vcpu_fault'),
    ('*/guest_*', 'guest_mem map_mem memory_access memory_host'),
    ('*user_mem.c', 'user_mem user_mem_life user_mem_lost'),
    ('*/mem_list.c', 'memory_access memory_host'),
    ('*/direct_map.c', 'memory_access memory_host'),
    ('*/vm_mem.c', 'map_mem memory_access memory_host vm_life'),
    ('*/vm_eager.c', 'memory_access memory_host vm_auth vm_life'),
    ('*/vm_parcel.c', 'memory_access memory_host rpc_refused'),
    ('*/rm_*', 'vm_life rpc_fault rpc_refused rpc_notify'),
    ('*/msgq.c', 'vm_life rpc_fault rpc_notify'),
    ('*/vm_ioctl.c', 'device vm_config call_state'),
    ('*/vm_drv.c', 'device lifetime'),
    ('*/vm_rm.c', 'vm_reset vm_life rpc_reset rpc_notify'),
    ('*/vm_function.c', 'vcpu_fd irqfd ioeventfd call_state'),
    ('*/irqfd.c', 'irqfd irqfd_life event_flow'),
    ('*/ioeventfd.c', 'ioeventfd event_flow'),
    ('*/vm_io.c', 'ioeventfd vcpu_run'),
    ('*', 'vm_config vm_life lifetime call_state'),
]
# The programs of the suites that do not run all.
OLD_CPU = 'vm_life vcpu_run memory_access'.split()
SMP = 'vcpu_smp vcpu_host'.split()
# Files of the hypervisor that only its profile "paging" uses, and of the driver
# that mostly the demand-paged flow does.
PAGING = ('*/hyp/extent.c', '*/hyp/addrspace.c', '*/hyp/rm/paging.c', '*/hyp/rm/firmware.c')
PAGED = ('*/vm_paging.c', '*/vm_pieces.c', '*/vm_extent.c')
ABSENT = ('*/rm_drv.c', '*/vm_drv.c', '*/hypercall.c')

out_lock = threading.Lock()


def say(text):
    with out_lock:
        print(text, flush=True)


def number(name, default, least):
    try:
        value = int(os.environ.get(name) or default)
    except ValueError:
        value = least - 1
    if value < least:
        sys.exit(f'error: {name}={os.environ[name]} is not a number of at least {least}')
    return value


# ---- what is drawn ----

def sources(top):
    """The text of each file that may be changed, by its path."""
    texts = {}
    for pattern in SOURCES:
        for path in glob.glob(os.path.join(top, pattern), recursive=True):
            name = os.path.relpath(path, top)
            if '/tests/' not in name:
                with open(path, encoding='utf-8') as file:
                    texts[name] = file.read()
    return texts


def key_of(file, function, old, new):
    return file, function, ' '.join(old.split()), ' '.join(new.split())


def equivalents(texts):
    """The listed mutations, by key; each has to be possible, and a proof."""
    with open(EQUIVALENT, encoding='utf-8') as file:
        text = re.sub(r'^#.*\n', '', file.read(), flags=re.M)
    listed = set()
    for entry in filter(None, (e.strip('\n') for e in re.split(r'\n\s*\n', text))):
        match = re.fullmatch(r'(\S+) (\w+)\n- (.*)\n\+ (.*)\n((?:\t.*\n?)+)', entry)
        if not match:
            sys.exit(f'error: {EQUIVALENT}: not an entry, or one without a proof:\n{entry}')
        listed.add(key_of(*match.groups()[:4]))
    possible = {key_of(m.file, m.function, m.old, m.new)
                for path in {k[0] for k in listed} & set(texts)
                for m in draw.candidates(path, texts[path])}
    for key in sorted(listed - possible):
        sys.exit(f'error: {EQUIVALENT}: no such line any more: {key[0]} {key[1]}: {key[2]}')
    return listed


# ---- what is run ----

def without():
    return (os.environ.get('WITHOUT') or '').split(',')


def programs(base):
    """The programs of the suites "selftests", "faults" with "sweeps", and those of
    "paged" that no other suite has."""
    with open(os.path.join(base['INITRAMFS'], 'tests'), encoding='utf-8') as file:
        every = [os.path.basename(line.strip()) for line in file if line.strip()]
    with open(os.path.join(CI, 'suite.sh'), encoding='utf-8') as file:
        lists = dict(re.findall(r'^(\w+)_TESTS=(\S+)', file.read(), re.M))
    faults = lists['FAULT'].split(',') + lists['SWEEP'].split(',')
    paged = [p for p in lists['PAGED'].split(',') if p not in without()]
    # Those of the other flow and of another kernel would be skipped.
    others = [*without(), 'compat', 'platform_qcom', *lists['DEBUG'].split(','),
              *lists['DEBUG_FAULT'].split(',')]
    every = [p for p in every if p not in others and not p.startswith('paged_')
             and p != 'fail_paged']
    return [p for p in every if p not in faults], [p for p in every if p in faults], paged


def stages(path, plain, faults, paged):
    """The stages for a file, in the order to run them."""
    likely = next(words.split() for pattern, words in LIKELY if fnmatch.fnmatch(path, pattern))
    later = []
    if not path.startswith(lanes.HYP):
        first = ['kunit']
        if any(fnmatch.fnmatch(path, p) for p in ABSENT):
            first.append('no-hypervisor')
    elif '/rm/' in path:
        first, later = ['replay', 'isolation'], ['hyp-console']
    elif '/lib/' in path:
        first, later = ['hyp-console', 'vgic', 'isolation'], ['replay']
    else:
        first, later = ['isolation'], ['hyp-console', 'replay', 'old-cpu']
        if re.search('/v?gic', path):
            first.insert(0, 'vgic')
        later.insert(0, 'paging')
    if any(fnmatch.fnmatch(path, p) for p in PAGING):
        first, later = ['paging', 'paged'], ['isolation', 'replay']
    elif any(fnmatch.fnmatch(path, p) for p in PAGED):
        first.append('paged')
    elif path.endswith('/platform_qcom.c'):
        first.append('qcom')
    if 'paged' not in first:
        later.append('paged')
    options = {'old-cpu': OLD_CPU, 'paged': paged, 'qcom': ['platform_qcom']}
    found = [(suite, options.get(suite)) for suite in first]
    for some in ([p for p in plain if p in likely], [p for p in faults if p in likely], later,
                 [p for p in plain if p not in likely], [p for p in faults if p not in likely]):
        if some is later:
            found += [(suite, options.get(suite)) for suite in later]
        elif some:
            found.append(('faults' if some[0] in faults else 'selftests', some))
    found += [('guests', None), ('smp', SMP)]
    return [stage for stage in found if stage[0] not in without()]


def tree_sum():
    """A number for what the tests and their limits depend on."""
    total = hashlib.sha256(repr(without()).encode())
    for name in lanes.tree_files(TOP):
        if not name.startswith('Documentation/') and not name.startswith('ci/mutants/'):
            total.update(name.encode() + b'\0')
            with open(os.path.join(TOP, name), 'rb') as file:
                total.update(hashlib.sha256(file.read()).digest())
    return total.hexdigest()


def all_stages(plain, faults, paged):
    """The tests of all files."""
    return [('faults', faults), ('guests', None), ('selftests', plain), ('replay', None),
            ('kunit', None), ('isolation', None), ('paging', None), ('vgic', None),
            ('no-hypervisor', None), ('hyp-console', None), ('old-cpu', OLD_CPU),
            ('qcom', ['platform_qcom']), ('paged', paged), ('smp', SMP)]


def baseline(pool, work, gate, name):
    """Pass tests, a stage of each suite, without a mutation; the waits seen. What
    this same tree has passed before is not run again."""
    note = os.path.join(pool[0].base['WORK'], 'mutants', name)
    known = {'tree': tree_sum(), 'passed': {}}
    if os.path.exists(note):
        with open(note, encoding='utf-8') as file:
            before = json.load(file)
        if before['tree'] == known['tree']:
            known = before

    def key(stage):
        return ' '.join([stage[0], *(stage[1] or ())])

    for stage in work:
        if key(stage) in known['passed']:
            say(f'baseline: {stage[0]}: this tree has passed')
    work = [stage for stage in work if key(stage) not in known['passed']
            and stage[0] not in without()]
    bad = []

    def run(lane, stage):
        began, waits = time.monotonic(), checks.Waits()
        verdict, once = checks.run_stage(lane, stage, waits, gate)
        verdict = verdict or once
        say(f'baseline: {stage[0]}: {verdict or "passed"}, {time.monotonic() - began:.0f} s')
        with out_lock:
            if verdict:
                bad.append(str(verdict))
                return
            known['passed'][key(stage)] = waits.seconds
            with open(note, 'w', encoding='utf-8') as file:
                json.dump(known, file)

    in_lanes(pool, work, run)
    if bad:
        sys.exit('error: the tests fail without a mutation')
    waits = {}
    for seconds in known['passed'].values():
        waits.update(seconds)
    return checks.Waits(waits)


def in_lanes(pool, items, run):
    """Do run(lane, item) for all items; what one raised is raised."""
    shared, failed = iter(items), []

    def loop(lane):
        try:
            for item in shared:
                run(lane, item)
        except Exception as err:        # pylint: disable=broad-except
            failed.append(err)

    threads = [threading.Thread(target=loop, args=(lane,)) for lane in pool]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


# ---- the run ----

class Run:
    """The mutants of one run; counts are under out_lock."""

    def __init__(self, waits, gate, listed, suites):
        self.waits = waits
        self.gate = gate
        self.listed = listed
        self.suites = suites
        self.killers = {}
        self.killed = 0
        self.survived = []
        self.equivalent = 0

    def report(self, mutation, fate, seconds):
        say(f'{mutation.file}:{mutation.line} {mutation.function}(): {mutation.kind}\n'
            f'  - {mutation.old.strip()}\n  + {mutation.new.strip()}\n'
            f'  {fate} ({seconds:.0f} s)')

    def test(self, lane, mutation):
        """The verdict on a mutation that is built."""
        for stage in stages(mutation.file, *self.suites):
            verdict, once = checks.run_stage(lane, stage, self.waits, self.gate)
            if verdict:
                return verdict
            if once:
                say(f'{mutation.file}:{mutation.line}: once only: {once}')
        return None

    def one(self, lane, place):
        """One place of the plan: the first mutation of it that can be built."""
        for mutation in place:
            began = time.monotonic()
            key = key_of(mutation.file, mutation.function, mutation.old, mutation.new)
            try:
                lane.apply(mutation)
                if key in self.listed:
                    self.equivalent += 1
                    self.report(mutation, 'equivalent, see equivalent.txt', 0)
                    return
                verdict = self.test(lane, mutation)
            except lanes.Refused:
                continue
            except lanes.Asserted as err:
                verdict = checks.Verdict('build', str(err))
            finally:
                lane.restore()
            seconds = time.monotonic() - began
            with out_lock:
                if verdict:
                    self.killed += 1
                    suite = verdict.name.split('/')[0]
                    self.killers[suite] = self.killers.get(suite, 0) + 1
                else:
                    self.survived.append(mutation)
            self.report(mutation, f'killed by {verdict}' if verdict else 'SURVIVED', seconds)
            return
        self.nothing(place)

    def nothing(self, place):
        say(f'{place[0].file}: nothing of what was drawn can be built')


class RequiredRun(Run):
    """The same of what is listed: a place is one mutation, and has its test."""

    def __init__(self, waits, gate, entries):
        super().__init__(waits, gate, set(), None)
        self.entries = {entry.mutation: entry for entry in entries}

    def report(self, mutation, fate, seconds):
        super().report(mutation, f'R{self.entries[mutation].number}: {fate}', seconds)

    def test(self, lane, mutation):
        entry = self.entries[mutation]
        stage = entry.suite, [entry.program] if entry.program else None
        wanted = required.naming(entry)
        verdict, once = checks.run_stage(lane, stage, self.waits, self.gate, wanted)
        if verdict and wanted(verdict):
            return verdict
        say(f'R{entry.number}: {mutation.file}:{mutation.line}: {entry.suite} {entry.program}: '
            f'{verdict or once or "passed"}')
        return None

    def nothing(self, place):
        self.survived.append(place[0])
        self.report(place[0], 'does not compile, or to the same code', 0)


def summary(run, began):
    minutes = (time.monotonic() - began) / 60
    for suite, count in sorted(run.killers.items(), key=lambda item: -item[1]):
        say(f'killed by {suite}: {count}')
    for mutation in run.survived:
        say(f'survived: {mutation.file}:{mutation.line} {mutation.function}(): '
            f'{mutation.new.strip()}')
    say(f'{run.killed} killed, {len(run.survived)} survived, {run.equivalent} equivalent '
        f'({minutes:.0f} minutes)')
    return 1 if run.survived or not run.killed else 0


def check():
    """What needs no run: each listed one is possible still, no file is left out."""
    texts = sources(TOP)
    gone = []
    try:
        equivalents(texts)
    except SystemExit as err:
        gone = str(err).splitlines()
    drawn = {place[0].file for place in draw.plan(texts, 0, 0)}
    try:
        wrong = required.faults(required.entries(texts))
    except SystemExit as err:
        wrong = str(err).splitlines()
    return ktap.report([('equivalents', gone), ('required', wrong),
                        ('every_file', sorted(set(texts) - drawn))])


def plan_drawn(pool, texts, only, seed, count):
    """The run, and its places, of what is drawn."""
    listed = equivalents(texts)
    plan = [p for p in draw.plan(texts, seed, count)
            if any(fnmatch.fnmatch(p[0].file, glob_) for glob_ in only)]
    plan.sort(key=lambda p: not p[0].file.startswith(lanes.HYP))
    if not plan:
        sys.exit(f'error: ONLY={",".join(only)} matches no file')
    say(f'SEED={seed}: {len(plan)} mutations in {len({p[0].file for p in plan})} files')
    suites, gate = programs(pool[0].base), checks.Gate()
    waits = baseline(pool, all_stages(*suites), gate, 'baseline.json')
    return Run(waits, gate, listed, suites), plan


def plan_required(pool, texts, only):
    """The same of what mutants/required.txt lists."""
    listed = [e for e in required.entries(texts)
              if e.mutation and any(fnmatch.fnmatch(f'R{e.number}', glob_) for glob_ in only)]
    if not listed:
        sys.exit(f'error: ONLY={",".join(only)} matches no requirement')
    say(f'{len(listed)} mistakes that break a requirement each')
    gate = checks.Gate()
    waits = baseline(pool, required.stages(listed), gate, 'baseline-required.json')
    return RequiredRun(waits, gate, listed), [[e.mutation] for e in listed]


def ended(*_):
    checks.kill_all()
    os._exit(130)


def main():
    if sys.argv[1:] == ['--check']:
        return check()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, ended)
    began = time.monotonic()
    seed, count = number('SEED', 3, 0), number('COUNT', 0, 0)
    base = lanes.places(TOP, dict(os.environ))
    pool = [lanes.Lane(i, base) for i in range(number('LANES', 2, 1))]
    with open(os.path.join(base['WORK'], 'lock'), 'wb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for lane in pool:
            lane.create()
    # What was built, not what somebody may be writing meanwhile.
    texts = sources(pool[0].env['KSRC'])
    only = (os.environ.get('ONLY') or '*').split(',')
    if os.environ.get('REQUIRED'):
        run, plan = plan_required(pool, texts, only)
    else:
        run, plan = plan_drawn(pool, texts, only, seed, count)
    in_lanes(pool, plan, run.one)
    return summary(run, began)


if __name__ == '__main__':
    sys.exit(main())
