# SPDX-License-Identifier: GPL-2.0
"""
Draw one-line mutations of C functions, by a seed.

candidates() lists all that can be done to a file. plan() gives each file its
places, at least one, the rest by the length of its functions, and for each
place the candidates in the order in which they are to be tried: one that does
not compile, or compiles to the same code, is passed over. Both depend on the
seed and on the files only.

Words: a "mutation" is one line written differently; a "kind" is what sort of
mistake it makes (see KINDS).

Left alone are lines that do not act: declarations, logging, assertions,
tracepoints. So are barriers and the taking of locks, since what they prevent
happens by chance, if at all, in an emulator; a lock that is not given back is
a mutation.
"""

import collections
import random
import re

KINDS = {
    'release': 'an unlock, put, free, wake-up or the like is dropped',
    'lost': 'a statement is dropped',
    'bound': 'a condition is always or never true',
    'inverted': 'a test is inverted',
    'compare': 'a comparison is off by one or the opposite',
    'logic': '&& for ||, or the other way round',
    'mask': 'a wrong operator of a mask, a sum or a shift',
    'constant': 'a number is one more',
    'error': 'an error is success, true is false, or the other way round',
}

Mutation = collections.namedtuple('Mutation', 'file line function kind old new')

# What does not act, or only prevents what an emulator does not do.
INERT = re.compile(
    r'\b(?:pr|dev)_(?:emerg|err|warn|info|notice|dbg)\w*\(|\btrace_\w+\(|'
    r'\bWARN\w*\(|\blockdep_\w+\(|\bmight_sleep\w*\(|\bstatic_assert\(|'
    r'\bBUILD_BUG\w*\(|\bhyp_(?:log|debug|panic)\(|\bguard\(|\bscoped_guard\(|'
    r'\b(?:mutex|spin|read|write|down|rcu_read)_(?:trylock|lock)\w*\(|'
    r'\bdown_(?:read|write)\(|\b(?:mutex|spin_lock)_init\(|'
    r'\b(?:isb|dsb|dmb|barrier|cpu_relax|cond_resched|prefetch|smp_\w*mb)\(|'
    r'\bKUNIT_\w+\(|__atomic_thread_fence\(|\basm\b|__asm__')
RELEASE = re.compile(
    r'(?:^|_|k|v)(?:unlock|put|free|release|complete|wake|kick|destroy|del|unlisten|unmap|'
    r'unbind|remove|drop|stop|cancel|clear|flush|drain|enable|erase|unclaim)'
    r'(?:_up|_rcu|_all|_irq|_irqrestore|_sync|_locked|_page|_pages|_work)*$')
DECLARATION = re.compile(
    r'^\s+(?!return\b|goto\b|else\b|case\b)(?:(?:static|const|struct|enum|union|unsigned|'
    r'volatile|register) )*\w+(?: const)? [*]*\w+(?:\[[^\]]*\])*(?:,| =|;)')
CALL = re.compile(r'^(\s+)((?:\w+(?:->|\.))*\w+)\((.*)\);$')
ASSIGN = re.compile(r'^(\s+)[*(]?[\w.\->\[\]()+*&]+ (?:[|&+\-^*]|<<|>>)?= .*;$')
STEP = re.compile(r'^(\s+)(?:[\w.\->\[\]()*]+(?:\+\+|--)|(?:\+\+|--)[\w.\->\[\]()*]+);$')
IF = re.compile(r'^(\s*(?:\} )?(?:else )?(?:if|while) \()(.*)(\)(?: \{)?)$')
OPERATORS = [
    ('compare', re.compile(r'(?<= )(<=|>=|<|>|==|!=)(?= )'),
     {'<': '<=', '<=': '<', '>': '>=', '>=': '>', '==': '!=', '!=': '=='}),
    ('logic', re.compile(r'(?<=[\w)\]] )(&&|\|\|)(?= )'), {'&&': '||', '||': '&&'}),
    ('mask', re.compile(r'(?<=[\w)\]] )([|&+\-]|<<|>>)(?= [\w(~!*])'),
     {'|': '&', '&': '|', '+': '-', '-': '+', '<<': '>>', '>>': '<<'}),
    ('error', re.compile(r'(?<=return )(true|false)(?=;)'),
     {'true': 'false', 'false': 'true'}),
    ('error', re.compile(r'(-E[A-Z0-9]{2,})\b'), None),
    ('error', re.compile(r'(?<=return )((?:RM|HYP|PSCI|CONTROL)_(?!OK\b)[A-Z0-9_]+)(?=;)'),
     None),
]
NUMBER = re.compile(r'(?<![\w.])(0x[0-9a-fA-F]+|[0-9]+)([uUlL]*)\b')


def strip(text):
    """The text with comments and strings blanked, columns and lines kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
                         re.S)
    return pattern.sub(lambda m: re.sub(r'[^\n]', '\x01', m[0]), text)


def functions(lines):
    """(name, first line, last line) of each function's body, 0-based."""
    start = None
    for number, line in enumerate(lines):
        if line.rstrip('\x01 ') == '{':
            head, at = '', number - 1
            while at >= 0 and lines[at].strip('\x01 \t') and not lines[at].startswith('}'):
                head = lines[at] + ' ' + head
                at -= 1
            names = [n for n in re.findall(r'(\w+)\s*\(', head) if not n.startswith('__')]
            if names and not head.rstrip().endswith('='):
                start = number, names[0]
        elif line.startswith('}') and start:
            yield start[1], start[0] + 1, number - 1
            start = None


def balanced(text):
    depth = 0
    for char in text:
        depth += (char == '(') - (char == ')')
        if depth < 0:
            return False
    return depth == 0


def operator_changes(code, line):
    """(kind, new line) for each operator or constant that can be another."""
    begin = 0
    declared = DECLARATION.match(code)
    if declared:
        begin = code.find('=')
        if begin < 0:
            return
    for kind, pattern, table in OPERATORS:
        for match in pattern.finditer(code, begin):
            if table:
                new = table[match[1]]
            else:
                new = {'RM': 'RM_OK', 'HYP': 'HYP_OK', 'PSCI': 'PSCI_OK',
                       'CONTROL': 'CONTROL_OK'}.get(match[1].split('_')[0], '0')
            yield kind, line[:match.start(1)] + new + line[match.end(1):]
    for match in NUMBER.finditer(code, begin):
        octal = re.fullmatch('0[0-7]+', match[1])
        value = int(match[1], 8 if octal else 0) + 1
        new = f'0{value:o}' if octal else hex(value) if 'x' in match[1] else str(value)
        yield 'constant', line[:match.start(1)] + new + line[match.end(1):]


def statement_changes(code, line, whole):
    """(kind, new line) for what is done to a statement or condition as one."""
    match = IF.match(code)
    if match and balanced(match[2]):
        test = line[match.start(2):match.end(2)]
        tail = line[match.start(3):]
        yield 'bound', f'{match[1]}0 && ({test}){tail}'
        if 'while' not in match[1]:
            yield 'bound', f'{match[1]}1 || ({test}){tail}'
            yield 'inverted', f'{match[1]}!({test}){tail}'
    if not whole or not balanced(code):
        return
    match = CALL.match(code)
    if match:
        name = re.split(r'->|\.', match[2])[-1]
        kind = 'release' if RELEASE.search(name) else 'lost'
        yield kind, f'{match[1]}(void)0;'
        return
    match = STEP.match(code) or (not DECLARATION.match(code) and ASSIGN.match(code))
    if match:
        yield 'lost', f'{match[1]}(void)0;'


def candidates(path, text):
    """All mutations of a file, in the order of its lines."""
    lines = text.split('\n')
    code = strip(text).split('\n')
    found = []
    for name, first, last in functions(code):
        before, inert = ';', False
        for at in range(first, last + 1):
            bare = code[at].rstrip('\x01 \t')
            if not bare.strip('\x01 \t') or bare.startswith('#'):
                continue
            whole = before[-1] in ';{}:)' or before.endswith('else')
            if whole:
                inert = False
            inert = inert or bool(INERT.search(bare))
            before = bare
            if inert or re.match(r'\s*(?:case |default:|\w+:$)', bare):
                continue
            line = lines[at]
            tail = line[len(bare):]
            seen = set()
            for kind, new in [*statement_changes(bare, line[:len(bare)], whole),
                              *operator_changes(bare, line[:len(bare)])]:
                if new + tail not in seen and new + tail != line:
                    seen.add(new + tail)
                    found.append(Mutation(path, at + 1, name, kind, line, new + tail))
    return found


def ordered(rng, mutations):
    """A file's mutations in the order to draw: functions in turn, and in a
    function its kinds in turn."""
    by_function = collections.OrderedDict()
    for mutation in mutations:
        kinds = by_function.setdefault(mutation.function, collections.OrderedDict())
        kinds.setdefault(mutation.kind, []).append(mutation)
    queues = []
    for kinds in by_function.values():
        for group in kinds.values():
            rng.shuffle(group)
        groups = list(kinds.values())
        rng.shuffle(groups)
        rounds = [g[i] for i in range(max(map(len, groups))) for g in groups if i < len(g)]
        queues.append(rounds)
    rng.shuffle(queues)
    return [q[i] for i in range(max(map(len, queues), default=0)) for q in queues if i < len(q)]


def shares(weights, count):
    """Places for each file: one, and COUNT in all in proportion to its weight."""
    places = dict.fromkeys(weights, 1)
    total = sum(weights.values())
    exact = {path: count * weight / total for path, weight in weights.items()}
    for path in weights:
        places[path] += int(exact[path])
    rest = sorted(weights, key=lambda p: (int(exact[p]) - exact[p], p))
    for path in rest[:count - sum(int(e) for e in exact.values())]:
        places[path] += 1
    return places


def plan(texts, seed, count):
    """One place for each file and COUNT more: each the mutations to try, in order.
    Texts are by path."""
    found = {path: candidates(path, texts[path]) for path in sorted(texts)}
    found = {path: all_ for path, all_ in found.items() if all_}
    weights = {path: len({m.line for m in all_}) for path, all_ in found.items()}
    places = []
    for path, number in shares(weights, count).items():
        order = ordered(random.Random(f'{seed}/{path}'), found[path])
        places += [order[i::number] for i in range(min(number, len(order)))]
    return places
