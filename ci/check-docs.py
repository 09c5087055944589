#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
What Documentation/virt/gunyah/ says of the sources is what the sources have (R84,
R85). Prints KTAP, a case for each

- tracepoint and its fields, file in debugfs, list of states there, parameter,
  message of the kernel's log from info on, option of Kconfig: admin.rst has them; and
  no tracepoint that there is not;
- line of its examples of traces and of debugfs: looks as the driver writes it;
- picture: ci/pictures.sh has drawn it from the source that there is now;
- the picture of performance.rst: ci/bench_picture.py draws it from the table;
- the output of first-vm in first-vm.rst: guest-tests.sh waits for the same;
- suite of ci/suites and ci/soak, kind of check of check.py: ci/README.md has it;
- selftest: testing.rst has it, by its name or with others of its kind;
- the page of requirements: ci/requirements_page.py makes it of ci/requirements.md;
- line that is posted: does not speak of what is only in this repository;
- source file with kernel-doc: interfaces.rst has it.
"""

import glob
import hashlib
import os
import re
import sys

import bench_picture
import ktap
import requirements_page

CI = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(CI)
PAGES = os.path.join(TOP, 'Documentation/virt/gunyah')
DRIVER = os.path.join(TOP, 'drivers/virt/gunyah')

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
# A message from info on; the format is the first string behind, in one or more pieces.
MESSAGE = re.compile(r'\b(?:dev|pr)_(?:emerg|alert|crit|err|warn|notice|info)\w*\s*\(')
FORMAT = re.compile(r'(?:"(?:[^"\\]|\\.)*"\s*)+')
CONVERSION = re.compile(r'%[-+ #0]*\d*(?:hh|h|ll|l|z)?[a-zA-Z]')
EVENT = re.compile(r'TRACE_EVENT\((\w+),(.*?)^\);', re.S | re.M)
EVENT_CLASS = re.compile(r'DECLARE_EVENT_CLASS\((\w+),(.*?)^\);', re.S | re.M)
EVENT_OF_CLASS = re.compile(r'DEFINE_EVENT\((\w+),\s*(\w+)')
PRINTK = re.compile(r'TP_printk\("(.*?)"')
ONLY_HERE = re.compile(r'(?<![\w/])\.?ci/|'
                       r'\bmake (test|soak|bench|mutants|run|shell|check|series|kunit)\b')
FIELD = re.compile(r'__(?:field|array|string)\((?:[^,()]+, )?(\w+)')


def read(*path):
    with open(os.path.join(TOP, *path), encoding='utf-8') as file:
        return file.read()


def sources():
    for path in sorted(glob.glob(os.path.join(DRIVER, '*.[ch]')) +
                       glob.glob(os.path.join(TOP, 'arch/arm64/gunyah/*.[ch]'))):
        yield os.path.basename(path), read(path)


def flat(text):
    return ' '.join(text.split())


def tracepoints(what):
    """{tracepoint: [each WHAT of its definition]}"""
    events = {}
    for name, text in sources():
        if not name.endswith('_trace.h'):
            continue
        classes = {m[1]: what.findall(m[2]) for m in EVENT_CLASS.finditer(text)}
        events.update({m[1]: what.findall(m[2]) for m in EVENT.finditer(text)})
        events.update({m[2]: classes[m[1]] for m in EVENT_OF_CLASS.finditer(text)})
    return events


def check_tracepoints(page):
    events = tracepoints(FIELD)
    # The rows of the table: a name in the first column begins one.
    section = page.partition('\nTracepoints\n')[2].partition('\ndebugfs\n')[0]
    rows = dict(re.findall(r'^``(gunyah_\w+)``(.*?)(?=^``gunyah_|^====)', section,
                           re.S | re.M))
    for name, fields in sorted(events.items()):
        said = re.findall(r'``(\w+)``', rows.get(name, ''))
        missing = [f for f in fields if f not in said]
        if name not in rows:
            yield name, 'admin.rst does not have it'
        elif not fields:
            yield name, 'no field found: is the pattern still right?'
        else:
            yield name, missing and 'admin.rst lacks ' + ', '.join(missing)
    for name in sorted(set(rows) - set(events)):
        yield name, 'admin.rst has it, the driver does not'


def debugfs_files():
    """FOLDER/FILE of each file."""
    for name, text in sources():
        if name != 'rm_drv.c':
            yield from ('gunyah_vm/' + file for file in
                        re.findall(r'debugfs_create_(?!dir)\w+\("(\w+)"', text))
            continue
        for prefix, counter in re.findall(r'^\t(NOTIFIER_)?COUNTER\((\w+)\);', text, re.M):
            yield 'gunyah_rm/' + ('notifications_' if prefix else '') + counter


def check_debugfs(page):
    for file in sorted(debugfs_files()):
        found = re.search(re.escape(file) + r'\b', page)
        yield file, '' if found else 'admin.rst does not have it'


def states(header, prefix):
    """The names of an enum's values in their order, as admin.rst writes them."""
    body = re.search(r'^enum ' + prefix + r'state \{(.*?)^\}', read(DRIVER, header),
                     re.S | re.M)[1]
    names = re.findall(r'^\t' + prefix.upper() + r'(\w+),?$', body, re.M)
    return [n.lower().replace('_', ' ') for n in names if n != 'STATES']


def check_states(page):
    rows = re.findall(r'^    (\d+)  +((?:\w+ )*\w+)?  +((?:\w+ )*\w+)$', page, re.M)
    for column, header, prefix in ((1, 'vm.h', 'gunyah_vm_'),
                                   (2, 'vm_rm.h', 'gunyah_vm_rm_')):
        said = [row[column] for row in rows if row[column]]
        fault = '' if said == states(header, prefix) else \
            f'{header}: admin.rst has other states, or another order: {said}'
        yield prefix + 'state', fault


def check_parameters(page):
    for name, text in sources():
        for parameter in re.findall(r'^module_param\w*\((\w+),', text, re.M):
            found = re.search(r'``gunyah_\w+\.' + parameter + '``', page)
            yield parameter, '' if found else f'{name}: admin.rst does not have it'


def messages():
    """(where, format) of each message."""
    for name, text in sources():
        prefix = re.search(r'^#define pr_fmt\(fmt\) "(.*?)" fmt', text, re.M)
        for match in MESSAGE.finditer(text):
            line = text.count('\n', 0, match.start()) + 1
            form = FORMAT.search(text, match.end())
            form = ''.join(STRING.findall(form[0])).replace('\\n', '')
            if match[0].startswith('pr_') and prefix:
                form = prefix[1] + form
            yield f'{name}:{line}', form


def check_messages(page):
    literals = [flat(text) for text in re.findall(r'^``(.+?)``$', page, re.M)]
    for where, form in messages():
        pieces = [p for p in CONVERSION.split(form) if len(p.strip()) > 1]
        pattern = re.compile('.*'.join(re.escape(p) for p in pieces))
        found = any(pattern.search(text) for text in literals)
        yield where, '' if found else f'admin.rst does not have "{form}"'


def check_options(page):
    for option in re.findall(r'^config (\w+)$', read(DRIVER, 'Kconfig'), re.M):
        found = re.search(r'``CONFIG_' + option + '``', page)
        yield option, '' if found else 'admin.rst does not have it'


def looks_like(text, form):
    """Could a printf with this format have written the text?"""
    kinds = {'s': r'\w(?:[\w -]*\w)?', 'u': r'\d+', 'd': r'-?\d+', 'x': '(?:0x[0-9a-f]+|0)'}
    pieces = CONVERSION.split(form)
    pattern = re.escape(pieces[0])
    for conversion, piece in zip(CONVERSION.findall(form), pieces[1:]):
        pattern += kinds[conversion[-1]] + re.escape(piece)
    return re.fullmatch(pattern, text)


def check_examples(page):
    forms = tracepoints(PRINTK)
    lines = re.findall(r'^    \S.* \d+\.\d+: (gunyah_\w+): (.*)$', page, re.M)
    strange = [f'{name}: {text}' for name, text in lines
               if not any(looks_like(text, form) for form in forms.get(name, ()))]
    yield 'trace', 'there is none' if not lines else \
        strange and 'not what the driver writes: ' + strange[0]
    for file, source in (('vms', 'vm_drv.c'), ('memory', 'vm_parcel.c')):
        forms = re.findall(r'seq_printf\(m, "(.*?)\\n"', read(DRIVER, source))
        said = re.search(r'^    # cat .*/gunyah_vm/' + file + r'\n((?:    [^#\s].*\n)+)',
                         page, re.M)
        said = [line.strip() for line in said[1].splitlines()] if said else []
        # The first has a line for each VM.
        forms = forms * len(said) if file == 'vms' else forms
        good = said and len(said) == len(forms) and all(map(looks_like, said, forms))
        yield file, '' if good else f'not what {source} writes: {said}'
    said = re.findall(r'^    (\w+):\d+$', page, re.M)
    strange = {'gunyah_rm/' + name for name in said} - set(debugfs_files())
    good = said and not strange
    yield 'counters', '' if good else f'no such counter of gunyah_rm: {strange}'


def check_pictures():
    for source in sorted(glob.glob(os.path.join(PAGES, '*.dot'))):
        name = os.path.basename(source)[:-len('.dot')]
        picture = os.path.join(CI, 'pictures', name + '.svg')
        with open(source, 'rb') as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        good = os.path.exists(picture) and digest in read(picture)
        yield name, '' if good else 'not drawn from this source: run ci/pictures.sh'
    drawn = bench_picture.draw(read(bench_picture.PAGE))
    good = os.path.exists(bench_picture.PICTURE) and read(bench_picture.PICTURE) == drawn
    yield 'performance', '' if good else 'not drawn from the table: run ci/pictures.sh'


def check_first_vm():
    said = re.search(r'::\n\n((?:    .*\n)+)', read(PAGES, 'first-vm.rst'))
    said = [line.strip() for line in said[1].splitlines()] if said else []
    wanted = re.search(r"^first_vm\(\).*?'END'\n(.*?)\tEND$",
                       read(CI, 'guest/guest-tests.sh'), re.S | re.M)
    wanted = [line.strip() for line in wanted[1].splitlines()] if wanted else []
    good = said and said == wanted
    yield 'output', '' if good else 'first-vm.rst and guest-tests.sh differ'


def check_checks():
    page = read(CI, 'README.md')
    kinds = re.search(r'^KINDS = \{(.*?)^\}', read(CI, 'check.py'), re.S | re.M)[1]
    for name in re.findall(r"'([\w-]+)':", kinds):
        found = re.search(r'^' + name + ' ', page, re.M)
        yield name, '' if found else 'ci/README.md does not have it'


def named(name, page, pattern):
    """Is NAME, or what it begins with and a "*", somewhere that the pattern says?"""
    parts = re.split(r'(?<=[-_])', name)
    names = [re.escape(name)] + [re.escape(''.join(parts[:n])) + r'\*'
                                 for n in range(1, len(parts))]
    return re.search(pattern % '|'.join(names), page, re.M)


def check_suites():
    page = read(CI, 'README.md')
    for path in sorted(glob.glob(os.path.join(CI, 'suites/*.sh')) +
                       glob.glob(os.path.join(CI, 'soak/*-*.sh'))):
        name = re.sub(r'^\d+-|\.sh$', '', os.path.basename(path))
        found = named(name, page, r'^(?:%s) ')
        yield name, '' if found else 'ci/README.md does not have it'


def check_selftests():
    page = read(PAGES, 'testing.rst')
    folder = 'tools/testing/selftests/gunyah'
    for name in re.findall(r'^TEST_GEN_PROGS\w* \+= (\w+)$', read(folder, 'Makefile'), re.M):
        found = named(name, page, r'(?:^|``)(?:%s)(?:``| )')
        yield name, '' if found else 'testing.rst does not have it'


def check_requirements_page():
    fault = '' if requirements_page.page_text() == read(PAGES, 'requirements.rst') else \
        'it is another one: ci/requirements_page.py --write makes it'
    yield 'made', fault


def check_posted():
    """What there is besides the kernel's tree is not there for who has only that."""
    for folder in ('Documentation', 'arch', 'drivers', 'include', 'samples', 'tools'):
        for path in sorted(glob.glob(os.path.join(TOP, folder, '**'), recursive=True)):
            if os.path.isdir(path) or path.endswith(('.trace', '.svg', '.bin')):
                continue
            name = os.path.relpath(path, TOP)
            hits = [f'line {n}: {line.strip()}' for n, line in
                    enumerate(read(path).splitlines(), 1) if ONLY_HERE.search(line)]
            if hits:
                yield name, '; '.join(hits)
    yield 'all-files', ''


def check_interfaces():
    page = read(PAGES, 'interfaces.rst')
    said = re.findall(r'^\.\. kernel-doc:: (\S+)$', page, re.M)
    paths = [f'{os.path.relpath(DRIVER, TOP)}/{name}' for name, text in sources()
             if re.search(r'^/\*\*$', text, re.M)]
    for path in paths + ['include/linux/gunyah.h', 'include/uapi/linux/gunyah.h']:
        yield path, '' if said.count(path) == 1 else 'interfaces.rst does not have it once'


def main():
    page = read(PAGES, 'admin.rst')
    cases = []
    for kind, found in (
            ('tracepoint', check_tracepoints(page)), ('debugfs', check_debugfs(page)),
            ('states', check_states(page)),
            ('parameter', check_parameters(page)), ('message', check_messages(page)),
            ('option', check_options(page)), ('example', check_examples(page)),
            ('picture', check_pictures()),
            ('first-vm', check_first_vm()),
            ('suite', check_suites()), ('selftest', check_selftests()),
            ('requirements', check_requirements_page()), ('posted', check_posted()),
            ('check', check_checks()),
            ('interface', check_interfaces())):
        found = [(f'{kind}.{name}', fault) for name, fault in found]
        cases += found or [(kind, 'nothing was found to check')]
    return ktap.report([(name, [f'{name}: {fault}'] if fault else [])
                        for name, fault in cases])


if __name__ == '__main__':
    sys.exit(main())
