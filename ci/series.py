#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Cut the overlay into the patches that would be posted: series.py OUT writes them
as mails, series.py --check looks whether the list of patches is right (KTAP).

The list is ci/series/: a file for each patch, in the order of their names, whose
head says what the patch brings, and whose body is the message:

    Subject:  the mail's subject
    File:     files of the overlay, or of the kernel where ci/patches-* edit them;
              a pattern, or a folder with all below it that nobody else names
    Grows:    a file that comes with this patch and grows with the next ones, as
              ci/grow.py says: a Makefile, a Kconfig file
    Option:   options of such a Kconfig file that come with this patch
    Check:    "kunit" where check-series.py runs the KUnit tests

Beside them: cover.txt, the cover letter; maintainers.txt, the entry in MAINTAINERS
without its maintainers; left-out.txt, edited files that are not posted, and why.
"""

import fnmatch
import glob
import os
import re
import subprocess
import sys
import tempfile

import grow
import ktap

CI = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(CI)
LIST = os.path.join(CI, 'series')
KEYS = ('Subject', 'File', 'Grows', 'Option', 'Check')
AREAS = ('dt-bindings: firmware', 'arm64: gunyah', 'virt: gunyah', 'docs: gunyah',
         'samples: gunyah', 'selftests: gunyah', 'testing: gunyah')
SUBJECT = re.compile(r'(' + '|'.join(AREAS) + r'): [A-Z].*[^.]$')
FEWEST, MOST = 15, 25
SUBJECT_WIDTH, BODY_WIDTH = 72, 75
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)
PUBLIC = {'linux/gunyah.h': 'include/linux/gunyah.h',
          'uapi/linux/gunyah.h': 'include/uapi/linux/gunyah.h'}
MAINTAINERS = 'MAINTAINERS'
BINDING = 'Documentation/devicetree/bindings/firmware/gunyah-hypervisor.yaml'
# A binding has to name somebody: this one as long as nobody signs.
NO_MAINTAINER = b'Linux kernel mailing list <linux-kernel@vger.kernel.org>'
# Files in which the mails name their sender.
PERSONAL = {MAINTAINERS, BINDING}
# The author of mails that nobody signs: git am wants one. Mail to it goes nowhere.
NOBODY = ('No author yet', 'nobody@example.invalid')


class Fault(Exception):
    pass


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


class Patch:
    """One file of the list."""

    def __init__(self, path):
        self.name = os.path.basename(path)
        self.head = {key: [] for key in KEYS}
        head, _, self.body = read(path).partition('\n\n')
        for line in head.splitlines():
            key, sign, value = line.partition(':')
            if not sign or key not in KEYS:
                raise Fault(f'{self.name}: "{line}" is no line of a head')
            self.head[key] += ([value.strip()] if key == 'Subject' else
                               value.split())
        if len(self.head['Subject']) != 1:
            raise Fault(f'{self.name}: one Subject, please')

    @property
    def subject(self):
        return self.head['Subject'][0]


def laid(path):
    """A file of the overlay, or an edited one, as this base has it."""
    return os.path.join(os.environ['KSRC'], path)


def load():
    return [Patch(p) for p in sorted(glob.glob(os.path.join(LIST, '[0-9]*.txt')))]


def left_out():
    """Edited files that are no part of the series."""
    lines = read(os.path.join(LIST, 'left-out.txt')).splitlines()
    return {line.split(':')[0] for line in lines if line and line[0] != '#'}


def edited_files():
    """Files of the kernel that the series edits, MAINTAINERS among them."""
    path = os.path.join(os.environ['WORK'],
                        f'patches-{os.environ["BASE_TAG"]}.files')
    return sorted({*read(path).split(), MAINTAINERS} - left_out())


def overlay_files():
    path = os.path.join(os.environ['WORK'],
                        f'overlay-{os.environ["BASE_TAG"]}.list')
    return sorted(f for f in read(path).split('\0') if f)


def rank(pattern, path):
    """How closely a pattern names a path: 0 is not at all."""
    if pattern == path:
        return 1000
    if pattern.endswith('/'):
        return len(pattern) if path.startswith(pattern) else 0
    if pattern.count('/') == path.count('/') and fnmatch.fnmatchcase(path, pattern):
        return 999
    return 0


class Series:
    """The list, laid on the files that there are."""

    def __init__(self):
        self.patches = load()
        self.files = overlay_files() + edited_files()
        self.faults = []
        self.number = {}            # of the patch that brings a file
        self.grows = self.once('Grows')
        self.assign()
        for path in set(self.grows) - set(self.files):
            self.faults.append(f'{path} grows, but there is no such file')
        self.grows = {p: n for p, n in self.grows.items() if p in self.files}
        self.option = self.once('Option')
        self.check_options()

    def once(self, key):
        """Value to number of patch; what two patches say is a fault."""
        found = {}
        for number, patch in enumerate(self.patches):
            for value in patch.head[key]:
                if value in found:
                    self.faults.append(
                        f'{value} is in {self.patches[found[value]].name} and in '
                        f'{patch.name}')
                found[value] = number
        return found

    def assign(self):
        used = set()
        for path in self.files:
            claims = [(rank(pattern, path), number, pattern)
                      for number, patch in enumerate(self.patches)
                      for pattern in patch.head['File'] if rank(pattern, path)]
            used |= {(number, pattern) for _, number, pattern in claims}
            best = [c for c in claims if c[0] == max(claims)[0]]
            if path in self.grows:
                if best and best[0][0] >= 999:
                    self.faults.append(f'{path} grows, so it is no File of a patch')
                continue
            if not best:
                self.faults.append(f'{path} is in no patch: name it in a file of '
                                   'ci/series/')
            elif len(best) > 1:
                self.faults.append(f'{path} is in ' + ' and in '.join(
                    self.patches[number].name for _, number, _ in best))
            else:
                self.number[path] = best[0][1]
        for number, patch in enumerate(self.patches):
            for pattern in patch.head['File']:
                # A kernel's file that is edited for other bases only is all right.
                if (number, pattern) not in used and not os.path.isfile(
                        os.path.join(os.environ['BASE_SRC'], pattern)):
                    self.faults.append(f'{patch.name}: {pattern} names no file of '
                                       'the series')

    def check_options(self):
        known = {o for path in self.grows if path.endswith('Kconfig')
                 for o in grow.options(read(laid(path)))}
        for name in sorted(known - set(self.option)):
            self.faults.append(f'option {name} is in no patch: "Option: {name}"')
        for name in sorted(set(self.option) - known):
            self.faults.append(f'option {name} is in no Kconfig file')

    def there(self, number):
        """What is there after patch NUMBER, from 0."""
        now = {p for p, n in self.number.items() if n <= number}
        missing = {o for o, n in self.option.items() if n > number}
        return grow.There(self.number, now, missing)

    def grown(self, path, number):
        return grow.grown(path, read(laid(path)), self.there(number))

    def brought(self, number, final):
        """Path to content of all that patch NUMBER writes; final() gives the
        content of a whole file."""
        out = {p: final(p) for p, n in self.number.items() if n == number}
        for path, first in self.grows.items():
            if first <= number:
                out[path] = self.grown(path, number).encode()
        return out


def included(path):
    """Files of the overlay that a file includes, as far as they are known."""
    text = read(laid(path))
    for sign, name in INCLUDE.findall(text):
        if sign == '"':
            yield os.path.normpath(os.path.join(os.path.dirname(path), name))
        elif name in PUBLIC:
            yield PUBLIC[name]


def check_includes(series):
    for path, number in sorted(series.number.items()):
        if not path.endswith(('.c', '.h', '.S')) or path in edited_files():
            continue
        for target in included(path):
            later = series.number.get(target, -1)
            if later > number:
                yield (f'{path} ({series.patches[number].name}) includes {target} '
                       f'of {series.patches[later].name}')


# What a page of the documentation takes in: from its own folder, or from the tree's top.
TAKEN = re.compile(r'^ *\.\. (literalinclude|include|kernel-include|kernel-figure|figure|image|'
                   r'kernel-render|kernel-doc):: *(\S+)', re.M)


def check_pages(series):
    """A page that needs a file of a later patch does not build before that."""
    for path, number in sorted(series.number.items()):
        if not path.endswith('.rst') or path in edited_files():
            continue
        for directive, name in TAKEN.findall(read(laid(path))):
            target = name if directive == 'kernel-doc' else \
                os.path.normpath(os.path.join(os.path.dirname(path), name))
            later = series.number.get(target)
            if later is None:
                yield f'{path} takes in {target}, which is no file of the series'
            elif later > number:
                yield (f'{path} ({series.patches[number].name}) takes in {target} of '
                       f'{series.patches[later].name}')


def check_grown(series):
    """What a growing Makefile speaks of is there."""
    for path, first in sorted(series.grows.items()):
        if not os.path.basename(path).startswith('Makefile'):
            continue
        whole = read(laid(path))
        for number in range(first, len(series.patches)):
            there = series.there(number)
            make = grow.Makefile(path, whole, there)
            text = re.sub(r'^#.*', '', series.grown(path, number), flags=re.M)
            for word in sorted(set(re.findall(r'[\w./-]+', text))):
                if make.missing(word):
                    yield (f'{path} speaks of {word} in {series.patches[number].name}, '
                           'where it is not there yet')


def check_message(subject, body):
    if len(subject) > SUBJECT_WIDTH:
        yield f'the subject has more than {SUBJECT_WIDTH} characters'
    if not body.strip():
        yield 'there is no message'
    for line in body.splitlines():
        if len(line) > BODY_WIDTH:
            yield f'more than {BODY_WIDTH} characters: {line}'
        if not line.isascii() or line != line.rstrip() or '\t' in line:
            yield f'not plain text: {line}'
        if re.match(r'---|diff |From |Index: |[A-Z][a-z-]+-by:', line):
            yield f'git takes this line for something else: {line}'
    if not body.endswith('\n') or body.endswith('\n\n'):
        yield 'ends with one line end, please'


def cover():
    subject, _, body = read(os.path.join(LIST, 'cover.txt')).partition('\n\n')
    return subject.removeprefix('Subject:').strip(), body


# R86: the number of patches, and what they are made of.
def checks():
    """(case, faults) of the list."""
    series = Series()
    yield 'each-file-once', series.faults
    count = len(series.patches)
    yield 'number-of-patches', [] if FEWEST <= count <= MOST else [
        f'{count} patches: {FEWEST} to {MOST} are wanted']
    yield 'includes', list(check_includes(series))
    yield 'pages', list(check_pages(series))
    yield 'grown-has-what-is-there', list(check_grown(series))
    last = len(series.patches) - 1
    yield 'grown-is-whole', [
        f'{path} differs after the last patch' for path in series.grows
        if series.grown(path, last) != read(laid(path))]
    for patch in series.patches:
        faults = list(check_message(patch.subject, patch.body))
        if not SUBJECT.match(patch.subject):
            faults.append('the subject is not "AREA: Do something"; areas are '
                          + ', '.join(AREAS))
        if set(patch.head['Check']) - {'kunit'}:
            faults.append('Check: can be kunit only')
        yield 'message-' + patch.name, [f'message-{patch.name}: {f}' for f in faults]
    yield 'message-cover.txt', [f'message-cover.txt: {f}'
                                for f in check_message(*cover())]


def check():
    try:
        results = list(checks())
    except (Fault, ValueError) as fault:
        results = [('list', [str(fault)])]
    return ktap.report(results)


def identity():
    """(name, address) that the user has set for git, or None."""
    values = [subprocess.run(['git', '-C', TOP, 'config', key], text=True, check=False,
                             stdout=subprocess.PIPE).stdout.strip()
              for key in ('user.name', 'user.email')]
    if not all(values):
        print('note: git config user.name and user.email are not set: nobody signs '
              'the mails, and MAINTAINERS names nobody')
        return None
    if re.search(r'no-?reply', values[1], re.I):
        print(f'note: no mail reaches <{values[1]}> of git config user.email: nobody '
              'signs the mails, and MAINTAINERS names nobody')
        return None
    return tuple(values)


def maintainers(base, who):
    """MAINTAINERS with the entry put in at its place."""
    entry = read(os.path.join(LIST, 'maintainers.txt'))
    title, _, rest = entry.partition('\n')
    if who:
        rest = f'M:\t{who[0]} <{who[1]}>\n' + rest
    else:
        rest = re.sub(r'^S:\t.*', 'S:\tOrphan', rest, flags=re.M)
    before = [match for match in re.finditer(r'\n\n([^\s].*)\n(?=[A-Z]:\t)', base)
              if match[1][0] == title[0] and match[1] < title]
    if not before:
        raise Fault('MAINTAINERS has no place for the entry')
    end = base.index('\n\n', before[-1].end()) + 2
    return base[:end] + title + '\n' + rest + '\n' + base[end:]


class Repository:
    """A small git repository of the files that the series writes."""

    def __init__(self, folder, author, date):
        self.folder = folder
        self.env = {**os.environ, 'GIT_CONFIG_GLOBAL': os.devnull,
                    'GIT_CONFIG_NOSYSTEM': '1', 'TZ': 'UTC'}
        for key in ('GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE'):
            self.env.pop(key, None)
        for kind in ('AUTHOR', 'COMMITTER'):
            self.env[f'GIT_{kind}_NAME'], self.env[f'GIT_{kind}_EMAIL'] = author
        self.date = date
        self.git('init', '-q')

    def git(self, *args, **kwargs):
        return subprocess.run(['git', '-C', self.folder, *args], env=self.env,
                              check=True, text=True, stdout=subprocess.PIPE,
                              **kwargs).stdout

    def commit(self, files, message):
        for path, content in files.items():
            full = os.path.join(self.folder, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, 'wb') as file:
                file.write(content)
            os.chmod(full, os.stat(laid(path)).st_mode & 0o777)
        self.date += 1
        for kind in ('AUTHOR', 'COMMITTER'):
            self.env[f'GIT_{kind}_DATE'] = f'{self.date} +0000'
        self.git('add', '-A', '-f', '.')
        self.git('commit', '-q', '--no-verify', '-F', '-', input=message)


def message(patch, who):
    text = patch.subject + '\n\n' + patch.body
    return text + (f'\nSigned-off-' f'by: {who[0]} <{who[1]}>\n' if who else '')


def contents(who):
    """The base's content of each edited file, and a function that gives the final
    content of any file."""
    def raw(path):
        with open(path, 'rb') as file:
            return file.read()

    def final(path):
        if path == MAINTAINERS:
            return maintainers(base[path].decode(), who).encode()
        if path == BINDING and who:
            return raw(laid(path)).replace(NO_MAINTAINER, f'{who[0]} <{who[1]}>'.encode())
        return raw(laid(path))
    base = {path: raw(os.path.join(os.environ['BASE_SRC'], path))
            for path in edited_files()}
    return base, final


def base_version():
    """The version of the kernel that the series is cut against, such as 6.12."""
    text = read(os.path.join(os.environ['BASE_SRC'], 'Makefile'))
    return '.'.join(re.search(rf'^{key} = (\d+)$', text, re.M)[1]
                    for key in ('VERSION', 'PATCHLEVEL'))


def tree():
    """Where the whole is to be had: the sender says it."""
    address = os.environ.get('TREE')
    if not address:
        print('note: TREE is not set: the cover letter does not say where the patches '
              'are that are too large for a list')
    return address or '(the sender\'s tree)'


def write_cover(out):
    path, = glob.glob(os.path.join(out, '0000-*.patch'))
    text = read(path)
    subject, body = cover()
    body = body.replace('@BASE@', base_version()).replace('@TREE@', tree())
    for mark, words in (('*** SUBJECT HERE ***', subject),
                        ('*** BLURB HERE ***', body.rstrip('\n'))):
        if mark not in text:
            raise Fault(f'{path}: git writes cover letters in another way')
        text = text.replace(mark, words)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def cut(out):
    out = os.path.abspath(out)
    if os.path.commonpath([out, TOP]) == TOP:
        raise Fault('OUT is inside of the repository, where no mails belong: they '
                    'have their sender\'s name')
    series = Series()
    if series.faults:
        raise Fault('\n'.join(series.faults))
    who = identity()
    base, final = contents(who)
    date = int(subprocess.run(['git', '-C', TOP, 'log', '-1', '--format=%ct'],
                              text=True, check=True,
                              stdout=subprocess.PIPE).stdout)
    os.makedirs(out, exist_ok=True)
    for old in glob.glob(os.path.join(out, '[0-9][0-9][0-9][0-9]-*.patch')):
        os.remove(old)
    with tempfile.TemporaryDirectory(dir=os.environ['WORK']) as folder:
        repository = Repository(folder, who or NOBODY, date)
        repository.commit(base, 'base\n')
        for number, patch in enumerate(series.patches):
            repository.commit(series.brought(number, final), message(patch, who))
        repository.git('format-patch', '-q', '--cover-letter', '--zero-commit',
                       '--no-renames', '--no-signature', '-o', out,
                       f'HEAD~{len(series.patches)}')
    write_cover(out)
    print(f'{len(series.patches)} patches and a cover letter are in {out}')


def main():
    if sys.argv[1:] == ['--check']:
        return check()
    if len(sys.argv) != 2:
        sys.exit('use: series.py OUT | --check')
    try:
        cut(sys.argv[1])
    except (Fault, ValueError) as fault:
        sys.exit(f'error: {fault}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
